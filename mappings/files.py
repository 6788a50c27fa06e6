"""The files of one policy, as the compiler and the checks read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.yaml_marks import Marked


@dataclass(frozen=True, slots=True)
class Files:
    """All files of one policy: their checked shapes, and their trees for lines."""

    shapes: Mapping[str, Any]
    trees: Mapping[str, Marked]

    def where(self, file: str, *path: str | int) -> str:
        """file:line of a path in a file."""
        return self.trees[file].nearest(*path).where
