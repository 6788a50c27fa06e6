"""A company's own cases beside its policy: given facts, expected decision. `handoff policy test` plays them.

Each case is played once; where it says `without`, it is played again on the policy without that part, and must fail then: a case that
passes either way shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from handoff.assign import assign
from handoff.case import Case, open_case
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Decision, EffectKind, Frame, Prior
from handoff.facts import LeadFacts
from handoff.policy import Policy
from mappings.case_facts import facts_of, frame_of, moment, now_of, prior_of_case
from mappings.problems import PolicyErrors, Problem
from mappings.shapes_cases import CasesFile, CaseShape, ExpectShape
from mappings.take_out import taken_out
from mappings.validate import read_shape
from mappings.yaml_marks import Marked, read_marked


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """One case and where it stands (file:line)."""

    shape: CaseShape
    where: str


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a case: `misses` are the differences in words, none when it holds; `idle` when taking its part out changes nothing."""

    case: PolicyCase
    misses: tuple[str, ...]
    idle: bool = False

    @property
    def holds(self) -> bool:
        """Whether the policy decides as the case says, and because of the part it names."""
        return not self.misses and not self.idle


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision on a case with what it was made of."""

    decision: Decision
    prior: Prior | None
    facts: LeadFacts
    frame: Frame
    policy: CompiledPolicy
    now: datetime


def load_cases(path: Path) -> tuple[PolicyCase, ...]:
    """All cases of one file. Raises PolicyErrors with every mistake."""
    label = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        raise PolicyErrors([Problem(f"{label}:1", "", "the file is missing", "name a case file, for example mappings/cases/routing.yaml")])
    tree = read_marked(path, label)
    problems: list[Problem] = []
    shape = read_shape(CasesFile, tree, problems)
    if shape is None or problems:
        raise PolicyErrors(problems)
    return tuple(PolicyCase(case, _where(tree, number)) for number, case in enumerate(shape.cases))


def _where(tree: Marked, number: int) -> str:
    return tree.nearest("cases", number).where


def play(cases: tuple[PolicyCase, ...], policy: Policy) -> Iterator[Played]:
    """Plays every case against the policy, and against the policy without the part the case is about."""
    compiled = compile_policy(policy)
    lesser: dict[str, CompiledPolicy] = {}
    for case in cases:
        misses = tuple(differences(case, compiled))
        part = case.shape.without
        if misses or not part:
            yield Played(case, misses)
            continue
        try:
            if part not in lesser:
                lesser[part] = compile_policy(taken_out(policy, part))
            yield Played(case, (), idle=not any(differences(case, lesser[part])))
        except LookupError as error:
            yield Played(case, (f"without: {error}",))


def differences(case: PolicyCase, policy: CompiledPolicy) -> Iterator[str]:
    """What the decision says differently from what is expected, in words."""
    try:
        outcome = decided(case.shape, policy)
    except (ValueError, KeyError, TypeError) as error:
        yield f"cannot be played: {error}"
        return
    yield from _compared(case.shape.expect, outcome)


def decided(case: CaseShape, policy: CompiledPolicy) -> Outcome:
    """The decision of a case, with its owner where it is ready for one. Raises ValueError for times and names that cannot be read."""
    now = now_of(case)
    facts, prior, frame = facts_of(case, policy.policy), prior_of_case(case), frame_of(case, policy.policy)
    decision = decide(prior, facts, policy, frame, now)
    if decision.ready:
        decision = assign([decision], {decision.lead: facts}, policy, frame, now).decisions[0]
    return Outcome(decision, prior, facts, frame, policy, now)


def _compared(expect: ExpectShape, made: Outcome) -> Iterator[str]:
    for name, wanted in expect:
        if wanted is None or name not in _CHECKS:
            continue
        found = _CHECKS[name](made)
        if not _same(name, wanted, found, made):
            yield f"{name}: expected {_shown(wanted)}, got {_shown(found)}" + (f" (rule {made.decision.transition or 'none'})")
    yield from _signals(expect.signals, made)
    yield from _skips(expect.skipped, made.decision)


def _same(name: str, wanted: object, found: object, made: Outcome) -> bool:
    if name in ("reason", "next_step", "task"):
        return (str(wanted) in str(found)) if wanted else not found
    if name == "told" and isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(str(part) in found[who] for who, part in wanted.items())
    if name == "due":
        return wanted == found == "" or (bool(wanted) and found == moment(str(wanted), made.now))
    if name == "review":
        return (str(found) if found else "") == _day(str(wanted), made)
    if name in ("fit", "intent") and isinstance(wanted, str):
        return wanted == (made.decision.fit_band if name == "fit" else made.decision.intent_band)
    return wanted == found


def _day(text: str, made: Outcome) -> str:
    return text if not text.startswith(("+", "-")) else _local(moment(text, made.now), made).isoformat()


def _local(at: datetime, made: Outcome) -> date:
    return made.policy.calendar.local_date(int(at.timestamp()))


_CHECKS: Mapping[str, Callable[[Outcome], object]] = {
    "stage": lambda made: made.decision.stage,
    "side": lambda made: str(made.decision.side),
    "rule": lambda made: made.decision.transition,
    "owner": lambda made: made.decision.owner,
    "next_step": lambda made: made.decision.next_step,
    "reason": lambda made: made.decision.reason,
    "lead_type": lambda made: made.decision.lead_type,
    "group": lambda made: made.decision.nurture_group,
    "due": lambda made: made.decision.due_at or "",
    "review": lambda made: _local(made.decision.review_at, made) if made.decision.review_at else "",
    "out_of_scope": lambda made: made.decision.out_of_scope,
    "exception": lambda made: next((reason for reason, _ in made.decision.exceptions), ""),
    "fit": lambda made: _case(made).fit.score,
    "intent": lambda made: _case(made).intent.score,
    "task": lambda made: next((one.subject for one in made.decision.effects if one.kind is EffectKind.TASK), ""),
    "told": lambda made: {one.to: one.subject for one in made.decision.effects if one.kind is EffectKind.NOTIFY},
}


def _case(made: Outcome) -> Case:
    return open_case(made.prior, made.facts, made.policy, made.frame, made.now)


def _signals(wanted: Mapping[str, object], made: Outcome) -> Iterator[str]:
    if wanted:
        case = _case(made)
        for name, value in wanted.items():
            if case[name] != value:
                yield f"signal {name}: expected {_shown(value)}, got {_shown(case[name])}"


def _skips(wanted: Mapping[str, str], decision: Decision) -> Iterator[str]:
    skipped = {str(step[1]): str(step[2]) for step in decision.because if step[0] == "skipped"}
    for who, why in wanted.items():
        if why not in skipped.get(who, ""):
            yield f"{who}: expected to be skipped ({why}), got {_shown(skipped.get(who, ''))}"


def _shown(value: object) -> str:
    return "nothing" if value in ("", None, {}) else f"'{value}'"
