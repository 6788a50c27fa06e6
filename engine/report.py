"""What a run, a look and a check hand back: frozen values that render themselves for people. Never names or addresses of leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

NAMES = {"hubspot": "HubSpot", "hubspot_leads": "HubSpot Leads", "salesforce": "Salesforce"}
MOVED_AS = {
    "to_sales": "to sales",
    "to_nurture": "to nurture",
    "suppressed": "held or disqualified",
    "owner_taken": "taken from an active rep",
}


class Status(StrEnum):
    """How a run ended."""

    DONE = "done"
    NEEDS_APPROVAL = "needs_approval"
    PAUSED = "paused"
    NOTHING_TO_DO = "nothing_to_do"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class StepCalls:
    """The fewest API calls one step of one CRM can need, with the sum that says so."""

    system: str
    step: str
    rows: int
    needed: int
    formula: str


@dataclass(frozen=True, slots=True)
class Figures:
    """People, not records (the demo's before and after). `on_hold` counts by the reason of the hold."""

    in_scope: int = 0
    hot_never_followed_up: int = 0
    in_limbo: int = 0
    inactive_owner: int = 0
    without_owner: int = 0
    on_hold: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            "hot_never_followed_up": self.hot_never_followed_up,
            "in_limbo": self.in_limbo,
            "inactive_owner": self.inactive_owner,
            "without_owner": self.without_owner,
            "in_scope": self.in_scope,
            "on_hold": dict(sorted(self.on_hold.items())),
            "left_out": dict(sorted(self.left_out.items())),
        }


@dataclass(frozen=True, slots=True)
class Counts:
    """What moved and what did not.

    `lines` are fields to write, `effects` records and tasks to create; `changed` and `writes` count records, `decided` leads looked at,
    `moved` leads by transition, `kinds` leads by the guard's kind of move, `left_alone` leads looked at by the scope rule that leaves them
    alone, `outside` leads that a rollout keeps from moving by transition, `frozen` those that wait for the end of a freeze.
    """

    changed: int = 0
    decided: int = 0
    lines: int = 0
    effects: int = 0
    withheld: int = 0
    moved: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    owners_given: int = 0
    owners_rerouted: int = 0
    stayed_edited: int = 0
    stayed_contested: int = 0
    restored_edits: int = 0
    conflicts: int = 0
    refused: int = 0
    gone: int = 0
    writes: Mapping[str, int] = field(default_factory=dict)
    effects_done: Mapping[str, int] = field(default_factory=dict)
    told: int = 0
    unheard: int = 0
    frozen: int = 0
    left_alone: Mapping[str, int] = field(default_factory=dict)
    outside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run, for people and for machines. `calls` and `lower_bound` are HTTP requests per CRM; `seconds` are wall seconds per phase.

    `waits`: its plan waits for a person's approval. Other plans of a run that wrote nothing are decided afresh by the next one.
    """

    run_id: str
    plan_id: str
    flow: str
    mode: Literal["plan", "apply"]
    status: Status
    counts: Counts
    started_at: datetime
    waits: bool = False
    guard_breach: str = ""
    notes: tuple[str, ...] = ()
    exceptions: Mapping[str, int] = field(default_factory=dict)
    needs_you: tuple[str, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[StepCalls, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""
    policy: str = ""

    @property
    def lower_bound(self) -> dict[str, int]:
        """Calls needed per CRM, summed over the steps."""
        needed: dict[str, int] = {}
        for step in self.steps:
            needed[step.system] = needed.get(step.system, 0) + step.needed
        return needed

    def lines(self) -> list[str]:
        """The summary a person reads: what moved, what did not and why, what needs them; the plumbing and the numbers come last."""
        counts = self.counts
        ended = self.status.value.replace("_", " ")
        wrote = sum(counts.writes.values()) + sum(counts.effects_done.values())
        did = f"{counts.changed:,} records had changed, {counts.decided:,} leads looked at, {wrote:,} records and tasks written"
        head = f"{self.flow}  {self.mode}  {did}  ({ended})"
        body = [
            ("moved", _moved(counts)),
            ("owners", _joined((counts.owners_given, "given"), (counts.owners_rerouted, "re-routed"))),
            ("told", _joined((counts.told, "notices sent"), (counts.unheard, "for whom no channel is set (HANDOFF_NOTIFY_...)"))),
            ("stayed", _stayed(counts)),
            ("left alone", _joined(*((number, name.replace("_", " ")) for name, number in sorted(counts.left_alone.items())))),
            ("planned" if self.mode == "plan" else "held back", _planned(self)),
            ("guard", self.guard_breach),
            *(("needs you", text) for text in self.needs_you),
            *(("note", text) for text in self.notes),
            ("plumbing", _plumbing(self)),
            ("run", self.run_id + (f", plan {self.plan_id}" if self.plan_id else "")),
        ]
        return [head, *(f"  {title:<9} {text}" for title, text in body if text)]

    def bound_lines(self) -> list[str]:
        """One line per step: rows, calls needed and the sum behind them."""
        return [f"{NAMES.get(s.system, s.system)} {s.step}: {s.needed} = {s.formula}" for s in self.steps]


def _joined(*parts: tuple[int, str]) -> str:
    return " · ".join(f"{number:,} {text}" for number, text in parts if number)


def _moved(counts: Counts) -> str:
    kinds = _joined(*((counts.kinds.get(kind, 0), words) for kind, words in MOVED_AS.items()))
    rules = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.moved.items(), key=lambda item: (-item[1], item[0])))
    return f"{kinds or 'in their stage'} (by rule: {rules})" if rules else kinds


def _stayed(counts: Counts) -> str:
    return _joined(
        (counts.stayed_edited, "where a rep edited first"),
        (counts.restored_edits, "put back as a rep had typed while we wrote"),
        (counts.stayed_contested, "contested by another automation"),
        (counts.gone, "gone meanwhile"),
    )


def _planned(summary: RunSummary) -> str:
    counts = summary.counts
    if summary.mode == "plan":
        return f"{to_do(counts.lines, counts.effects) or 'nothing'} in plan {summary.plan_id}" if summary.plan_id else ""
    if counts.withheld and summary.plan_id:
        said = "wait for approval: handoff apply" if summary.waits else "are not written; to read what was decided: handoff show"
        return f"{counts.withheld:,} leads {said} {summary.plan_id}"
    return ""


def to_do(fields: int, creations: int, notices: int = 0) -> str:
    """What a plan has to do, in the same words wherever a person reads them."""
    return _joined((fields, "fields to write"), (creations, "records and tasks to create"), (notices, "notices to send"))


def _plumbing(summary: RunSummary) -> str:
    bound = summary.lower_bound
    return " · ".join(
        f"{NAMES.get(system, system)} {made} calls, at least {bound.get(system, 0)} needed"
        for system, made in sorted(summary.calls.items())
    )


class Verdict(StrEnum):
    """How a check of the doctor ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, how it stands, and what to do."""

    system: str
    name: str
    verdict: Verdict
    detail: str
    mend: str = ""

    def line(self) -> str:
        """`[fail] HubSpot fields: handoff_stage is missing -> run handoff setup`."""
        text = f"[{self.verdict.value}] {NAMES.get(self.system, self.system)} {self.name}: {self.detail}"
        return f"{text} -> {self.mend}" if self.mend else text


@dataclass(frozen=True, slots=True)
class LookReport:
    """The read-only first screen. `statuses` counts records per system and option; `unmapped` are (system, option) without a meaning."""

    figures: Figures
    senior_never_called: int
    people: int
    records: Mapping[str, int]
    statuses: Mapping[str, Mapping[str, int]]
    unmapped: tuple[tuple[str, str], ...]
    forms: Mapping[str, str]
    duplicates: int
    problems: Mapping[str, int]
    calls: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    baseline: bool = False
    senior_untouched: int = 0

    def lines(self) -> list[str]:
        """The sketch of the first screen: people first, words in use, then what comes next."""
        figures = self.figures
        used = sum(len(options) for options in self.statuses.values())
        lines = [
            f"{figures.hot_never_followed_up:,} people asked for a demo and nobody called or has it on a task list; "
            f"{self.senior_never_called} of them are VPs or above at your largest accounts",
            *_overlooked(self.senior_untouched),
            f"{figures.in_limbo:,} had no call, no mail and nothing planned for 30 days or more",
            f"{figures.inactive_owner:,} in sales stages sit with people who left; "
            f"{figures.without_owner:,} belong to sales and to nobody there",
            f"{used} statuses in use, {len(self.unmapped)} of them unmapped" + _named(self.unmapped),
            f"{self.duplicates:,} duplicate records; {figures.in_scope:,} of {self.people:,} people are in scope"
            + _reasons(figures.left_out),
        ]
        return [*lines, *_forms(self.forms)]


def _overlooked(number: int) -> list[str]:
    return [f"{number:,} senior people of your named accounts were never called, written to or met"] if number else []


def _named(unmapped: tuple[tuple[str, str], ...]) -> str:
    names = ", ".join(f"{NAMES.get(system, system)} '{option}'" for system, option in unmapped[:12])
    return f": {names}" if names else ""


def _reasons(left_out: Mapping[str, int]) -> str:
    names = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sorted(left_out.items()))
    return f" (left out: {names})" if names else ""


def _forms(forms: Mapping[str, str]) -> list[str]:
    kinds = Counter(forms.values())
    return [f"{len(forms)} forms: " + ", ".join(f"{number} read as {kind}" for kind, number in sorted(kinds.items()))] if forms else []
