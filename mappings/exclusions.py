"""Named lists of whom to leave alone, from one CSV outside version control (HANDOFF_EXCLUSIONS):

    entry,list
    rival.example,competitors
    chair@big.example,board

`entry` is an e-mail address or a domain (its sub-domains included); `list` names the list, and may be blank. Entries are digested as they
are read: nothing of them is kept or logged in words.

    PolicyErrors    raised with every mistake: file:line, column, mend
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from handoff.spam import exclusion_key
from mappings.csv_rows import read_rows
from mappings.domains import COMMON_FREE_MAIL, EVERYBODYS
from mappings.problems import PolicyErrors, Problem

COLUMNS = ("entry", "list")
_ENTRY = re.compile(r"(?:[^\s@,;<>\"\0]+@)?(?!www\.)(?:[\w-]+\.)+[\w-]+")


def load_exclusions(path: Path, free_mail: Collection[str] = COMMON_FREE_MAIL) -> dict[str, str]:
    """Digested address or domain -> the list it stands on; `free_mail` are domains nobody may exclude whole. Raises PolicyErrors."""
    problems: list[Problem] = []
    found: dict[str, str] = {}
    for where, line in read_rows(path, COLUMNS, problems, "HANDOFF_EXCLUSIONS"):
        entry = line.get("entry", "").casefold()
        if not _ENTRY.fullmatch(entry):
            mend = "write it as in name@company.example, or company.example: no www., no https://, no *"
            problems.append(Problem(where, "entry", "is neither an address nor a domain", mend))
            continue
        if entry in free_mail:
            problems.append(Problem(where, "entry", f"'{entry}' {EVERYBODYS}", "take it out; single addresses there may stand here"))
            continue
        found.setdefault(exclusion_key(entry), line.get("list", "") or "excluded")
    if problems:
        raise PolicyErrors(problems)
    return dict(sorted(found.items()))
