"""One lead at one moment: its facts, its stage before, and the signals that rules may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handoff import last_call, reasons, recycle, signals
from handoff.calendar import seconds_of
from handoff.compiled import CompiledPolicy
from handoff.counters import count
from handoff.decision import Frame, Prior
from handoff.facts import LeadFacts, Record
from handoff.first_sight import settle_prior
from handoff.fit import FitScore, score_fit
from handoff.intake import without_uploaded_requests
from handoff.intent import IntentScore, score_intent
from handoff.personas import PersonaRules, persona_of
from handoff.policy import Cadence
from handoff.records import owner_of, record_of_record, routed_records
from handoff.response import Clock, clock_of
from handoff.signals import Signal
from handoff.touches import History, read_history

VALUES = {**signals.VALUES, **last_call.VALUES, **reasons.VALUES, **recycle.VALUES}


class Case(dict[str, Any]):
    """What one decision reads: a mapping of signal name -> value, computed on first use, with the facts as attributes.

    `owner` is the owner found on the record of record, or the one a move has just set. An undeclared signal raises KeyError.
    """

    __slots__ = (
        *("_clock", "_clock_read", "_fit", "_intent", "_persona", "facts", "fields", "frame", "history", "now", "now_s"),
        *("owner", "policy", "prior", "record", "routed"),
    )

    prior: Prior
    facts: LeadFacts
    policy: CompiledPolicy
    frame: Frame
    now: datetime
    now_s: int
    history: History
    routed: tuple[Record, ...]
    record: Record | None
    owner: str
    fields: Mapping[str, str]

    def __init__(
        self,
        prior: Prior,
        facts: LeadFacts,
        policy: CompiledPolicy,
        frame: Frame,
        now: datetime,
        history: History,
        routed: tuple[Record, ...],
        record: Record | None,
        owner: str,
        fields: Mapping[str, str],
    ) -> None:
        self.prior = prior
        self.facts = facts
        self.policy = policy
        self.frame = frame
        self.now = now
        self.now_s = seconds_of(now)
        self.history = history
        self.routed = routed
        self.record = record
        self.owner = owner
        self.fields = fields
        self._fit: FitScore | None = None
        self._intent: IntentScore | None = None
        self._persona: tuple[PersonaRules | None] | None = None
        self._clock: Clock | None = None
        self._clock_read = False

    def __missing__(self, name: str) -> Signal:
        value = count(self, name) if name in self.policy.counts else VALUES[name](self)
        self[name] = value
        return value

    @property
    def fit(self) -> FitScore:
        """Fit score with its trace."""
        if self._fit is None:
            persona = self.persona
            self._fit = score_fit(self.policy.fit, self) if persona is None else score_fit(persona.fit, self, persona.persona.name)
        return self._fit

    @property
    def persona(self) -> PersonaRules | None:
        """The first persona known to hold."""
        if self._persona is None:
            self._persona = (persona_of(self),)
        return self._persona[0]

    @property
    def intent(self) -> IntentScore:
        """Intent score with its trace, at `now`."""
        if self._intent is None:
            self._intent = score_intent(self.policy.intent, self.history.engagements, self.now_s)
        return self._intent

    @property
    def clock(self) -> Clock | None:
        """The response clock that runs, None where nobody waits for a first response."""
        if not self._clock_read:
            self._clock, self._clock_read = clock_of(self), True
        return self._clock

    @property
    def cadence(self) -> Cadence | None:
        """The cadence of the lead's type, or the default one."""
        return self.policy.cadences.get(self.prior.lead_type) or self.policy.cadences.get("")

    def after(self, prior: Prior) -> Case:
        """The same lead once a move is done: facts and scores stay, the stage and owner are the new ones."""
        case = Case(prior, self.facts, self.policy, self.frame, self.now, self.history, self.routed, self.record, prior.owner, self.fields)
        case._fit, case._intent, case._persona = self._fit, self._intent, self._persona
        lasting = self.policy.lasting
        case.update([known for known in self.items() if known[0] in lasting])
        return case


def open_case(prior: Prior | None, facts: LeadFacts, policy: CompiledPolicy, frame: Frame, now: datetime) -> Case:
    """The case of one lead; where `prior` is None, our own fields on the record or the first sight say where it stands."""
    history = read_history(facts.activities, now, policy.intent, frame.owners)
    routed = routed_records(facts, policy.carriers)
    record = record_of_record(routed, policy.policy.systems)
    owner = owner_of(record, frame)
    known = settle_prior(prior, facts, routed, record, owner, history, policy, frame, now)
    fields = _known_fields(facts.fields, policy.placeholders)
    case = Case(known, facts, policy, frame, now, history, routed, record, owner, fields)
    without_uploaded_requests(case)
    return case


def _known_fields(fields: Mapping[str, str], placeholders: frozenset[str]) -> Mapping[str, str]:
    """The fields without what people type instead of leaving one blank."""
    if placeholders.isdisjoint(map(str.casefold, map(str.strip, fields.values()))):
        return fields
    return {name: value for name, value in fields.items() if value.strip().casefold() not in placeholders}
