"""The numbers by which a person names a plan or a run."""

from __future__ import annotations

_LARGEST = 2**63 - 1


def row_number(text: int | str) -> int:
    """The number that `text` says. Raises ValueError for what no plan and no run can have, such as one no database can hold."""
    number = int(text) if len(str(text)) <= len(str(_LARGEST)) else 0
    if not 0 < number <= _LARGEST:
        raise ValueError("no number of a plan or a run")
    return number
