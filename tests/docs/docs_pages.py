"""The pages that a person reads, and their generated blocks.

A block stands between `<!-- made: NAME -->` and `<!-- end: NAME -->`. `python tests/docs/docs_pages.py` writes all of them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from docs_sandbox import limit_table, switch_table
from docs_signals import call_table, signal_table

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCKS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "signals": ("signals.md", signal_table),
    "calls": ("signals.md", call_table),
    "switches": ("sandbox.md", switch_table),
    "limits": ("sandbox.md", limit_table),
}


def pages() -> list[Path]:
    """README.md (once it is there), CONTRIBUTING.md, CHANGELOG.md and everything in docs/."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md") if (ROOT / name).is_file()]
    return [*top, *sorted(DOCS.rglob("*.md"))]


def block(name: str) -> str:
    """What stands on the page between the marks of a block."""
    page, _ = BLOCKS[name]
    found = re.search(_marks(name), (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, f"docs/{page} lacks the marks of the block {name}"
    return found.group(2)


def write_blocks() -> None:
    """All blocks anew."""
    for name, (page, make) in BLOCKS.items():
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        before, after = re.split(rf"(?<=<!-- made: {name} -->\n).*?(?=\n<!-- end: {name} -->)", text, maxsplit=1, flags=re.DOTALL)
        path.write_text(before + make() + after, encoding="utf-8")


def _marks(name: str) -> str:
    return rf"(<!-- made: {name} -->\n)(.*?)(\n<!-- end: {name} -->)"


if __name__ == "__main__":
    write_blocks()
