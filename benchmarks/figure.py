"""One measured figure beside its bound or peer. The ratio is always computed from the two numbers, never stated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`measured` and `reference` have the same `unit`; `against` says what the reference is, `target` what the ratio is meant to be.

    Times are printed only inside ratios' two sides: how fast a machine is says nothing about the code.
    """

    section: str
    name: str
    leads: int
    measured: float
    reference: float
    unit: str
    against: str
    target: str = ""
    detail: str = ""

    @property
    def ratio(self) -> float:
        """`measured` over `reference`; 0 when there was nothing to do."""
        return self.measured / self.reference if self.reference else 0.0

    def as_json(self) -> dict[str, object]:
        """Plain values, the ratio included."""
        return {**asdict(self), "ratio": self.ratio}

    def line(self) -> str:
        """`hubspot first pull        49 / 49 calls = 1.00 (target at most 1.10); against the rulings' bound`."""
        sides = f"{_short(self.measured)} / {_short(self.reference)} {self.unit}"
        meant = f"  [target {self.target}]" if self.target else ""
        more = f"; {self.detail}" if self.detail else ""
        return f"  {self.name:<40} {sides:>34} = {self.ratio:6.2f}{meant}  against {self.against}{more}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) or abs(number) >= 1000 else f"{number:,.2f}"


def rendered(figures: Iterable[Figure]) -> list[str]:
    """Lines for a person, grouped by section and size."""
    lines: list[str] = []
    heading = ""
    for figure in figures:
        wanted = f"{figure.section}, {figure.leads:,} leads"
        if wanted != heading:
            lines += ["", wanted]
            heading = wanted
        lines.append(figure.line())
    return lines
