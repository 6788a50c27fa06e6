"""Company A, from a full limbo to an empty one: the story `make demo` tells. Every figure is read back from the two CRMs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.audit import auditing, choose_edit, edit_kept, undone
from cli.beside import Beside, Voice
from cli.theatre import DemoFailed, Theatre, cleared, open_prefect, own_home, theatre
from engine.capacity import capacity
from engine.look import figures_now, look
from engine.pull import refresh
from engine.report import RunSummary, Status
from engine.setup import setup
from handoff.policy import Policy
from mappings.baseline import baseline_policy
from mappings.narrow import narrowed
from runtime.summaries import kept_summary

_DAY_SECONDS = 86_400
_MAIL_RUN_SECONDS = 3 * 3_600
_OWNER = {"hubspot": "hubspot_owner_id", "salesforce": "OwnerId"}
_MARKETING = {
    "hubspot": {"vendor": "hubspot", "object": "contacts", "property": "handoff_nurture_group"},
    "salesforce": {"vendor": "salesforce", "object": "Lead", "property": "Handoff_Nurture_Group__c"},
}


@dataclass
class Story:
    """What the demo found, and the voice that tells it."""

    stage: Theatre
    say: Voice
    beside: Beside
    prefect_opens: Future[None]
    runs: list[RunSummary] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    applied_run: str = ""
    applied_plan: int = 0
    undo_played: Future[list[str]] = field(default_factory=Future)

    def flow(self, deployment: str, parameters: Mapping[str, object], phase: str) -> RunSummary:
        """Run one deployment through Prefect, keep its summary, and show it."""
        before = self.stage.calls_made()
        with self.stage.timed(phase):
            run = self.stage.prefect.run(deployment, parameters, self.stage.children.check)
        for system, made in self.stage.calls_made().items():
            self.made[system] = self.made.get(system, 0) + made - before.get(system, 0)
        with self.stage.engine("reader") as engine:
            summary = kept_summary(engine, str(run["id"]))
        self.runs.append(summary)
        for line in summary.lines():
            self.say(f"    {line}")
        if len(self.runs) == 1:
            self.say("      (calls needed: the fewest that this work takes in full pages and full batches)")
        return summary


def demo(*, seed: int, leads: int, crms: str, home: Path, as_json: bool) -> int:
    """Play the whole story; 0 when every promise held. Raises DemoFailed naming the one that did not."""
    console = Console(highlight=False, soft_wrap=True, markup=False, stderr=as_json)
    world = {"world": "company_a", "seed": seed, "leads": leads, "crms": crms.split(",")}
    beside = Beside()
    with own_home(home) as own, theatre(cleared(own), world, console.print) as stage:
        story = Story(stage, Voice(console.print), beside, beside.submit(open_prefect, stage, schedules=False))
        for chapter in (first_look, fields_made, guard_stops, backlog_moves, nothing_left, edit_stays, a_day_later):
            chapter(story)
        result = outcome(story, seed, leads)
    console.print(_where_to_click(own))
    if as_json:
        print(json.dumps(result))  # noqa: T201 - the one JSON object that was asked for
    broken = broken_promises(result)
    if broken:
        raise DemoFailed("the demo did not keep its promise: " + "; ".join(broken))
    return 0


def first_look(story: Story) -> None:
    """Read only, with a reader's credentials and no policy."""
    story.say("\n1  a look, read-only, no policy yet")
    with story.stage.timed("look"), story.stage.engine("reader", home=story.stage.home / "audit", policy=_no_policy(story)) as engine:
        report = look(engine)
    for line in report.lines():
        story.say(f"    {line}")
    story.found["before"] = _figures(story, "before", story.stage)
    with story.stage.timed("waiting for Prefect"):
        story.prefect_opens.result()


def fields_made(story: Story) -> None:
    """Our own fields, by an administrator's credentials."""
    story.say("\n2  setup: our own fields, with an administrator's credentials")
    with story.stage.timed("setup"), story.stage.engine("product") as engine, story.stage.engine("admin") as admin:
        lines = setup(engine, admin.crms, apply=True)
    _let_auditor_see(story)
    story.say(f"    {len(lines)} steps; the last: {lines[-1] if lines else 'nothing was missing'}")
    rules = [_MARKETING[system] for system in story.stage.manifest["credentials"]]
    story.stage.sandbox.put("/marketing", {"rules": [{**rule, "values": None, "every_days": 7} for rule in rules]})


def _let_auditor_see(story: Story) -> None:
    """A new Salesforce field is invisible without a permission set: the auditor gets it, too, or would miss every review date."""
    with story.stage.engine("admin") as admin, story.stage.engine("auditor") as auditor:
        for system, crm in admin.crms.items():
            crm.create_own_fields(auditor.crms[system].identity().user_id)


def guard_stops(story: Story) -> None:
    """Somebody presses 'sync' before the backlog was adopted."""
    story.say("\n3  somebody runs sync-leads in apply mode at once: the guard stops the mass move")
    summary = story.flow("sync-leads/sync-leads", {"mode": "apply"}, "sync")
    story.found["guard_stopped"] = (
        summary.status is Status.NEEDS_APPROVAL and bool(summary.guard_breach) and not any(summary.counts.writes.values())
    )


def backlog_moves(story: Story) -> None:
    """Adoption, the plan, the approval, the writes."""
    story.say("\n4  adopt: take everything as it is, write nothing, plan the backlog")
    plan = story.flow("adopt/adopt", {}, "adopt")
    story.say(f"\n5  approved: handoff apply {plan.plan_id}")
    parameters = {"plan_id": int(plan.plan_id), "approved_by": "revops@acme.example"}
    applied = story.flow("apply-plan/apply-plan", parameters, "apply")
    story.applied_run, story.applied_plan = applied.run_id, int(plan.plan_id)
    _capacity_told(story)


def _capacity_told(story: Story) -> None:
    """How many leads a month the reps can work: the sum behind the nurture."""
    with story.stage.engine("reader") as engine:
        report = capacity(engine)
    story.say(f"    capacity: {report.month}")
    if report.proposal is not None:
        story.say(f"    next week: {report.proposal.told}")


def nothing_left(story: Story) -> None:
    """The second run finds nothing, and both CRMs agree: a copy of what they were before it is read back while it runs.

    On the same copy undo plays afterwards, while the story goes on; what comes after that chapter is told after it.
    """
    story.say("\n6  the same run again: nothing is left to do")
    with story.stage.timed("copy"):
        copy = story.stage.copied("copy")
    after = story.beside.submit(_figures, story, "after", copy)
    again = story.flow("sync-leads/sync-leads", {"mode": "apply"}, "sync again")
    story.found["after"] = after.result()
    story.found["second_run_changes"] = again.counts.lines
    story.found["second_run_effects"] = again.counts.effects
    story.undo_played = story.beside.submit(taken_back, story, copy)
    story.say.wait_for(story.undo_played)


def taken_back(story: Story, copy: Theatre) -> list[str]:
    """Undo, by the command line, on a copy of world and ledger. Returns what is told."""
    with copy.timed("undo"):
        lines = copy.command("undo", story.applied_run, writes="on")
    with copy.timed("read back undo"), copy.engine("auditor") as auditor:
        back = undone(auditor, story.applied_plan)
    story.found["undone_equals_before"] = bool(back.compared) and not back.different
    return [
        "\n7  undo, on a copy of the world",
        *(f"    {line}" for line in lines),
        f"    {back.compared:,} fields read back, {back.different:,} differ from before",
        f"    {back.owners_gone:,} more had owners who left: Salesforce gives nothing back to them",
    ]


def edit_stays(story: Story) -> None:
    """A rep gives a lead to a colleague; the next run leaves it there."""
    story.say("\n8  a rep hands one of these leads to a colleague; the next run keeps it")
    with story.stage.engine("reader") as engine:
        edit = choose_edit(engine, story.applied_plan)
    record = {"vendor": edit.ref.system, "object": edit.ref.object, "id": edit.ref.id, "rep": edit.by}
    act = {**record, "action": "edit", "fields": {_OWNER[edit.ref.system]: edit.owner_id}}
    story.stage.sandbox.post("/act/rep", act)
    story.flow("sync-leads/sync-leads", {"mode": "apply"}, "sync after an edit")
    with story.stage.engine("auditor", home=story.stage.home / "audit-edit") as auditor:
        story.found["human_edit_kept"] = edit_kept(auditor, edit)
    story.say(f"    {edit.ref} belongs to {edit.to}: {'kept' if story.found['human_edit_kept'] else 'NOT kept'}")


def a_day_later(story: Story) -> None:
    """The clock moves a day, other automation writes, our runs follow, marketing mails."""
    story.say("\n9  a day later")
    sandbox = story.stage.sandbox
    sandbox.post("/clock", {"advance_seconds": _DAY_SECONDS})
    story.flow("sync-leads/sync-leads", {"mode": "apply"}, "sync next day")
    story.flow("sweep-silent/sweep-silent", {"mode": "apply"}, "sweep next day")
    sandbox.post("/clock", {"advance_seconds": _MAIL_RUN_SECONDS})
    story.found["next_day"] = _figures(story, "next day", story.stage)
    with story.stage.timed("waiting for the undo"):
        story.undo_played.result()


def outcome(story: Story, seed: int, leads: int) -> dict[str, Any]:
    """The JSON object."""
    needed = _summed([run.lower_bound for run in story.runs])
    with story.stage.engine("reader") as engine:
        exceptions = dict(engine.ledger.exceptions.counts())
    result = {
        **story.found,
        "writes": _summed([run.counts.writes for run in story.runs]),
        "api_calls": {
            system: {"made": story.made[system], "lower_bound": needed.get(system, 0)} for system in story.stage.manifest["credentials"]
        },
        "exceptions": exceptions,
        "seconds": story.stage.seconds,
        "seed": seed,
        "leads": leads,
    }
    _tell(story, result)
    return result


def broken_promises(result: Mapping[str, Any]) -> list[str]:
    """What the story promises and `result` does not show."""
    after, later = result["after"], result["next_day"]
    asked = {
        "somebody was never called": after["hot_never_followed_up"] == later["hot_never_followed_up"] == 0,
        "somebody sits with a person who left": after["inactive_owner"] == later["inactive_owner"] == 0,
        "somebody belongs to nobody": after["without_owner"] == later["without_owner"] == 0,
        "somebody is still in limbo a day later": later["in_limbo"] == 0,
        "the guard did not stop the mass move": result["guard_stopped"],
        "a rep's edit was overwritten": result["human_edit_kept"],
        "the second run changed something": result["second_run_changes"] == 0,
        "the second run set something off": result["second_run_effects"] == 0,
        "undo did not restore what was before": result["undone_equals_before"],
    }
    return [promise for promise, held in asked.items() if not held]


def _no_policy(story: Story) -> Policy:
    """What is known of a company that has no policy yet, for the CRMs of this world."""
    return narrowed(baseline_policy(), list(story.stage.manifest["credentials"]))


def _figures(story: Story, moment: str, where: Theatre) -> dict[str, object]:
    with where.timed(f"read back {moment}"), auditing(where, story.stage.home) as auditor:
        refresh(auditor)
        return figures_now(auditor).as_dict()


def _summed(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total


def _tell(story: Story, result: Mapping[str, Any]) -> None:
    story.say("\n                             before     after   next day")
    for name in ("hot_never_followed_up", "in_limbo", "inactive_owner", "without_owner", "in_scope"):
        values = [result[moment][name] for moment in ("before", "after", "next_day")]
        story.say(f"    {name.replace('_', ' '):<22} " + "  ".join(f"{value:>8,}" for value in values))
    story.say("    on hold: " + ", ".join(f"{number:,} {why}" for why, number in result["next_day"]["on_hold"].items()))
    story.say("    needs a person: " + (", ".join(f"{n:,} {why}" for why, n in sorted(result["exceptions"].items())) or "nothing"))
    tasks = _summed([run.counts.effects_done for run in story.runs])
    for system, calls in result["api_calls"].items():
        wrote = f"{result['writes'].get(system, 0):,} records" + (f" and {tasks[system]:,} tasks" if system in tasks else "")
        story.say(f"    {system}: {calls['made']:,} calls made, at least {calls['lower_bound']:,} needed, {wrote} written")
    sums = [f"{run.flow} (run {run.run_id}): {line}" for run in story.runs for line in run.bound_lines()]
    (story.stage.home / "bounds.txt").write_text("\n".join(sums) + "\n")
    story.say(f"    how 'needed' adds up, step by step (all {len(sums)} steps: {story.stage.home / 'bounds.txt'}):")
    for line in next((run.bound_lines() for run in story.runs if run.run_id == story.applied_run), []):
        story.say(f"      {line}")


def _where_to_click(home: Path) -> str:
    return (
        "\nThe world and its ledger are kept. `make up` opens them and prints where to click: the record pages of both CRMs\n"
        f"with the reason beside each change, and the upcoming runs in Prefect. (folder {home})"
    )
