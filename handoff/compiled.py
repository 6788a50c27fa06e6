"""The policy made ready to run: closures, tables and indexes, built once, so that nothing is interpreted per lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from handoff.calendar import Calendar
from handoff.counters import CountRule, compile_counts
from handoff.fit import FitRules, compile_fit
from handoff.intent import IntentRules, compile_intent
from handoff.lasting import lasting_signals
from handoff.match import Check, compile_condition, leaves_of
from handoff.matrix import Cells, compile_matrix
from handoff.personas import Personas, compile_personas
from handoff.policy import Cadence, Condition, Notice, Operator, Policy, Pool, RouteRule, ScopeRule, Test, Transition
from handoff.scope import Scope, compile_scope

ANY_STAGE = frozenset({"any", "*"})
OPEN_STEPS = frozenset({"next_step.open", "silence.due", "last_call.due", "kept", "task.open"})
DEFAULT_CADENCE = frozenset({"", "default", "any"})
DAY_SIGNALS = frozenset(
    {
        *("age_days", "stage_days", "touch.days_ago", "untouched_days", "sent_days", "silent_days", "silence.due", "idle_business_days"),
        *("neglect.due", "hand_raise.age_days"),
        *("last_call.due", "kept", "recycle.cooled", "recycle.cycles_left", "sunset.due", "silence.report", "reason.missing_days"),
        "nurture.unsent_days",
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """One compiled transition. `reads` are the signals its condition asks for."""

    name: str
    rule: Transition
    check: Check
    reads: frozenset[str]
    override: frozenset[str]
    adoption_only: bool
    guard_signal: str  # the signal the first test of the row asks for, "" when it does not begin with one
    guard: Check
    rest: Check  # what is left to ask once the first test holds


Trace = tuple[str | int | None, ...]
Trial = tuple[tuple[Trace, ...], Row | None, Check]
"""The traces of rows that have lost already, then a row still to be tried (None: none is left) by this check."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring rows whose first test asks for the same signal ("": rows without such a test).

    `answers` keeps, per value of the signal, what is left to try: rows that lose by their first test have lost for every such lead.
    """

    signal: str
    rows: tuple[Row, ...]
    answers: dict[object, tuple[Trial, ...]]


@dataclass(frozen=True, slots=True)
class Watch:
    """Which passages of time can change a decision in one stage: whole-day thresholds per signal, and whether a falling intent matters."""

    days: tuple[tuple[str, tuple[int, ...]], ...]
    review: bool
    next_step: bool
    intent_falls: bool
    intent_levels: tuple[int, ...]
    counts: tuple[str, ...]  # signals of counts whose windows end
    settles: bool
    minutes: tuple[int, ...] = ()  # with which a rule compares `response.minutes`
    cadence: bool = False  # whether the days of the cadence matter


@dataclass(frozen=True, slots=True)
class Named:
    """A hold or group rule: its name and check, with the days a hold is reviewed after."""

    name: str
    check: Check
    review_days: int = 0
    persona_first: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An alert: its name, check, and what is to be done."""

    name: str
    check: Check
    says: str


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """One notice; `check` is its clock's condition."""

    rule: Notice
    check: Check


@dataclass(frozen=True, slots=True)
class Route:
    """One routing rule."""

    name: str
    check: Check
    pool: str
    to_account_owner: bool
    to_pair: bool = False
    to_account_worker: bool = False


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """Everything a decision needs of a policy. `rows` are the transitions per stage, in the table's order."""

    policy: Policy
    calendar: Calendar
    rows: Mapping[str, tuple[Row, ...]]
    blocks: Mapping[str, tuple[Block, ...]]
    by_name: Mapping[str, Row]
    scope: Scope
    holds: tuple[Named, ...]
    groups: tuple[Named, ...]
    routes: tuple[Route, ...]
    alerts: Mapping[str, tuple[Told, ...]]
    fit: FitRules
    intent: IntentRules
    personas: Personas
    counts: Mapping[str, CountRule]
    cells: Cells
    cadences: Mapping[str, Cadence]
    watches: Mapping[str, Watch]
    lag_seconds: int
    carriers: frozenset[str]  # the objects that carry a lead's stage, status and owner
    placeholders: frozenset[str]
    notices_on: Mapping[str, tuple[NoticeRule, ...]]  # rule -> notices that come with it
    notices_in: Mapping[str, tuple[NoticeRule, ...]]  # stage -> notices that a clock sets off there
    asked_anyway: Mapping[str, ScopeRule]  # scope rules that tell somebody of a hand-raise
    suffixes: frozenset[str]  # rules of the public-suffix list
    free_mail: frozenset[str]
    disposable: frozenset[str]
    competitors: frozenset[str]
    imported: Check | None
    senior: Check | None
    asked_types: frozenset[str]  # lead types of rules that answer a hand-raise
    field_pools: tuple[Pool, ...]
    lasting: frozenset[str]  # signals that a move does not change


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Compile once per policy digest. Raises ValueError where a condition or the calendar cannot be compiled."""
    rows = tuple(_row(rule) for rule in policy.transitions)
    cadences = {("" if entry.lead_type in DEFAULT_CADENCE else entry.lead_type): entry for entry in policy.cadences}
    per_stage = {stage: tuple(row for row in rows if _leaves(row.rule, stage)) for stage in policy.stages}
    return CompiledPolicy(
        policy=policy,
        calendar=Calendar(policy.company),
        rows=per_stage,
        blocks={stage: _blocks(stage_rows) for stage, stage_rows in per_stage.items()},
        by_name={row.name: row for row in rows},
        scope=compile_scope(policy),
        holds=tuple(Named(rule.name, compile_condition(rule.when), rule.review_days) for rule in policy.holds),
        groups=tuple(Named(rule.name, compile_condition(rule.when), persona_first=rule.persona_first) for rule in policy.groups),
        routes=tuple(_route(rule) for rule in policy.routes),
        alerts={
            stage: tuple(Told(alert.name, compile_condition(alert.when), alert.says) for alert in policy.alerts if stage in alert.stages)
            for stage in policy.stages
        },
        fit=compile_fit(policy.fit),
        intent=compile_intent(policy.intent, (kind for one in policy.counts.values() for kind in one.kinds)),
        personas=compile_personas(policy.fit, policy.personas),
        counts=compile_counts(policy.counts),
        cells=compile_matrix(policy.matrix),
        cadences=cadences,
        notices_on=_grouped_notices(policy, lambda notice: notice.on),
        notices_in=_grouped_notices(policy, lambda notice: notice.stages),
        asked_anyway={rule.name: rule for rule in policy.scope if rule.hand_raise_to},
        watches={stage: _watch(policy, stage, stage_rows) for stage, stage_rows in per_stage.items()},
        lag_seconds=policy.silence.max_lag_hours * 3600,
        carriers=frozenset(policy.carriers[system] for system in policy.systems),
        placeholders=frozenset(text.strip().casefold() for text in policy.company.placeholders),
        suffixes=frozenset(policy.company.suffixes.rules.split()),
        free_mail=frozenset(policy.company.free_mail_domains),
        disposable=frozenset(policy.intake.disposable_domains),
        competitors=frozenset(policy.intake.competitor_domains),
        imported=None if policy.intake.imported is None else compile_condition(policy.intake.imported),
        senior=None if policy.senior is None else compile_condition(policy.senior),
        asked_types=frozenset(row.rule.lead_type for row in rows if row.rule.lead_type and "hand_raise.waiting" in row.reads),
        field_pools=tuple(pool for pool in policy.pools.values() if pool.field),
        lasting=lasting_signals(policy),
    )


def _route(rule: RouteRule) -> Route:
    return Route(rule.name, compile_condition(rule.when), rule.pool, rule.to_account_owner, rule.to_pair, rule.to_account_worker)


def _leaves(rule: Transition, stage: str) -> bool:
    return stage in rule.from_stages or (bool(ANY_STAGE & set(rule.from_stages)) and rule.to != stage)


def _row(rule: Transition) -> Row:
    reads = frozenset(test.signal for test, _ in leaves_of(rule.when) if test.signal)
    guard, rest = _guard(rule)
    check = compile_condition(rule.when)
    return Row(
        name=rule.name,
        rule=rule,
        check=check,
        reads=reads,
        override=frozenset(rule.may_override_person),
        adoption_only=rule.adoption_only,
        guard_signal=guard.signal if guard is not None else "",
        guard=compile_condition(guard) if guard is not None else check,
        rest=compile_condition(rest) if rest is not None else check,
    )


def _guard(rule: Transition) -> tuple[Test | None, Condition | None]:
    """The test a row is asked first, where it is of a signal, and what is left once that holds."""
    if rule.adoption_only:
        return Test(signal="adopting", op=Operator.IS, value=True), rule.when
    first = rule.when.all[0] if rule.when.all else None
    if not isinstance(first, Test) or not first.signal:
        return None, None
    left = rule.when.model_copy(update={"all": rule.when.all[1:]})
    return first, left if left.all or left.any or left.none else Condition(always=True)


def _blocks(rows: tuple[Row, ...]) -> tuple[Block, ...]:
    return tuple(Block(signal, tuple(members), {}) for signal, members in groupby(rows, key=lambda row: row.guard_signal))


def _grouped_notices(policy: Policy, keys: Callable[[Notice], tuple[str, ...]]) -> dict[str, tuple[NoticeRule, ...]]:
    grouped: dict[str, list[NoticeRule]] = {}
    for notice in policy.telling.notices:
        made = NoticeRule(notice, compile_condition(notice.when or Condition(always=True)))
        for key in keys(notice):
            grouped.setdefault(key, []).append(made)
    return {key: tuple(notices) for key, notices in grouped.items()}


def _watch(policy: Policy, stage: str, rows: tuple[Row, ...]) -> Watch:
    conditions = [row.rule.when for row in rows] + [rule.when for rule in policy.scope]
    conditions += [notice.when for notice in policy.telling.notices if stage in notice.stages and notice.when is not None]
    conditions += [alert.when for alert in policy.alerts if stage in alert.stages]
    leaves = [leaf for condition in conditions for leaf in leaves_of(condition)]
    if any(test.signal == "contactable" for test, _ in leaves):
        leaves += [leaf for rule in policy.holds for leaf in leaves_of(rule.when)]
    days: dict[str, set[int]] = {}
    for test, _ in leaves:
        if test.signal in DAY_SIGNALS:
            days.setdefault(test.signal, set()).update(_thresholds(test))
    falling = [test for test, negated in leaves if test.signal.startswith(("intent.", "matrix.")) and _falls(test, negated=negated)]
    levels = {policy.intent.bar} | {least for _, least in policy.intent.bands}
    for test in falling:
        if test.signal == "intent.score":
            levels.update(_numbers(test))
    return Watch(
        days=tuple((signal, tuple(sorted(values))) for signal, values in sorted(days.items())),
        review=any(test.signal == "review.due" for test, _ in leaves),
        next_step=any(test.signal in OPEN_STEPS for test, _ in leaves),
        intent_falls=bool(falling),
        intent_levels=tuple(sorted(level for level in levels if level > 0)),
        counts=tuple(sorted({test.signal for test, _ in leaves if test.signal.startswith("count.")})),
        settles=any(test.signal == "fit.settled" for test, _ in leaves),
        minutes=tuple(sorted({edge for test, _ in leaves if test.signal == "response.minutes" for edge in _thresholds(test)})),
        cadence=any(test.signal in ("silence.due", "touches_due_met") for test, _ in leaves),
    )


def _thresholds(test: Test) -> tuple[int, ...]:
    """Whole days at which the answer of a test may change; `silence.due` and `neglect.due` have their days from the case."""
    numbers = _numbers(test)
    if test.op is Operator.AT_LEAST:
        return numbers
    if test.op is Operator.AT_MOST:
        return tuple(number + 1 for number in numbers)
    if test.op is Operator.BETWEEN:
        return (numbers[0], numbers[1] + 1)
    return tuple(edge for number in numbers for edge in (number, number + 1))


def _numbers(test: Test) -> tuple[int, ...]:
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    return tuple(value for value in values if isinstance(value, int) and not isinstance(value, bool))


def _falls(test: Test, *, negated: bool) -> bool:
    """Whether the test can begin to hold because intent decays."""
    if test.signal in ("intent.new", "matrix.cell"):
        return test.signal == "matrix.cell"
    falling = test.op is Operator.AT_MOST or test.value is False
    if negated and test.op in (Operator.AT_LEAST, Operator.IS, Operator.ANY_OF):
        return not falling
    return falling or test.op is Operator.BETWEEN
