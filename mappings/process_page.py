"""The process document as one self-contained HTML page: no script, no font and no picture from elsewhere."""

from __future__ import annotations

from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from handoff.policy import Policy
from mappings.process_diagram import mermaid, svg
from mappings.process_document import DIAGRAM, process_text
from mappings.shapes_routing import ExpectsShape

STYLE = """
:root { color-scheme: light dark;
  --ink: #1c2430;
  --soft: #5b6675;
  --line: #d8dee6;
  --sales: #e8f1ff;
  --marketing: #fff3e0;
  --nobody: #f1f1f3;
  --page: #fff }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6e9ee;
  --soft: #9aa5b3;
  --line: #36404d;
  --sales: #1b2a40;
  --marketing: #3a2c17;
  --nobody: #2a2c31;
  --page: #14181e } }
body { font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 1120px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; line-height: 1.25 }
h2 { margin-top: 2.4rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .9rem }
th, td { text-align: left;
  vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600 }
code { font-size: .9em; background: var(--nobody); padding: 0 .25em; border-radius: 4px }
svg { width: 100%; height: auto; margin: 1rem 0 }
.lane { stroke: none }
.lane.sales { fill: var(--sales) }
.lane.marketing { fill: var(--marketing) }
.lane.nobody { fill: var(--nobody) }
.side { font-weight: 600; fill: var(--soft); text-anchor: middle }
.stage rect { fill: var(--page); stroke: var(--soft) }
.stage text { text-anchor: middle; font-size: 13px; fill: var(--ink) }
.way { fill: none; stroke: var(--soft); stroke-width: 1.3; opacity: .55; marker-end: url(#tip) }
.way:hover { stroke: #d9480f; stroke-width: 2.6; opacity: 1 }
marker path { fill: var(--soft) }
@media print { body { margin: 0; max-width: none }
h2 { break-after: avoid } tr { break-inside: avoid } }
"""


def process_html(policy: Policy, expects: ExpectsShape | None = None) -> str:
    """The whole page."""
    before, _, after = process_text(policy, expects).partition(f"{DIAGRAM}\n")
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    body = f"{made.render(before)}{svg(policy)}{made.render(after)}"
    title = escape(f"Lead handover at {policy.company.name}, version {policy.version}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def write_process(policy: Policy, folder: Path, expects: ExpectsShape | None = None) -> tuple[Path, Path]:
    """Writes process.md and process.html into `folder` (made where it is missing). Returns both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    text, page = folder / "process.md", folder / "process.html"
    text.write_text(process_text(policy, expects).replace(DIAGRAM, mermaid(policy)), encoding="utf-8")
    page.write_text(process_html(policy, expects), encoding="utf-8")
    return text, page
