"""Named lists of whom to leave alone, from one CSV outside version control (HANDOFF_EXCLUSIONS):

    entry,list
    rival.example,competitors
    chair@big.example,board

`entry` is an e-mail address or a domain (its sub-domains included); `list` names the list, and may be blank. Entries are digested as they
are read: nothing of them is kept or logged in words.

    PolicyErrors    raised with every mistake: file:line, column, mend
"""

from __future__ import annotations

import csv
from pathlib import Path

from handoff.spam import exclusion_key
from mappings.problems import PolicyErrors, Problem

COLUMNS = ("entry", "list")


def load_exclusions(path: Path) -> dict[str, str]:
    """Digested address or domain -> the list it stands on. Raises PolicyErrors."""
    if not path.is_file():
        raise PolicyErrors([Problem(f"{path.name}:1", "", "the file is missing", "mend HANDOFF_EXCLUSIONS, or unset it")])
    problems: list[Problem] = []
    found: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if "entry" not in [name.strip() for name in reader.fieldnames or ()]:
            raise PolicyErrors([Problem(f"{path.name}:1", "", "there is no column 'entry'", "the first line says: entry,list")])
        for line in reader:
            entry = (line.get("entry") or "").strip().casefold()
            if entry and "." not in entry.rpartition("@")[2]:
                mend = "write it as in name@company.example, or company.example"
                problems.append(Problem(f"{path.name}:{reader.line_num}", "entry", "is neither an address nor a domain", mend))
            elif entry:
                found.setdefault(exclusion_key(entry), (line.get("list") or "").strip() or "excluded")
    if problems:
        raise PolicyErrors(problems)
    return dict(sorted(found.items()))
