"""A case as the values that a decision is made of: facts, what is remembered, and everything about the others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.decision import Frame, Prior, Rep
from handoff.facts import Activity, Actor, Edit, Kind, LeadFacts, Record, Ref
from handoff.policy import Policy
from handoff.spam import exclusion_key
from mappings.shapes_cases import CaseShape, DidShape, MemberShape

TEAM = {
    "sam@team.example": MemberShape(role="sdr", manager="morgan@team.example"),
    "kim@team.example": MemberShape(role="sdr", manager="morgan@team.example"),
    "alex@team.example": MemberShape(role="ae", manager="morgan@team.example"),
    "morgan@team.example": MemberShape(role="manager"),
    "left@team.example": MemberShape(role="sdr", active=False),
}
"""Who is there in every case."""

BASE_FIELDS = {"email": "lead@customer.example", "legal_basis": "Legitimate interest"}
_SPAN = re.compile(r"([+-])(\d+)([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DEALS = {"won": "won", "lost": "lost", "open_deal": "open"}
_KINDS = {"status": Kind.STATUS_EDIT, "owner": Kind.OWNER_EDIT, **dict.fromkeys(_DEALS, Kind.DEAL)}
_BY_LEAD = frozenset({"form", "click", "reply", "visit", "campaign"})
_TIMES = frozenset(name for name, told in Prior.__annotations__.items() if "datetime" in str(told))


def moment(text: str, now: datetime) -> datetime:
    """`-2h`, `+3d`, `-30m` from now, or an ISO date-time (UTC where it has no zone). Raises ValueError with the mend."""
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        amount = int(span[2]) * _UNITS[span[3]]
        return now + amount if span[1] == "+" else now - amount
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no time: write -2h, -3d, +30m or 2026-11-23T15:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def now_of(case: CaseShape) -> datetime:
    """The case's own now, aware UTC."""
    return moment(case.now, datetime(2026, 11, 23, 15, tzinfo=UTC))


def facts_of(case: CaseShape, policy: Policy) -> LeadFacts:
    """The lead with one record per CRM that the case names."""
    now = now_of(case)
    created = moment(case.created, now)
    systems = case.in_ or [policy.systems[0]]
    fields = {name: value for name, value in {**BASE_FIELDS, **case.fields}.items() if value}
    records = tuple(_record(system, policy.carriers[system], fields, case, created) for system in systems)
    did = sorted((_activity(one, number, records[0].ref, now) for number, one in enumerate(case.did)), key=lambda one: one.occurred_at)
    edits = tuple(Edit(name, value or None, now - timedelta(hours=1), "person") for name, value in sorted(case.typed.items()))
    return LeadFacts(str(records[0].ref), records, fields, tuple(reversed(did)), created, edits)


def _record(system: str, carrier: str, fields: dict[str, str], case: CaseShape, created: datetime) -> Record:
    own = {**fields, **({"owner": owner_id(case.owner, system)} if case.owner else {})}
    return Record(Ref(system, carrier, "1"), own, created, created, created)


def owner_id(owner: str, system: str) -> str:
    """The vendor's id of a colleague or queue in a case."""
    return f"{system}-{owner}"


def _activity(did: DidShape, number: int, about: Ref, now: datetime) -> Activity:
    at = moment(did.at, now)
    kind = _KINDS.get(did.what) or Kind(did.what)
    actor = Actor.LEAD if did.what in _BY_LEAD else Actor.MARKETING if did.what == "send" else Actor.REP
    by = owner_id(did.by, about.system) if did.by else ""
    due = moment(did.due, now) if did.due else None
    outcome = did.outcome or _DEALS.get(did.what, "")
    key = f"case:{number}"
    return Activity(key, kind, actor, about, at, min(at, now), did.subject, outcome, due, by, did.ours, did.automated)


def prior_of_case(case: CaseShape) -> Prior | None:
    """What is remembered of the lead; None when it is seen for the first time. Raises ValueError for an unknown name."""
    if not case.stage:
        return None
    now = now_of(case)
    values: dict[str, Any] = {}
    for name, value in case.before.items():
        if name not in Prior._fields:
            raise ValueError(f"before.{name}: nothing of that name is remembered of a lead")
        values[name] = moment(value, now) if name in _TIMES else tuple(value) if isinstance(value, list) else value
    return Prior(**{"stage": case.stage, "since": moment(case.since, now), "episode": 1, "rev": 1, "owner": case.owner, **values})


def frame_of(case: CaseShape, policy: Policy) -> Frame:
    """Everybody at work, every activity source read up to now, the company adopted long ago."""
    now = now_of(case)
    team = {**TEAM, **case.team}
    reps = {key: _rep(key, member, policy, now) for key, member in team.items()}
    queues = {policy.nurture_queue: {system: owner_id(f"queue:{policy.nurture_queue}", system) for system in policy.systems}}
    owners = {f"{system}:{vendor_id}": rep.key for rep in reps.values() for system, vendor_id in rep.ids.items()}
    owners |= {f"{system}:{vendor_id}": f"queue:{name}" for name, ids in queues.items() for system, vendor_id in ids.items()}
    streams = [f"{system}:{stream}" for system, names in policy.silence.sources.items() for stream in names]
    frame = Frame(
        reps=reps,
        owners=owners,
        queues=queues,
        turns={},
        open_leads={key: member.open_leads for key, member in team.items() if member.open_leads},
        new_today={key: member.new_today for key, member in team.items() if member.new_today},
        coverage=dict.fromkeys(_without(streams, case.uncovered), now),
        health={},
        target_accounts=dict(case.accounts),
        adopting=case.adopting,
        cut_over=None if case.adopting else now - timedelta(days=1000),
        new_this_week={key: member.new_this_week for key, member in team.items() if member.new_this_week},
    )
    more = dict(case.frame)
    if "exclusions" in more:
        more["exclusions"] = {exclusion_key(entry): name for entry, name in more["exclusions"].items()}
    return replace(frame, **more) if more else frame


def _without(streams: Iterable[str], left_out: Iterable[str]) -> list[str]:
    return [stream for stream in streams if stream not in set(left_out)]


def _rep(key: str, member: MemberShape, policy: Policy, now: datetime) -> Rep:
    away = tuple(int(moment(text, now).timestamp()) for text in member.away)
    return Rep(
        key=key,
        name=key.partition("@")[0].title(),
        role=member.role,
        active=member.active,
        ids={system: owner_id(key, system) for system in policy.systems},
        time_zone=member.time_zone or policy.company.time_zone,
        manager=member.manager,
        weight=member.weight,
        away=((away[0], away[1]),) if len(away) == 2 else (),
        pair=member.pair,
    )
