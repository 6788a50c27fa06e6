"""A decision in words a person can check: the trace that `decide` and `assign` left, rendered only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from handoff.calendar import seconds_of
from handoff.compiled import CompiledPolicy
from handoff.decision import Decision, Reason
from handoff.records import QUEUE

INDENT = " " * 11
SHOWN_LOSERS = 3
OPERATORS = {"at_least": "at least", "at_most": "at most", "any_of": "one of", "none_of": "none of", "contains_any": "containing", "is": ""}
WIDTH = 11


def explain(decision: Decision, policy: CompiledPolicy) -> str:
    """Lines for fit, intent, stage, owner, next look and policy; no personal value of the lead is in them."""
    rows = [
        ("fit " + _score(decision.because, "fit.score"), _fit(decision.because)),
        ("intent " + _score(decision.because, "intent.score"), _intent(decision.because)),
        ("stage", _stage(decision, policy)),
        ("owner", _owner(decision)),
        ("next look", _moment(decision.next_look_at, policy)),
        ("policy", _policy(policy)),
    ]
    rows += [("needs you", f"{reason} {detail}".strip()) for reason, detail in decision.exceptions]
    return "\n".join(f"{name:<{WIDTH}}{text}" for name, text in rows)


def fit_score(because: tuple[Reason, ...]) -> int | None:
    """The fit score recomputed from the trace alone (law: the trace adds up); None when the trace says unknown."""
    answers = [(step[2], step[3]) for step in because if step[0] == "fit" and isinstance(step[2], int) and isinstance(step[3], int)]
    total = next((step for step in because if step[0] == "fit.score"), None)
    known = sum(weight for _, weight in answers)
    if total is None or total[1] is None or not known:
        return None
    return min(100, max(0, 100 * sum(points for points, _ in answers) // known))


def intent_score(because: tuple[Reason, ...]) -> int:
    """The intent score recomputed from the trace alone."""
    return min(100, sum(step[5] for step in because if step[0] == "intent" and isinstance(step[5], int)) // 1000)


def _score(because: tuple[Reason, ...], name: str) -> str:
    found = next((step[1] for step in because if step[0] == name), None)
    return "?" if found is None else str(found)


def _fit(because: tuple[Reason, ...]) -> str:
    parts = [
        f"{_plain(step[1])} {'unknown (not counted)' if step[2] is None else f'{step[2]}/{step[3]}'}"
        for step in because
        if step[0] == "fit"
    ]
    total = next((step for step in because if step[0] == "fit.score"), None)
    if total is None:
        return "not looked at"
    too_little = "; too little is known to say" if total[1] is None else ""
    persona = next((f"persona {_plain(step[1])}; " for step in because if step[0] == "persona"), "")
    return f"{persona}{' · '.join(parts)}: {total[2]} of {total[3]}{too_little}"


def _intent(because: tuple[Reason, ...]) -> str:
    kinds: dict[str, list[tuple[int, int, int]]] = {}
    for step in because:
        if step[0] == "intent":
            _, name, hours, points, _, counted = step
            kinds.setdefault(_plain(name), []).append((int(hours or 0), int(points or 0), int(counted or 0)))
    return " · ".join(_engagement(name, events) for name, events in kinds.items()) or "nothing that counts"


def _engagement(name: str, events: list[tuple[int, int, int]]) -> str:
    used = sum(1 for _, _, counted in events if counted)
    times = "" if len(events) == 1 else f" x{len(events)}" + (f" ({used} counted)" if used < len(events) else "")
    points, counted = sum(event[1] for event in events), sum(event[2] for event in events)
    return f"{name}{times}, {_ago(min(event[0] for event in events))}: {points} -> {_thousandths(counted)}"


def _thousandths(amount: int) -> str:
    whole, rest = divmod(amount, 1000)
    return f"{whole}" if not rest else f"{whole}.{rest:03d}".rstrip("0")


def _ago(hours: int) -> str:
    days = hours // 24
    return f"{hours} h ago" if hours < 24 else "yesterday" if days == 1 else f"{days} days ago"


def _stage(decision: Decision, policy: CompiledPolicy) -> str:
    if not decision.in_scope:
        return f"{decision.stage}   left alone: {_plain(decision.out_of_scope)}"
    held = [step for step in decision.because if step[0] == "held"]
    if held:
        return f"{decision.stage}   held: " + "; ".join(_plain(step[1]) for step in held)
    row = policy.by_name.get(decision.transition)
    if row is None:
        told = f"{decision.stage}   stays"
    else:
        where = f" ({row.rule.where})" if row.rule.where else ""
        waits = ", waits for an owner" if decision.ready else ""
        told = f"{decision.from_stage} -> {decision.stage}   {row.name}{where}{waits}" + (f": {decision.reason}" if decision.reason else "")
    losers = list(_losers(decision.because))
    shown = "; ".join(losers[:SHOWN_LOSERS]) + (f"; and {len(losers) - SHOWN_LOSERS} more" if len(losers) > SHOWN_LOSERS else "")
    return f"{told}\n{INDENT}lost: {shown}" if losers else told


def _losers(because: tuple[Reason, ...]) -> Iterator[str]:
    """Rules that were tried before the one that fired, and the test that decided against each."""
    for step in because:
        if step[0] == "fired":
            return
        if step[0] == "lost":
            _, rule, verdict, name, operator, wanted, found = step
            asked = " ".join(part for part in (OPERATORS.get(str(operator), _plain(operator)), _plain(wanted)) if part)
            told = "unknown" if verdict == "unknown" else f"is {_plain(found)}"
            yield f"{_plain(rule)} ({_plain(name)} {told}, asks for {asked})"


def _owner(decision: Decision) -> str:
    before, after = _name(decision.from_owner), _name(decision.owner)
    told = after if before == after else f"{before} -> {after}"
    kept = (
        f"   kept for the return: {decision.previous_owner}"
        if decision.previous_owner and decision.previous_owner != decision.owner
        else ""
    )
    steps = "; ".join(_owner_step(step) for step in decision.because if step[0] in ("kept", "given", "skipped", "turn", "waits"))
    return f"{told}{kept}" + (f"\n{INDENT}{steps}" if steps else "")


def _owner_step(step: Reason) -> str:
    if step[0] == "turn":
        return f"{step[1]} is next ({step[2]} turns so far)"
    if step[0] == "skipped":
        return f"{step[1]} skipped: {step[2]}"
    return f"{step[1]} {step[0]}: {step[2]}"


def _name(owner: str) -> str:
    return f"queue {owner.removeprefix(QUEUE)}" if owner.startswith(QUEUE) else owner or "nobody"


def _moment(moment: datetime | None, policy: CompiledPolicy) -> str:
    if moment is None:
        return "when something changes"
    local = datetime.fromtimestamp(seconds_of(moment), policy.calendar.zone)
    return f"{local:%Y-%m-%d %H:%M} {policy.policy.company.time_zone}"


def _policy(policy: CompiledPolicy) -> str:
    signed = " and ".join(f"by {approval.team} {approval.on.isoformat()}" for approval in policy.policy.approvals)
    return f"v{policy.policy.version} {policy.policy.digest[:7]}" + (f", approved {signed}" if signed else ", not approved")


def _plain(value: object) -> str:
    return str(value).replace("_", " ")
