"""Who is told what, once: notices that come with a move, and notices that a clock sets off while a lead stays where it is.

Nobody is told anything while a backlog is taken over. A notice is an effect with the key (lead, notice, episode), so that a replay, a retry
or a second look never tells it twice; `told` on the lead says which notices of this episode are out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from handoff.accounts import named_owner
from handoff.calendar import DAY_SECONDS, moment_of
from handoff.case import Case
from handoff.compiled import NoticeRule
from handoff.decision import Effect, EffectKind, Prior
from handoff.records import QUEUE
from handoff.wording import Words, brief, sentence

PEOPLE = frozenset({"rep", "manager", "account_owner"})
HAND_RAISE = "hand_raise"


def with_move(case: Case, rule: str, after: Prior, words: Words) -> tuple[Effect, ...]:
    """Notices that a move by `rule` sets off; `after` is the lead after the move, `words` tell the move."""
    notices = () if case.frame.adopting else case.policy.notices_on.get(rule, ())
    if not notices:
        return ()
    words.update(reason=after.reason, next_step=after.next_step)
    return tuple(_effects(case, notices, after.owner, after.episode, words))


def by_clock(case: Case, words: Words) -> tuple[Effect, ...]:
    """Notices of the lead's stage that are due now and were not given in this episode."""
    notices = case.policy.notices_in.get(case.prior.stage, ())
    if not notices or case.frame.adopting:
        return ()
    words.update(reason=case.prior.reason, next_step=case.prior.next_step)
    due = (notice for notice in notices if notice.rule.name not in case.prior.told and notice.check(case) is None)
    return tuple(_effects(case, due, case.prior.owner or case.owner, case.prior.episode, words))


def to_whom_it_concerns(case: Case, scope: str, words: Words) -> tuple[Effect, ...]:
    """Somebody who is left alone asks for something: the person who looks after them is told, once per request, and nothing moves."""
    rule = case.policy.asked_anyway.get(scope)
    if rule is None or case.frame.adopting or not case["hand_raise.waiting"]:
        return ()
    to = receiver(case, rule.hand_raise_to, case.owner)
    raised = case.history.hand_raises[0]
    name = f"{HAND_RAISE}.{scope}.{raised}"
    if not to or name in case.prior.told or raised < case.now_s - case.policy.policy.hand_raise.aged_after_days * DAY_SECONDS:
        return ()
    subject = sentence("{hand_raise} from {company}: " + (rule.label or rule.name.replace("_", " ")), words)
    text = brief(("Sent a {hand_raise} on {hand_raise_on}.", "Nothing was moved: this person is left alone.", "Please answer."), words)
    return (Effect(EffectKind.NOTIFY, case.facts.key, name, case.prior.episode, moment_of(case.now_s), text, subject, to),)


def receiver(case: Case, to: str, owner: str) -> str:
    """The rep key or audience a notice goes to, "" where there is nobody; a manager answers for who has none or has left."""
    reps = case.frame.reps
    if to == "account_owner":
        owner, to = named_owner(case) or owner, "rep"
    if to == "owner_before":  # who has left is told nothing, and nobody in that person's place
        before = case.frame.reps.get(case.owner)
        return before.key if before is not None and before.active else ""
    if to not in PEOPLE:
        return to
    rep = None if owner.startswith(QUEUE) else reps.get(owner)
    if to == "rep" and rep is not None and rep.active:
        return rep.key
    manager = reps.get(rep.manager) if rep is not None else None
    if manager is not None and manager.active:
        return manager.key
    return next((one.key for one in sorted(reps.values(), key=lambda one: one.key) if one.role == "manager" and one.active), "revops")


def _effects(case: Case, notices: Iterable[NoticeRule], owner: str, episode: int, words: Words) -> Iterator[Effect]:
    for notice in notices:
        rule = notice.rule
        to = receiver(case, rule.to, owner)
        if not to:
            continue
        text, subject = brief(rule.lines, words), sentence(rule.subject, words)
        yield Effect(EffectKind.NOTIFY, case.facts.key, rule.name, episode, moment_of(case.now_s), text, subject, to, rule.how)
