"""From a decision to what has to be written: one line per record and field that differs, and the records to be created.

A line carries the value it was planned on (`before`), so that apply can tell a record somebody moved meanwhile. Nothing is planned for
duplicates, for leads out of scope, for a field a person edited unless the fired rule may override it, or for a value that is there
already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from handoff.compiled import CompiledPolicy
from handoff.decision import Decision, Effect, EffectKind, Frame, Rep, Side
from handoff.facts import LeadFacts, Record, Ref
from handoff.records import PERSON_IN, QUEUE, instant_text, owner_of, owner_state, record_of_record, routed_records
from handoff.silence import KEEP_FIELD

LIFECYCLE_ORDER = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist")
CREATES_LEADS = frozenset({"salesforce", "hubspot_leads"})  # a HubSpot contact that is missing comes by its own forms and integrations
COPIED_FIELDS = (
    *("email", "first_name", "last_name", "phone", "title", "company", "country", "state", "postal_code", "region"),
    *("industry", "employees", "revenue", "tech_stack", "budget", "source", "legal_basis"),
)
DATES = ("mql_at", "offered_at", "sal_at", "sql_at", "recycled_at", "first_touch_at")  # handoff_<name> on the record
MISSING_NAME = "(not given)"  # Salesforce refuses a Lead without LastName or Company
OWNER_REQUIRED = frozenset({"salesforce"})  # a Salesforce Lead always has an owner; blank is not a value


class Line(NamedTuple):
    """One field of one record to write. `before` and `after` are CRM strings, None for blank; at `due` the line goes stale.

    `move` is the guard's kind: on the handoff_stage line the lead's move, on the owner line owner_taken or field, else field.
    """

    lead: str
    ref: Ref | None
    object: str
    field: str
    before: str | None
    after: str | None
    transition: str
    move: str
    because: str
    due: datetime | None
    clear_first: bool = False


@dataclass(frozen=True, slots=True)
class Creation:
    """One record to create once. `unique_key` finds it again; `about` are the records it belongs to.

    `after_key` is the unique key of a creation it must wait for: the task of a Lead that is still to be created belongs to that Lead.
    """

    lead: str
    system: str
    object: str  # canonical: lead, task or deal
    unique_key: str
    values: Mapping[str, str | None]
    about: tuple[Ref, ...] = ()
    after_key: str = ""
    transition: str = ""
    move: str = "created"
    because: str = ""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlanLines:
    """What one decision writes."""

    lines: tuple[Line, ...]
    creations: tuple[Creation, ...]


class _Said(NamedTuple):
    """What one decision says alike on every record of its lead."""

    own: Mapping[str, str]
    ticks: Mapping[str, bool]
    move: str


def lines(decision: Decision, facts: LeadFacts, policy: CompiledPolicy, frame: Frame) -> PlanLines:
    """Lines and creations of one decision against the facts it was made on; both empty when the decision changes nothing."""
    if decision.unchanged or not decision.in_scope:
        return PlanLines((), ())
    routed = routed_records(facts, policy.carriers)
    main = record_of_record(routed, policy.policy.systems)
    edited = frozenset(edit.field for edit in facts.edits) - frozenset(decision.override)
    if "stage" in edited:
        edited |= {"handoff_stage"}
    if owner_state(owner_of(main, frame), frame) != "active":
        edited -= {"owner"}  # an edit that leaves a lead with nobody, or with who has left, is no owner to keep
    planned: list[Line] = []
    said = _Said(own_fields(decision, policy), ticks(decision, policy), move_of(decision, policy))
    for record in routed:
        kept = edited if main is not None and record.ref == main.ref else frozenset()
        planned.extend(_record_lines(decision, said, record, kept, policy, frame))
    return PlanLines(tuple(planned), tuple(_creations(decision, facts, main, policy, frame)))


def move_of(decision: Decision, policy: CompiledPolicy) -> str:
    """The guard's kind for the lead as a whole: to_sales, to_nurture, suppressed or field."""
    stages = policy.policy.stages
    before, after = stages.get(decision.from_stage), stages[decision.stage]
    if decision.from_stage == decision.stage:
        return "field"
    if after.side == Side.SALES:
        return "field" if before is not None and before.side == Side.SALES else "to_sales"
    on_hold = decision.review_at is not None and not decision.nurture_group
    return "suppressed" if after.side == Side.NOBODY or on_hold else "to_nurture"


def own_fields(decision: Decision, policy: CompiledPolicy) -> dict[str, str]:
    """Our own fields as they should read on every record of the lead; "" clears."""
    review = policy.calendar.local_date(int(decision.review_at.timestamp())).isoformat() if decision.review_at else ""
    return {
        "handoff_stage": decision.stage,
        "handoff_stage_since": instant_text(decision.since),
        "handoff_episode": str(decision.episode),
        "handoff_rev": str(decision.rev),
        "handoff_reason": decision.reason,
        "handoff_next_step": decision.next_step,
        "handoff_due": instant_text(decision.due_at) if decision.due_at else "",
        "handoff_review": review,
        "handoff_nurture_group": decision.nurture_group,
        "handoff_previous_owner": decision.previous_owner,
        "handoff_lead_type": decision.lead_type,
        "handoff_fit": decision.fit_band,
        "handoff_intent": decision.intent_band,
        "handoff_hand_raise_at": instant_text(decision.hand_raise_at) if decision.hand_raise_at else "",
        "handoff_cycle": str(decision.cycle) if decision.cycle else "",
        **{f"handoff_{name}": _when(getattr(decision, name)) for name in DATES},
        "handoff_campaign": decision.campaign,
        "handoff_reason_code": decision.reason_code,
        "handoff_policy": f"{policy.policy.version} {policy.policy.digest[:8]}".strip(),
    }


def _when(moment: datetime | None) -> str:
    return instant_text(moment) if moment else ""


def ticks(decision: Decision, policy: CompiledPolicy) -> dict[str, bool]:
    """Our check boxes as they should stand: who may not be marketed to; the owner's wish to keep the lead is taken back once used."""
    known = policy.policy.reasons.get(decision.reason_code)
    sales = decision.side == Side.SALES
    made = {"handoff_suppressed": known is not None and known.action == "suppress" and not sales}
    return made if sales and not decision.keeps else {**made, KEEP_FIELD: False}


def _tick_lines(decision: Decision, said: _Said, record: Record) -> Iterator[Line]:
    """A box that was never ticked and one that was cleared are the same. People tick ours, so no edit of theirs stands in the way."""
    for field, wanted in said.ticks.items():
        before = record.fields.get(field) or None
        if (before == "true") != wanted:
            yield _line(decision, record, field, before, "true" if wanted else "false", "field")


def _record_lines(
    decision: Decision, said: _Said, record: Record, edited: frozenset[str], policy: CompiledPolicy, frame: Frame
) -> Iterator[Line]:
    now = record.fields.get
    for field, wanted in _wanted(decision, said, record, policy).items():
        before, after = now(field) or None, wanted or None
        if before != after and field not in edited:
            yield _line(decision, record, field, before, after, said.move if field == "handoff_stage" else "field")
    yield from _tick_lines(decision, said, record)
    if "owner" in edited:
        return
    owner_line = _owner_line(decision, record, policy, frame)
    if owner_line is not None:
        yield owner_line


def _line(decision: Decision, record: Record, field: str, before: str | None, after: str | None, move: str) -> Line:
    ref, rule, because, due = record.ref, decision.transition, decision.reason, decision.next_look_at
    return Line(decision.lead, ref, ref.object, field, before, after, rule, move, because, due)


def _wanted(decision: Decision, said: _Said, record: Record, policy: CompiledPolicy) -> dict[str, str]:
    """Own fields, then the stage's projection on the CRM's own fields."""
    wanted = dict(said.own)
    for field, value in policy.policy.stages[decision.stage].project.get(record.ref.system, {}).items():
        before = record.fields.get(field, "")
        if field == "status" and policy.policy.shows(record.ref.system, before, decision.stage):
            continue
        if field == "lifecycle" and not _forward(before, value):
            continue
        wanted[field] = value
    return wanted


def _forward(before: str, after: str) -> bool:
    """HubSpot's lifecycle stage moves forward only; a stage the company added itself is left alone."""
    if not before:
        return bool(after)
    if before not in LIFECYCLE_ORDER or after not in LIFECYCLE_ORDER:
        return False
    return LIFECYCLE_ORDER.index(after) > LIFECYCLE_ORDER.index(before)


def owner_id(owner: str, system: str, frame: Frame) -> str | None:
    """The vendor id of an owner in a system; "" clears; None when that system has no such owner and none can be written."""
    if owner.startswith(QUEUE):
        queue = frame.queues.get(owner.removeprefix(QUEUE), {}).get(system)
        return queue or (None if system in OWNER_REQUIRED else "")
    if not owner:
        return None if system in OWNER_REQUIRED else ""
    rep: Rep | None = frame.reps.get(owner)
    return rep.ids.get(system) if rep else None


def _owner_line(decision: Decision, record: Record, policy: CompiledPolicy, frame: Frame) -> Line | None:
    """The owner of one record, where the decision gives the lead to somebody (else); mirrors follow then."""
    if decision.owner == decision.from_owner and not _offered(decision, policy):
        return None
    wanted = owner_id(decision.owner, record.ref.system, frame)
    before = record.fields.get("owner") or None
    if wanted is None or (wanted or None) == before:
        return None
    taken = owner_state(owner_of(record, frame), frame) == "active"
    return _line(decision, record, "owner", before, wanted or None, "owner_taken" if taken else "field")


def _offered(decision: Decision, policy: CompiledPolicy) -> bool:
    row = policy.by_name.get(decision.transition)
    return row is not None and row.rule.ready and decision.offered_at == decision.since


def _creations(decision: Decision, facts: LeadFacts, main: Record | None, policy: CompiledPolicy, frame: Frame) -> Iterator[Creation]:
    made = next((effect for effect in decision.effects if effect.kind == EffectKind.CREATE_LEAD), None)
    if made is not None:
        yield _new_lead(decision, made, facts, policy, frame)
    for effect in decision.effects:
        if effect.kind == EffectKind.TASK:
            yield _new_task(decision, effect, facts, main, made, policy, frame)
        elif effect.kind == EffectKind.CREATE_DEAL:
            yield from _new_deal(decision, effect, facts, policy, frame)


def _new_lead(decision: Decision, effect: Effect, facts: LeadFacts, policy: CompiledPolicy, frame: Frame) -> Creation:
    system, contact = policy.policy.systems[0], _record_in("hubspot", facts, policy)
    values = _named(facts) if system in PERSON_IN else _copied(facts, contact)
    values.update({field: value for field, value in own_fields(decision, policy).items() if value})
    values.update({field: "true" for field, wanted in ticks(decision, policy).items() if wanted})
    values["handoff_key"] = effect.key
    values["owner"] = owner_id(decision.owner, system, frame)
    status = policy.policy.stages[decision.stage].project.get(system, {}).get("status")
    if status:
        values["status"] = status
    return Creation(
        decision.lead,
        system,
        "lead",
        effect.key,
        {name: value for name, value in values.items() if value},
        (contact,) if contact is not None and system in PERSON_IN else (),
        transition=decision.transition,
        move="created",
        because=decision.reason,
        due=decision.next_look_at,
    )


def _record_in(system: str, facts: LeadFacts, policy: CompiledPolicy) -> Ref | None:
    """The lead's routed record in a CRM."""
    return next((record.ref for record in routed_records(facts, policy.carriers) if record.ref.system == system), None)


def _copied(facts: LeadFacts, contact: Ref | None) -> dict[str, str | None]:
    """What a new record says of the person, and which contact it is."""
    values: dict[str, str | None] = {name: facts.fields[name] for name in COPIED_FIELDS if facts.fields.get(name)}
    values.setdefault("last_name", MISSING_NAME)
    values.setdefault("company", facts.fields.get("account_name") or MISSING_NAME)
    return {**values, "hubspot_id": contact.id if contact is not None else None}


def _named(facts: LeadFacts) -> dict[str, str | None]:
    """A Lead object bears the name of its contact, as HubSpot gives it; where none is known, that of the company."""
    known = facts.fields.get
    name = " ".join(part for part in (known("first_name"), known("last_name")) if part)
    return {"lead_name": name or known("company") or known("account_name") or MISSING_NAME}


def _new_deal(decision: Decision, effect: Effect, facts: LeadFacts, policy: CompiledPolicy, frame: Frame) -> Iterator[Creation]:
    """The Stage 0 opportunity as a HubSpot deal of the contact and its company; the amount is for sales to say."""
    contact = next((record for record in routed_records(facts, policy.carriers) if record.ref.system == "hubspot"), None)
    if contact is None:
        return
    opportunity, company = policy.policy.opportunity, contact.fields.get("account")
    values: dict[str, str | None] = {
        "name": effect.subject,
        "pipeline": opportunity.pipeline,
        "stage": opportunity.stage,
        "campaign": decision.campaign,
        "owner": owner_id(decision.owner, "hubspot", frame) or None,
        "handoff_key": effect.key,
    }
    about = (contact.ref, *((Ref("hubspot", "companies", company),) if company else ()))
    kept = {name: value for name, value in values.items() if value}
    rule, because, due = decision.transition, decision.reason, decision.next_look_at
    yield Creation(decision.lead, "hubspot", "deal", effect.key, kept, about, transition=rule, because=because, due=due)


def _new_task(
    decision: Decision,
    effect: Effect,
    facts: LeadFacts,
    main: Record | None,
    made: Effect | None,
    policy: CompiledPolicy,
    frame: Frame,
) -> Creation:
    """The task stands on the record of record, or on the contact a Lead object stands for; where the record is being created, it waits
    for it (`after_key`)."""
    first = policy.policy.systems[0] if made is not None or main is None else main.ref.system
    system = PERSON_IN.get(first, first)
    stands_on = _record_in(system, facts, policy) if system != first else None if made is not None or main is None else main.ref
    values: dict[str, str | None] = {
        "subject": effect.subject,
        "body": effect.text,
        "due_at": instant_text(effect.due_at) if effect.due_at else None,
        "status": "open",
        "owner": owner_id(decision.owner, system, frame) or None,
        "handoff_key": effect.key,
    }
    return Creation(
        decision.lead,
        system,
        "task",
        effect.key,
        {name: value for name, value in values.items() if value},
        (stands_on,) if stands_on is not None else (),
        made.key if made is not None else "",
        decision.transition,
        "task",
        decision.reason,
        decision.next_look_at,
    )
