"""Last calls, recycling, alerts, reasons and opportunities must hold together: nothing is switched on that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import Policy
from handoff.reasons import plain
from mappings.check_names import unknown
from mappings.check_stages import signals
from mappings.compile import leaves
from mappings.files import Files
from mappings.problems import Problem


def recycling_holds(policy: Policy, files: Files) -> Iterator[Problem]:
    """Every switch has its rule, every code its meaning."""
    yield from _last_call(policy, files)
    yield from _recycle(policy, files)
    yield from _continuing(policy)
    yield from _alerts(policy)
    yield from _reasons(policy)
    yield from _opportunity(policy)
    for name in ("accepted_stage", "qualified_stage"):
        stage = getattr(policy, name)
        if stage not in policy.stages:
            yield unknown(files.where("policy", name), name, "stage", stage, policy.stages)


def _read(policy: Policy) -> frozenset[str]:
    """Signals that any rule or hold reads."""
    holds = {test.signal for hold in policy.holds for test in leaves(hold.when)}
    return frozenset(holds).union(*(signals(rule) for rule in policy.transitions))


def _last_call(policy: Policy, files: Files) -> Iterator[Problem]:
    rule, where = policy.silence.last_call, files.where("sweep", "silence")
    read = _read(policy)
    if rule is None:
        for transition in policy.transitions:
            if signals(transition) & {"last_call.due", "kept"}:
                what = "waits for a last call, and sweep.yaml gives none"
                yield Problem(transition.where, f"rules.{transition.name}.when", what, "add silence.last_call in sweep.yaml")
        return
    for signal in ("last_call.due", "kept"):
        if signal not in read:
            what = f"no rule reads {signal}, so no silent lead could ever leave or be kept"
            yield Problem(where, "silence.last_call", what, f"add a rule with {signal}: true, to: same, continues: true")
    for transition in policy.transitions:
        task = transition.task
        if "last_call.due" in signals(transition) and (task is None or (task.due, task.amount) != ("business_days", rule.business_days)):
            what = f"gives its task another time than the {rule.business_days} business days of the last call"
            yield Problem(transition.where, f"rules.{transition.name}.task", what, f"due: {{business_days: {rule.business_days}}}")
        if "kept" in signals(transition) and transition.review_days != rule.keep_days:
            what = f"does not keep the lead for the {rule.keep_days} days of the last call"
            yield Problem(transition.where, f"rules.{transition.name}", what, f"review_days: {rule.keep_days}")


def _recycle(policy: Policy, files: Files) -> Iterator[Problem]:
    read = _read(policy)
    asks = {"recycle.cooled": policy.recycle.cool_off_days, "recycle.cycles_left": policy.recycle.cycles_per_year}
    for signal, number in {**asks, "sunset.due": policy.recycle.sunset_days}.items():
        if (number is not None) != (signal in read):
            what = f"nothing reads {signal}" if number is not None else f"{signal} is read, but sweep.yaml says nothing of it"
            yield Problem(files.where("sweep", "recycle"), "recycle", what, "keep both, or neither")


def _continuing(policy: Policy) -> Iterator[Problem]:
    for rule in policy.transitions:
        if rule.continues and (rule.to != "same" or rule.ready):
            yield Problem(rule.where, f"rules.{rule.name}", "continues a stage it leaves", "continues: true goes with to: same")
        if rule.continues and not signals(rule) & {"last_call.due", "kept"}:
            what = "would fire again at once: a stage that goes on changes nothing it reads"
            yield Problem(rule.where, f"rules.{rule.name}", what, "read last_call.due or kept, or take continues: true out")


def _alerts(policy: Policy) -> Iterator[Problem]:
    for alert in policy.alerts:
        for stage in alert.stages:
            if stage not in policy.stages:
                yield unknown(alert.where, f"alerts.{alert.name}", "stage", stage, policy.stages)
        if alert.when.always:
            yield Problem(alert.where, f"alerts.{alert.name}.when", "holds for everybody", "say for whom")


def _reasons(policy: Policy) -> Iterator[Problem]:
    said: dict[str, str] = {}
    for name, reason in policy.reasons.items():
        if reason.before_days is not None and reason.wake_days is None:
            what = "wakes before an agreed date, but says nothing for who agreed none"
            yield Problem(reason.where, f"reasons.{name}", what, "add wake_days")
        for words in reason.words:
            first = said.setdefault(plain(words), name)
            if first != name:
                yield Problem(reason.where, f"reasons.{name}.words", f"'{words}' already means '{first}'", "keep one")


def _opportunity(policy: Policy) -> Iterator[Problem]:
    made = policy.opportunity
    if not made.create:
        return
    missing = [name for name in ("pipeline", "stage", "name") if not getattr(made, name)]
    if missing:
        yield Problem(made.where, "opportunity", f"has no {', '.join(missing)}", "name the deal pipeline, its first stage, and the deal")
    if "hubspot" not in policy.systems:
        yield Problem(made.where, "opportunity", "only HubSpot deals are made, and HubSpot is not used", "create: false")
    if not any(rule.creates for rule in policy.transitions):
        yield Problem(made.where, "opportunity", "no rule creates one", "add creates: opportunity to the rule that accepts")
