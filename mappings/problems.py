"""Mistakes in a policy, each with its place and its mend.

PolicyErrors    the policy does not load; `problems` holds every mistake that was found, in the order of files and lines
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MORE_MAY_FOLLOW = "The files cannot be read together yet: more may follow once these are mended."
MOST_SAID = 200
"""A list from another program can be wrong on each of its lines; nobody reads on after these."""
_PLACE = re.compile(r"(.*):(\d+)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `where` is file:line, `path` the way to it inside the file, `what` says what is wrong, `mend` what to do."""

    where: str
    path: str
    what: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.where}  {self.path}: " if self.path else f"{self.where}  "
        return f"{place}{self.what}\n    {self.mend}"


class PolicyErrors(Exception):
    """The policy does not load. The message lists every problem as `file:line  path: what` and, indented below it, the mend.

    `more_may_follow`: the files could not be read together, so that what holds only between them was not looked at.
    """

    def __init__(self, problems: Iterable[Problem], *, more_may_follow: bool = False) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(dict.fromkeys(problems), key=_place))
        left = len(self.problems) - MOST_SAID
        more = ([f"and {left:,} more mistakes"] if left > 0 else []) + ([MORE_MAY_FOLLOW] if more_may_follow else [])
        super().__init__("\n".join([*(str(problem) for problem in self.problems[:MOST_SAID]), *more]))


def _place(problem: Problem) -> tuple[str, int, str]:
    found = _PLACE.match(problem.where)
    return (found.group(1), int(found.group(2)), problem.path) if found else (problem.where, 0, problem.path)


def did_you_mean(wrong: str, known: Sequence[str], limit: int = 12) -> str:
    """`did you mean 'x'? (a, b, c)`, or only the list where nothing is near; at most `limit` names of a long list."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wrong.casefold(), list(folded), n=1, cutoff=0.6)
    near = near or [name for name in folded if wrong and name.startswith(wrong.casefold())]
    names = ", ".join(known) if len(known) <= limit else ", ".join([*known[:limit], "..."])
    return f"did you mean '{folded[near[0]]}'? ({names})" if near else f"use one of: {names}"
