"""The checked files of one policy, and the names of stages written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings import shapes
from mappings.yaml_marks import Marked


@dataclass(frozen=True, slots=True)
class Files:
    """All files of one policy: their checked shapes, their trees for lines, and per CRM the objects that its field map reads and the
    one of them that carries the lead."""

    shapes: Mapping[str, Any]
    trees: Mapping[str, Marked]
    objects: Mapping[str, tuple[str, ...]]
    carriers: Mapping[str, str]

    def where(self, file: str, *path: str | int) -> str:
        """file:line of a path in a file."""
        return self.trees[file].nearest(*path).where


def expand_stages(names: list[str], stages: Mapping[str, shapes.StageShape]) -> tuple[str, ...]:
    """Stage names with sales, marketing and any written out, in the order of the stages; unknown names stay, for the checks to find."""
    wanted: set[str] = set()
    for name in names:
        if name == "any":
            wanted |= {stage for stage, shape in stages.items() if not shape.final}
        elif name in ("sales", "marketing") and name not in stages:
            wanted |= {stage for stage, shape in stages.items() if shape.side == name and not shape.final}
        else:
            wanted.add(name)
    order = list(stages)
    return tuple(sorted(wanted, key=lambda stage: (order.index(stage) if stage in order else len(order), stage)))
