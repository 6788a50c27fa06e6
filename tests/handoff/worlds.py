"""Generated leads for the laws, and a small engine that writes a plan back onto the facts as a CRM would show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from handoff.assign import AssignResult, assign
from handoff.compiled import CompiledPolicy
from handoff.decide import decide
from handoff.decision import Decision, Frame, Prior, prior_of
from handoff.facts import Activity, Actor, Edit, Kind, LeadFacts, Record, Ref, State
from handoff.plan import PlanLines, lines
from tests.handoff.makers import DAY, GONE, NOW, REPS, activity, frame, owner_id
from tests.handoff.policies import POLICY


@dataclass(frozen=True)
class Vocabulary:
    """Values a generated lead may carry."""

    statuses: Mapping[str, Sequence[str]]
    forms: Sequence[str]
    pages: Sequence[str]
    values: Mapping[str, Sequence[str]]


SMALL = Vocabulary(
    statuses={system: tuple(options) for system, options in POLICY.statuses.items()},
    forms=("demo", "pricing", "trial", "content", "unheard-of"),
    pages=("pricing", "home"),
    values={
        "title": ("VP Sales", "Sales Manager", "Student", "Clerk", "n/a"),
        "industry": ("Software", "Farming"),
        "employees": ("300", "25", "3", "51-200", "250.0"),
        "country": ("United States", "Peru"),
        "budget": ("confirmed", "none"),
        "opted_out": ("true", "false"),
        "lifecycle": ("lead", "subscriber", "opportunity", "customer"),
        "handoff_hands_off": ("true", "false"),
        "last_send_at": ("2026-11-10T08:00:00.000Z", "2026-09-01T08:00:00.000Z"),
    },
)
OWNERS = ("", "ann@x.example", "bob@x.example", "eve@x.example", "gone@x.example", "stranger@x.example")
RARE = frozenset(
    {
        "disqualification_reason",
        "follow_up_on",
        "handoff_keep",
        "bounced",
        "opted_out",
        "lifecycle",
        "handoff_hands_off",
        "budget",
        "last_send_at",
    }
)


MOSTLY = st.sampled_from((True,) * 8 + (False,))
RARELY = st.sampled_from((False,) * 11 + (True,))


def moments(oldest_days: int = 120) -> st.SearchStrategy[datetime]:
    """Whole hours before NOW, and some odd minutes."""
    hours = st.integers(0, oldest_days * 24)
    return st.builds(lambda h, m: NOW - timedelta(hours=h, minutes=m), hours, st.sampled_from((0, 0, 1, 7)))


@st.composite
def _activity(draw: st.DrawFn, words: Vocabulary, about: Ref, number: int) -> Activity:
    kind = draw(
        st.sampled_from(
            (
                Kind.FORM,
                Kind.FORM,
                Kind.VISIT,
                Kind.CLICK,
                Kind.REPLY,
                Kind.SEND,
                Kind.CALL,
                Kind.CALL,
                Kind.EMAIL,
                Kind.MEETING,
                Kind.TASK,
                Kind.STATUS_EDIT,
                Kind.OWNER_EDIT,
                Kind.DEAL,
            )
        )
    )
    at = draw(moments())
    by = owner_id(draw(st.sampled_from(OWNERS[1:])), about.system)
    made = activity(kind, at, about=about, key=f"{about}:{number}", by=by)
    if kind == Kind.FORM:
        return made._replace(subject=draw(st.sampled_from(words.forms)))
    if kind == Kind.VISIT:
        return made._replace(subject=draw(st.sampled_from(words.pages)))
    if kind in (Kind.CALL, Kind.EMAIL):
        return made._replace(outcome=draw(st.sampled_from(("connected", "attempted", "unknown"))), automated=draw(st.booleans()))
    if kind == Kind.MEETING:
        ahead = draw(st.integers(-40, 20))
        outcome = draw(st.sampled_from(("held", "cancelled", "unknown"))) if ahead < 0 else "scheduled"
        return made._replace(occurred_at=NOW + ahead * DAY + timedelta(hours=1), known_at=min(at, NOW), outcome=outcome)
    if kind == Kind.TASK:
        due = draw(st.one_of(st.none(), st.integers(-60, 20)))
        return made._replace(outcome=draw(st.sampled_from(("open", "completed"))), due_at=None if due is None else NOW + due * DAY)
    if kind == Kind.STATUS_EDIT:
        return made._replace(subject=draw(st.sampled_from(words.statuses[about.system])), automated=draw(st.booleans()))
    if kind == Kind.DEAL:
        return made._replace(outcome=draw(st.sampled_from(("lost",) * 6 + ("open", "won"))))
    return made


@st.composite
def _record(draw: st.DrawFn, words: Vocabulary, system: str, number: int, created: datetime) -> Record:
    fields = {name: draw(st.sampled_from(options)) for name, options in words.values.items() if draw(RARELY if name in RARE else MOSTLY)}
    if draw(MOSTLY):
        fields["email"] = f"p{number}@{draw(st.sampled_from(('lead.example', 'big.example', 'gmail.com')))}"
    if draw(MOSTLY):
        fields["status"] = draw(st.sampled_from(words.statuses[system]))
    owner = draw(st.sampled_from(OWNERS))
    if owner:
        fields["owner"] = owner_id(owner, system)
    elif system == "salesforce":
        fields["owner"] = "00G-nurture"
    state = draw(st.sampled_from((State.LIVE,) * 17 + (State.CONVERTED, State.MERGED, State.DELETED)))
    ref = Ref(system, "Lead" if system == "salesforce" else "contacts", str(number))
    return Record(ref, fields, created, created, created, state)


@st.composite
def leads(draw: st.DrawFn, words: Vocabulary = SMALL, number: int = 1, most: int = 8) -> LeadFacts:
    """One lead in one or both CRMs with up to `most` activities."""
    created = draw(moments(150))
    systems = draw(st.sampled_from((("salesforce",), ("hubspot",), ("salesforce", "hubspot"))))
    records = tuple(draw(_record(words, system, number, created)) for system in systems)
    count = draw(st.integers(0, most))
    activities = tuple(draw(_activity(words, draw(st.sampled_from(records)).ref, place)) for place in range(count))
    activities = tuple(one if one.occurred_at >= created else one._replace(occurred_at=created, known_at=created) for one in activities)
    return united(LeadFacts(str(records[0].ref), records, {}, _newest_first(activities), created))


def united(facts: LeadFacts) -> LeadFacts:
    """`fields` merged, Salesforce first."""
    merged: dict[str, str] = {}
    for record in sorted(facts.records, key=lambda one: one.ref.system):
        if record.state == State.LIVE:
            merged.update({name: value for name, value in record.fields.items() if value})
    return replace(facts, fields=merged)


def _newest_first(activities: Sequence[Activity]) -> tuple[Activity, ...]:
    return tuple(sorted(activities, key=lambda one: (one.occurred_at, one.key), reverse=True))


def frames(policy: CompiledPolicy) -> st.SearchStrategy[Frame]:
    """At the adoption or afterwards, one source stale or none, reps with room, little room or none."""
    streams = [f"{system}:{stream}" for system, names in policy.policy.silence.sources.items() for stream in names]
    return st.builds(
        lambda adopting, stale, room: frame(
            (*REPS, GONE),
            adopting=adopting,
            cut_over=NOW,
            coverage={stream: NOW - stale * DAY if place == 0 else NOW for place, stream in enumerate(streams)},
            new_today={"ann@x.example": room, "bob@x.example": room, "cyd@x.example": room},
        ),
        st.booleans(),
        st.sampled_from((0, 0, 3)),
        st.sampled_from((0, 2, 99)),
    )


def words_of(policy: CompiledPolicy) -> Vocabulary:
    """Values that mean something to a policy's own rules."""
    known = policy.policy
    return replace(
        SMALL,
        statuses={system: tuple(options) for system, options in known.statuses.items()},
        forms=(*(kind.name for kind in known.intent.forms), "unheard-of"),
        pages=(*(kind.name for kind in known.intent.pages), "home"),
        values={
            **SMALL.values,
            "title": ("VP Sales", "Student", "Clerk", "Head of Operations", "n/a"),
            "industry": ("Software", "COMPUTER_SOFTWARE", "Farming"),
            "tech_stack": ("Salesforce;HubSpot", "none"),
            "bounced": ("true", "false"),
            "legal_basis": ("Legitimate interest", "Freely given consent from contact"),
            "marketable": ("true", "false"),
            "disqualification_reason": ("bad_timing", "belongs to a colleague", "bad", "duplicate", "not_a_fit"),
            "follow_up_on": ("2026-12-10", "2027-04-01", "soon"),
            "handoff_keep": ("true", "false"),
        },
    )


@dataclass(frozen=True)
class Run:
    """One run over some leads: what was decided, what was planned, and the world after it was written and pulled back."""

    decisions: tuple[Decision, ...]
    plans: Mapping[str, PlanLines]
    priors: Mapping[str, Prior | None]
    facts: Mapping[str, LeadFacts]
    frame: Frame
    result: AssignResult


def run(
    policy: CompiledPolicy, facts: Mapping[str, LeadFacts], at: Frame, now: datetime = NOW, priors: Mapping[str, Prior | None] | None = None
) -> Run:
    """Decide, assign, plan, write, pull back."""
    known = priors or {}
    decided = [decide(known.get(key), one, policy, at, now) for key, one in sorted(facts.items())]
    result = assign(decided, facts, policy, at, now)
    plans = {one.lead: lines(one, facts[one.lead], policy, at) for one in result.decisions}
    after = {one.lead: written(one, facts[one.lead], plans[one.lead], now) for one in result.decisions}
    return Run(result.decisions, plans, {one.lead: prior_of(one) for one in result.decisions}, after, _frame_after(at, result), result)


def _frame_after(at: Frame, result: AssignResult) -> Frame:
    turns = {pool: dict(counts) for pool, counts in at.turns.items()}
    for level in result.levels:
        counts = turns.setdefault(level.pool, {})
        counts[level.rep] = counts.get(level.rep, 0) + level.count
    for turn in result.turns:
        counts = turns.setdefault(turn.pool, {})
        counts[turn.rep] = counts.get(turn.rep, 0) + 1
    given = dict(at.new_today)
    for one in result.decisions:
        if not one.unchanged and not one.ready and one.offered_at == one.since:
            given[one.owner] = given.get(one.owner, 0) + 1
    return replace(at, turns=turns, new_today=given)


def written(decision: Decision, facts: LeadFacts, plan: PlanLines, now: datetime) -> LeadFacts:
    """The facts once the plan is applied and pulled back: fields, created records, our own tasks and our own history rows."""
    records = {record.ref: record for record in facts.records}
    made: list[Activity] = []
    for line in plan.lines:
        assert line.ref is not None
        record = records[line.ref]
        assert (record.fields.get(line.field) or None) == line.before
        fields = {name: value for name, value in record.fields.items() if name != line.field}
        if line.after:
            fields[line.field] = line.after
        records[line.ref] = record._replace(fields=fields, modified_at=now, known_at=now)
        if line.field == "status" and line.after:
            made.append(activity(Kind.STATUS_EDIT, now, line.after, about=line.ref, ours=True, known_at=now))
    for creation in plan.creations:
        if creation.object == "lead":
            ref = Ref(creation.system, "Lead", f"new-{decision.lead}")
            values = {name: value for name, value in creation.values.items() if value}
            records[ref] = Record(ref, values, now, now, now)
        else:
            due = datetime.fromisoformat(str(creation.values["due_at"])) if creation.values.get("due_at") else None
            about = creation.about[0] if creation.about else Ref(creation.system, "Lead", f"new-{decision.lead}")
            made.append(Activity(creation.unique_key, Kind.TASK, Actor.REP, about, now, now, "task", "open", due, ours=True))
    fields_written = {line.field for line in plan.lines}
    edits = tuple(edit for edit in facts.edits if edit.field not in fields_written)
    after = replace(facts, records=tuple(records.values()), activities=_newest_first((*facts.activities, *made)), edits=edits)
    return united(after)


def person_edits(facts: LeadFacts, systems: Sequence[str], field: str, value: str | None, at: datetime) -> LeadFacts:
    """A person changes one field of the record of record after our last write."""
    live = [record for system in systems for record in facts.records if record.ref.system == system and record.state == State.LIVE]
    main = live[0]
    fields = {name: old for name, old in main.fields.items() if name != field}
    if value:
        fields[field] = value
    records = tuple(record._replace(fields=fields, modified_at=at) if record.ref == main.ref else record for record in facts.records)
    kind = {"status": Kind.STATUS_EDIT, "owner": Kind.OWNER_EDIT}.get(field)
    made = () if kind is None else (activity(kind, at, value or "", about=main.ref, known_at=at),)
    edits = (*facts.edits, Edit(field, value, at, "person"))
    return united(replace(facts, records=records, edits=edits, activities=_newest_first((*facts.activities, *made))))
