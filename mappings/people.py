"""People from one CSV file, for what the CRMs do not say: roles, managers, time zones, weights, absences and named accounts.

People data is not kept in version control; `people.example.csv` shows the columns:

    email,role,manager,time_zone,weight,absent_from,absent_until,accounts,open_cap,new_per_day,pair

`role` is sdr, ae, manager, marketing or other. `weight` is a whole number (2 takes twice the turns of 1). Absences are dates in the
person's zone, the first and the last day away; a further line with the same address and dates alone gives a further absence. A line
whose first cell begins with # is a comment. `accounts` are named accounts by domain, parted by blanks, or by company name, parted
by semicolons (`big.example large.example; Acme Holding`). `open_cap` and `new_per_day` are this person's own bounds
instead of the pool's; `pair` is the e-mail of the rep who works the same accounts. Blank cells leave what the CRM says.

    PolicyErrors    raised with every mistake: file:line, column, mend
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from handoff.accounts import name_key
from handoff.decision import Rep
from mappings.check_names import is_time_zone
from mappings.csv_rows import Rows, read_rows
from mappings.problems import PolicyErrors, Problem, did_you_mean
from mappings.shapes_base import RoleName

COLUMNS = (
    *("email", "role", "manager", "time_zone", "weight", "absent_from", "absent_until", "accounts"),
    *("open_cap", "new_per_day", "pair"),
)
MOST = 100_000
"""No weight and no bound of one person is larger; what is was mistyped."""
_ADDRESS = re.compile(r"[^\s@,;<>\"\0]+@[^\s@,;<>\"\0]+")
_LAST_DAY = date(2200, 1, 1)  # what "until further notice" is taken for; spreadsheets write 9999-12-31
ROLES = tuple(str(role) for role in get_args(RoleName))


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line. `email` and `manager` in lower case; blanks mean that nothing is said."""

    email: str
    role: str = ""
    manager: str = ""
    time_zone: str = ""
    weight: int | None = None
    absent_from: date | None = None
    absent_until: date | None = None
    accounts: tuple[str, ...] = ()
    open_cap: int | None = None
    new_per_day: int | None = None
    pair: str = ""


def load_people(path: Path) -> tuple[PersonRow, ...]:
    """All lines, in the file's order. Raises PolicyErrors."""
    problems: list[Problem] = []
    lines = read_rows(path, COLUMNS, problems)
    _twice(lines, problems)
    rows = [row for row in (_row(line, where, problems) for where, line in lines) if row is not None]
    if problems:
        raise PolicyErrors(problems)
    return tuple(rows)


def with_people(reps: Mapping[str, Rep], rows: Iterable[PersonRow]) -> dict[str, Rep]:
    """The reps the CRMs know, with what the file says of them. Nobody is added: who has no CRM account can own nothing."""
    made = dict(reps)
    further: set[str] = set()
    for row in rows:
        rep = made.get(row.email)
        if rep is not None:
            away = absence(row, row.time_zone or rep.time_zone)
            made[row.email] = replace(
                rep,
                role=row.role or rep.role,
                manager=row.manager or rep.manager,
                time_zone=row.time_zone or rep.time_zone,
                weight=rep.weight if row.weight is None else row.weight,
                away=(*rep.away, *away) if row.email in further else away or rep.away,
                open_cap=rep.open_cap if row.open_cap is None else row.open_cap,
                new_per_day=rep.new_per_day if row.new_per_day is None else row.new_per_day,
                pair=row.pair or rep.pair,
            )
            if away:  # the file's first absence stands in place of what the CRM says; the others come besides
                further.add(row.email)
    return made


def absence(row: PersonRow, zone: str) -> tuple[tuple[int, int], ...]:
    """The absence of a line as [from, until) in seconds since 1970: whole days on the wall of `zone`, both dates included."""
    if row.absent_from is None:
        return ()
    wall = ZoneInfo(zone) if is_time_zone(zone) else UTC
    begins = datetime.combine(row.absent_from, time.min, wall)
    ends = datetime.combine((row.absent_until or row.absent_from) + timedelta(days=1), time.min, wall)
    return ((int(begins.timestamp()), int(ends.timestamp())),)


def account_names(cell: str) -> Iterator[str]:
    """The named accounts of a cell as keys: domains, and `name:acme` for names."""
    for part in cell.split(";"):
        words = part.split()
        if all("." in word and "," not in word for word in words):
            yield from (word.casefold() for word in words)
        elif key := name_key(part):
            yield key


def account_owners(rows: Iterable[PersonRow]) -> dict[str, str]:
    """Domain or `name:...` of a named account -> its owner's e-mail; the first line that names an account has it."""
    owners: dict[str, str] = {}
    for row in rows:
        for domain in row.accounts:
            owners.setdefault(domain, row.email)
    return owners


def _row(line: Mapping[str, str], where: str, problems: list[Problem]) -> PersonRow | None:
    cells = {name: line.get(name, "") for name in COLUMNS}
    email = cells["email"].casefold()
    noted = len(problems)
    if not _ADDRESS.fullmatch(email):
        problems.append(Problem(where, "email", "is no e-mail address", "write the address the person logs in with"))
    if cells["manager"] and not _ADDRESS.fullmatch(cells["manager"]):
        problems.append(Problem(where, "manager", "is no e-mail address", "write the address the manager logs in with"))
    if cells["role"] and cells["role"] not in ROLES:
        problems.append(Problem(where, "role", f"unknown role '{cells['role']}'", did_you_mean(cells["role"], ROLES)))
    if cells["time_zone"] and not is_time_zone(cells["time_zone"]):
        problems.append(Problem(where, "time_zone", f"unknown time zone '{cells['time_zone']}'", "use a name such as America/Chicago"))
    weight = _bound(cells["weight"], 1, where, "weight", "leave it blank for 1", problems)
    first, last = (_date(cells[name], where, name, problems) for name in ("absent_from", "absent_until"))
    if (cells["absent_until"] and not cells["absent_from"]) or (first and last and last < first):
        problems.append(Problem(where, "absent_until", "ends before it begins", "write absent_from as well, the earlier day first"))
    bounds = {
        name: _bound(cells[name], 0, where, name, "leave it blank for the pool's bound", problems) for name in ("open_cap", "new_per_day")
    }
    if cells["pair"] and (not _ADDRESS.fullmatch(cells["pair"]) or cells["pair"].casefold() == email):
        problems.append(
            Problem(where, "pair", "is no e-mail address of another person", "write the address of the rep who works the same accounts")
        )
    if len(problems) > noted:
        return None
    accounts = tuple(account_names(cells["accounts"]))
    manager, pair = cells["manager"].casefold(), cells["pair"].casefold()
    return PersonRow(email, cells["role"], manager, cells["time_zone"], weight, first, last, accounts, **bounds, pair=pair)


def _bound(text: str, least: int, where: str, column: str, mend: str, problems: list[Problem]) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MOST)) and least <= int(text) <= MOST):
        problems.append(Problem(where, column, f"is a whole number from {least} to {MOST:,}, not '{text[:20]}'", mend))
        return None
    return int(text)


def _date(text: str, where: str, column: str, problems: list[Problem]) -> date | None:
    if not text:
        return None
    try:
        return min(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date(), _LAST_DAY)
    except ValueError:
        problems.append(Problem(where, column, f"is a date, not '{text}'", "write it as YYYY-MM-DD"))
        return None


def _twice(lines: Rows, problems: list[Problem]) -> None:
    """A person stands once; a further line may give a further absence and nothing else."""
    seen: dict[str, str] = {}
    for where, line in lines:
        said = {name for name, cell in line.items() if cell} - {"email"}
        further = "absent_from" in said and said <= {"absent_from", "absent_until"}
        first = seen.setdefault(line.get("email", "").casefold(), where)
        if first != where and line.get("email") and not further:
            mend = "keep one line per person; a further line may give absent_from and absent_until, and nothing else"
            problems.append(Problem(where, "email", f"the person stands twice (first at {first})", mend))
