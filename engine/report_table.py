"""Tables as reports print them: for people with a sentence above, or all of a report's tables as one CSV."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TextIO

Cell = str | int | None
Span = Literal["week", "month", "quarter"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """`heading` is a sentence that says what is counted; a cell is blank where it is None."""

    name: str
    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def lines(self) -> list[str]:
        """The heading and the rows in columns: words to the left, numbers to the right."""
        if not self.rows:
            return [self.heading, "  (none)"]
        shown = [tuple(_text(cell) for cell in row) for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.columns, *shown, strict=True)]
        right = [all(isinstance(row[place], int | None) for row in self.rows) for place in range(len(self.columns))]
        return [self.heading, *(_line(row, widths, right) for row in (self.columns, *shown))]


def _text(cell: Cell) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell or ""


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = (cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in zip(cells, widths, right, strict=True))
    return f"  {'  '.join(placed)}".rstrip()


def write_tables(tables: Sequence[Table], file: TextIO) -> None:
    """All tables as CSV: each row begins with its table's name, and each table with its columns."""
    out = csv.writer(file, lineterminator="\n")
    for table in tables:
        out.writerow(("table", *table.columns))
        out.writerows((table.name, *map(harmless, row)) for row in table.rows)


def harmless(cell: Cell) -> Cell:
    """The cell as a spreadsheet shows it and does not run it: values, campaigns and sources are typed by strangers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def period(day: date, span: Span) -> str:
    """2026-W45 (ISO week), 2026-11 or 2026-Q4."""
    if span == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if span == "month" else f"{day.year}-Q{(day.month + 2) // 3}"


def percent(part: int, whole: int) -> int | None:
    """Whole per cent, rounded down; None of nothing."""
    return 100 * part // whole if whole else None


def median(counted: Counter[int]) -> int | None:
    """The lower median of values counted by how often they came."""
    left = (counted.total() + 1) // 2
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    return None
