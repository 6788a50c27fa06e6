"""Fit x interest: which cell of the matrix a lead is in.

The level of fit is its band, `unknown`, or `disqualified` where a hard disqualifier is known to hold. The level of interest is
`hand_raise` while a request waits for an answer, else the band of intent; the highest band belongs to who is at the bar, wherever the bar
stands just now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from handoff.policy import Cell, Fit, Intent

UNKNOWN, DISQUALIFIED, HAND_RAISE = "unknown", "disqualified", "hand_raise"

Cells = Mapping[tuple[str, str], Cell]
"""(level of fit, level of interest) -> cell."""


def fit_levels(fit: Fit) -> tuple[str, ...]:
    """All levels of fit, the best first."""
    return (*(name for name, _ in _falling(fit.bands)), UNKNOWN, DISQUALIFIED)


def intent_levels(intent: Intent) -> tuple[str, ...]:
    """All levels of interest, the highest first."""
    return (HAND_RAISE, *(name for name, _ in _falling(intent.bands)))


def _falling(bands: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(bands, key=lambda band: -band[1])


def compile_matrix(cells: Iterable[Cell]) -> Cells:
    """The table to look a pair of levels up in."""
    return {(fit, intent): cell for cell in cells for fit in cell.fit for intent in cell.intent}


def fit_level(case: Any) -> str:
    """`disqualified`, a band, or `unknown`."""
    return DISQUALIFIED if case["fit.disqualified"] else str(case.fit.band)


def intent_level(case: Any) -> str:
    """`hand_raise`, or a band; a score at the bar is of the highest band, one below it never is."""
    if case["hand_raise.waiting"]:
        return HAND_RAISE
    bands = case.policy.intent.bands
    if case["intent.passes"]:
        return str(bands[0][0])
    band = str(case.intent.band)
    return str(bands[1][0]) if band == bands[0][0] and len(bands) > 1 else band


def cell_of(case: Any) -> Cell | None:
    """The lead's cell; None where the policy has no matrix."""
    cells: Cells = case.policy.cells
    return cells.get((fit_level(case), intent_level(case))) if cells else None
