"""The syntax tree of the SOQL that the emulator understands. `at` is always an offset in the query text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """`Owner.Name` as ("Owner", "Name"); an alias only where rows are aggregates."""

    parts: tuple[str, ...]
    at: int
    alias: str | None = None

    @property
    def text(self) -> str:
        """The path as it was written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`COUNT(Id) total`; `argument` None stands for COUNT()."""

    function: str
    argument: Path | None
    alias: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Fields:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`."""

    group: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """kind: string, number, boolean, null, date, datetime or relative (TODAY, LAST_N_DAYS:7)."""

    kind: str
    value: str | int | float | bool | None
    at: int
    like: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """operator: = != < <= > >= LIKE."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """`path [NOT] IN (...)`, of literals or of one semi-join."""

    path: Path
    negated: bool
    values: tuple[Literal, ...]
    query: Select | None


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; SOQL logic has two values only."""

    term: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """Terms joined by AND."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Terms joined by OR."""

    terms: tuple[Condition, ...]


Condition = Comparison | Membership | Not | Every | Either


@dataclass(frozen=True, slots=True)
class Ordering:
    """One ORDER BY term; `nulls_first` is the vendor's default whatever the direction."""

    path: Path | Aggregate
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A whole query or a subquery; for a child subquery `sobject` holds the relationship name."""

    items: tuple[Path | Aggregate | Fields | Select, ...]
    sobject: str
    sobject_at: int
    alias: str | None
    where: Condition | None
    group_by: tuple[Path, ...]
    order_by: tuple[Ordering, ...]
    limit: int | None
    offset: int | None
    at: int

    @property
    def is_count(self) -> bool:
        """True for `SELECT COUNT() FROM ...`, which answers with totalSize only."""
        return len(self.items) == 1 and isinstance(self.items[0], Aggregate) and self.items[0].argument is None

    @property
    def is_aggregate(self) -> bool:
        """True when rows are AggregateResult rows."""
        return bool(self.group_by) or any(isinstance(item, Aggregate) for item in self.items)
