"""Who is told what, as the process document tells it."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import Notice, Policy
from mappings.process_rules import plain
from mappings.reference import table, words

_TO = {
    "rep": "the lead's owner",
    "owner_before": "the owner it leaves",
    "manager": "the owner's manager",
    "account_owner": "the account's owner",
    "marketing": "marketing",
    "revops": "RevOps",
    "on_call": "on-call",
}


def notices_part(policy: Policy) -> Iterator[str]:
    """Every notice, and whom people who are left alone reach when they ask."""
    telling = policy.telling
    if not telling.notices:
        return
    quiet = f"{telling.quiet_from:%H:%M} to {telling.quiet_until:%H:%M}"
    yield "\n## Who is told what\n"
    yield (
        f"Once per step of a lead, with the same text by every channel. Quiet from {quiet} in the person's own zone, except where somebody"
        f" waits; what need not be heard at once comes together at {telling.digest_at:%H:%M}."
        " Nobody is told about a backlog. [R77, R79-R85]\n"
    )
    yield table(("notice", "to", "when", "comes"), (_notice(notice) for notice in telling.notices))
    seen = "everyone sees" if telling.reps_by_name == "everyone" else "managers see"
    yield f"\nLate answers are counted by `handoff report sla`; {seen} whose they are. Absences and outages are nobody's delay. [R73]\n"
    asked = [rule for rule in policy.scope if rule.hand_raise_to]
    if asked:
        yield "\nWho is left alone and asks all the same is answered by [R16]:\n"
        yield table(("who", "told"), ((plain(rule.name), _TO[rule.hand_raise_to]) for rule in asked))


def _notice(notice: Notice) -> tuple[str, ...]:
    when = f"with {', '.join(plain(rule) for rule in notice.on)}" if notice.on else words(notice.when) if notice.when is not None else ""
    comes = "in the morning" if notice.how == "digest" else "at once" if notice.quiet else "at once, at any hour"
    return f"“{notice.subject}”", _TO[notice.to], when, comes
