"""What is worked out once: parts that several signals of a case share, and signals that a move of the lead does not change.

The latter depend on the lead's facts, the others and the time, never on its stage or owner. A decision walks the table again after each
move, so they are carried over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from handoff.policy import Condition, Policy, Test

if TYPE_CHECKING:
    from handoff.case import Case

Part = TypeVar("Part")

ALWAYS = frozenset(
    {
        *("age_days", "sent_days", "touch.ever", "touch.days_ago", "next_step.open"),
        *("fit.score", "fit.band", "fit.passes", "intent.score", "intent.passes", "intent.latest"),
        *("hand_raise.ever", "hand_raise.age_days", "status.mapped", "deal.open", "deal.won", "adopting"),
        *("own_domain", "free_mail", "spam.likely", "competitor_domain", "excluded", "target_account", "account.worked"),
        *("phone.area_code", "postal.prefix"),
        *("(last_sent)", "(covered)", "(is_rep_sourced)", "(named_owner)"),
    }
)


def once(part: Callable[[Case], Part]) -> Callable[[Case], Part]:
    """A part of a case that is worked out once and kept beside its signals, in brackets, so that no rule can ask for it."""
    name = f"({part.__name__})"

    @wraps(part)
    def kept(case: Case) -> Part:
        if name in case:
            return case[name]  # type: ignore[no-any-return]
        value = case[name] = part(case)
        return value

    return kept


def lasting_signals(policy: Policy) -> frozenset[str]:
    """Those of a policy: what lasts always, its counts, and what rests on conditions that ask for nothing else."""
    made = ALWAYS | {f"count.{name}" for name in policy.counts}
    resting = {
        "persona": [persona.when for persona in policy.personas],
        "fit.disqualified": list(policy.fit.disqualifiers.values()),
        "fit.settled": list(policy.fit.disqualifiers.values()),
        "contactable": [rule.when for rule in policy.holds],
        "imported": [] if policy.intake.imported is None else [policy.intake.imported],
    }
    made |= {name for name, conditions in resting.items() if all(_lasts(condition, made) for condition in conditions)}
    return made | {"(hold_of)"} if "contactable" in made else made


def _lasts(part: Condition | Test, known: frozenset[str]) -> bool:
    if isinstance(part, Test):
        return not part.signal or part.signal in known
    return all(_lasts(inner, known) for inner in (*part.all, *part.any, *part.none))
