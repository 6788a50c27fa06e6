"""Numbers of scores, silences and clocks that must fit together."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import Policy
from mappings.compile import Files
from mappings.problems import Problem

WHOLE = 100
BAR_LOW, BAR_HIGH = 20, 95


def numbers_add_up(policy: Policy, files: Files) -> Iterator[Problem]:
    """Weights, points, bands, bars, days and minutes."""
    yield from _fit(policy, files)
    yield from _intent(policy, files)
    yield from _clocks(policy, files)
    yield from _guard(policy, files)


def _fit(policy: Policy, files: Files) -> Iterator[Problem]:
    total = sum(attribute.weight for attribute in policy.fit.attributes)
    if total != WHOLE:
        listed = " + ".join(str(attribute.weight) for attribute in policy.fit.attributes)
        yield Problem(
            files.where("scoring", "fit", "attributes"),
            "fit.attributes",
            f"the weights add up to {total} ({listed}), not to 100",
            "change a weight",
        )
    for number, attribute in enumerate(policy.fit.attributes):
        where = files.where("scoring", "fit", "attributes", number)
        for points in (*(band.points for band in attribute.bands), attribute.otherwise):
            if points > attribute.weight:
                what = f"gives {points} points, more than its weight {attribute.weight}"
                yield Problem(where, f"fit.{attribute.name}", what, "lower the points or raise the weight")
        best = max(band.points for band in attribute.bands)
        if best < attribute.weight:
            what = f"nobody can reach its weight {attribute.weight}: the best answer gives {best}"
            yield Problem(where, f"fit.{attribute.name}", what, "give the best answer all the points")
    yield from _bands(policy.fit.bands, files.where("scoring", "fit", "bands"), "fit.bands")
    yield from _bar(policy.fit.bar, files.where("scoring", "fit", "bar"), "fit.bar")


def _intent(policy: Policy, files: Files) -> Iterator[Problem]:
    intent = policy.intent
    yield from _bands(intent.bands, files.where("scoring", "intent", "bands"), "intent.bands")
    yield from _bar(intent.bar, files.where("scoring", "intent", "bar"), "intent.bar")
    if intent.rearm_below > intent.bar:
        what = f"rearm_below {intent.rearm_below} is above the bar {intent.bar}"
        yield Problem(
            files.where("scoring", "intent", "rearm_below"),
            "intent.rearm_below",
            what,
            "a lead must cool below the bar before it can pass again",
        )
    for number, kind in enumerate(intent.kinds):
        if kind.cap is not None and kind.cap < kind.points:
            what = f"the cap {kind.cap} is below the points {kind.points} of one"
            yield Problem(
                files.where("scoring", "intent", "kinds", number), f"intent.kinds.{kind.name}", what, "raise the cap or lower the points"
            )
    if not any(kind.hand_raise for kind in intent.kinds):
        yield Problem(
            files.where("scoring", "intent", "kinds"),
            "intent.kinds",
            "no kind is a hand-raise",
            "mark demo, contact and pricing with hand_raise: true",
        )
    if sum(min(WHOLE, kind.cap or kind.points) for kind in intent.kinds) < intent.bar:
        yield Problem(
            files.where("scoring", "intent", "bar"), "intent.bar", f"nobody can reach {intent.bar}", "lower the bar or raise points"
        )


def _bands(bands: tuple[tuple[str, int], ...], where: str, path: str) -> Iterator[Problem]:
    least = [start for _, start in bands]
    if not least or min(least) != 0:
        yield Problem(where, path, "the lowest band does not start at 0", "add a band that starts at 0")
    if len(set(least)) != len(least):
        yield Problem(where, path, "two bands start at the same score", "give each its own start")


def _bar(bar: int, where: str, path: str) -> Iterator[Problem]:
    if not BAR_LOW <= bar <= BAR_HIGH:
        yield Problem(
            where, path, f"a bar of {bar} lets through {'everybody' if bar < BAR_LOW else 'nobody'}", f"choose {BAR_LOW} to {BAR_HIGH}"
        )


def _clocks(policy: Policy, files: Files) -> Iterator[Problem]:
    clock = policy.hand_raise
    order = [clock.respond_minutes, *clock.reroute_after_minutes, clock.manager_queue_after_minutes]
    if order != sorted(order):
        what = "the minutes do not rise: respond, re-route, manager's queue"
        yield Problem(files.where("routing", "hand_raises"), "hand_raises", what, "put them in rising order")
    if clock.aged_after_days >= clock.reconfirm_after_days:
        what = "aged_after_days is not below reconfirm_after_days"
        yield Problem(
            files.where("routing", "hand_raises", "aged_after_days"), "hand_raises", what, "a request ages before it must be re-confirmed"
        )
    for stage, days in policy.silence.days.items():
        if not 1 <= days <= policy.horizon_days:
            what = f"{days} days cannot be told: activity is kept for {policy.horizon_days} days"
            yield Problem(
                files.where("sweep", "silence", "days", stage),
                f"silence.days.{stage}",
                what,
                "choose fewer days, or raise history_days in policy.yaml",
            )


def _guard(policy: Policy, files: Files) -> Iterator[Problem]:
    for move, share in policy.guard.per_mille.items():
        if share > WHOLE * 10:
            yield Problem(
                files.where("guard", "limits", move), f"limits.{move}", f"{share // 10} percent is more than everybody", "choose 0 to 100"
            )
