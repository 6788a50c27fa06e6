"""The stages as a drawing: one lane per responsible side, an arrow per way between two stages.

Where a rule leads from every stage of a side, one arrow from the lane stands for all of them. `mermaid` is the same for Markdown viewers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from handoff.decision import Side
from handoff.policy import Policy
from mappings.process_rules import plain

WIDTH, LANE, BOX_W, BOX_H, LEFT = 1120, 150, 140, 46, 130
LANES = (Side.SALES, Side.MARKETING, Side.NOBODY)
NAMES = {Side.SALES: "Sales", Side.MARKETING: "Marketing", Side.NOBODY: "Nobody"}

Ways = Mapping[tuple[str, str], tuple[str, ...]]


def ways(policy: Policy) -> dict[tuple[str, str], tuple[str, ...]]:
    """(from, to) -> rules; `from` is a stage, or a side where the rule leads from all its stages. The backlog's own rules are left out."""
    sides = {
        side: {name for name, stage in policy.stages.items() if stage.side is side and not stage.final}
        for side in (Side.SALES, Side.MARKETING)
    }
    found: dict[tuple[str, str], list[str]] = {}
    for rule in policy.transitions:
        if rule.adoption_only or rule.to == "same":
            continue
        sources = set(rule.from_stages) - {rule.to}
        for side, members in sides.items():
            if len(members) > 2 and members - {rule.to} <= sources:
                sources = (sources - members) | {str(side)}
        for source in sorted(sources):
            found.setdefault((source, rule.to), []).append(plain(rule.name))
    return {way: tuple(names) for way, names in sorted(found.items())}


def mermaid(policy: Policy) -> str:
    """The drawing for viewers of Markdown that know Mermaid."""
    lines = ["```mermaid", "flowchart LR"]
    for side in LANES:
        members = [stage for stage in policy.stages.values() if stage.side is side]
        lines += [f"  subgraph {side}[{NAMES[side]}]", *(f"    {stage.name}[{stage.label}]" for stage in members), "  end"]
    lines += [f"  {source} -->|{_few(names)}| {target}" for (source, target), names in ways(policy).items()]
    return "\n".join([*lines, "```"])


def _few(names: tuple[str, ...]) -> str:
    return names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "")


def svg(policy: Policy) -> str:
    """The drawing as inline SVG; pointing at an arrow names its rules."""
    places = _places(policy)
    height = LANE * len(LANES)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Stages and the ways between them">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>',
        *_lanes(),
        *(_arrow(source, target, names, places) for (source, target), names in ways(policy).items()),
        *_boxes(policy, places),
        "</svg>",
    ]
    return "\n".join(parts)


def _places(policy: Policy) -> dict[str, tuple[int, int]]:
    """The middle of every stage's box, and of every lane's label."""
    places: dict[str, tuple[int, int]] = {}
    for row, side in enumerate(LANES):
        members = [stage for stage in policy.stages.values() if stage.side is side]
        places[str(side)] = (58, LANE * row + LANE // 2)
        step = (WIDTH - LEFT) // max(1, len(members))
        for column, stage in enumerate(members):
            places[stage.name] = (LEFT + step * column + step // 2, LANE * row + LANE // 2)
    return places


def _lanes() -> Iterator[str]:
    for row, side in enumerate(LANES):
        yield f'<rect class="lane {side}" x="0" y="{LANE * row + 4}" width="{WIDTH}" height="{LANE - 8}" rx="10"/>'
        yield f'<text class="side" x="58" y="{LANE * row + LANE // 2 + 5}">{NAMES[side]}</text>'


def _boxes(policy: Policy, places: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for stage in policy.stages.values():
        x, y = places[stage.name]
        yield f'<g class="stage"><rect x="{x - BOX_W // 2}" y="{y - BOX_H // 2}" width="{BOX_W}" height="{BOX_H}" rx="8"/>'
        yield f'<text x="{x}" y="{y + 5}">{escape(stage.label)}</text><title>{escape(stage.meaning)}</title></g>'


def _arrow(source: str, target: str, names: tuple[str, ...], places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[source], places[target]
    told = f"<title>{escape(', '.join(names))}</title>"
    if y1 == y2:
        side = -1 if x2 > x1 else 1  # forward above the boxes, backward below
        y1, y2 = y1 + side * BOX_H // 2, y2 + side * BOX_H // 2
        bend = side * min(44, 16 + abs(x2 - x1) // 12)
        return f'<path class="way" d="M{x1} {y1} C{x1} {y1 + bend} {x2} {y2 + bend} {x2} {y2}">{told}</path>'
    down = 1 if y2 > y1 else -1
    y1, y2 = y1 + down * BOX_H // 2, y2 - down * BOX_H // 2
    return f'<path class="way" d="M{x1} {y1} C{x1} {(y1 + y2) // 2} {x2} {(y1 + y2) // 2} {x2} {y2}">{told}</path>'
