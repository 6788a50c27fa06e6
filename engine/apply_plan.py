"""Apply a plan that waited: the approval is recorded with who, when and the digest of what was approved."""

from __future__ import annotations

from engine.apply import apply_open
from engine.book import tell_again
from engine.context import Engine, NotApplicable
from engine.numbers import row_number
from engine.planning import UNSIGNED, changed_since_signed, plan_round, release, take_kept_turns
from engine.report import RunSummary, Status
from engine.runs import Run, running, summary
from engine.sync import finish, prepare
from ledger.values import PlanRefused, PlanRow, Unknown

PROPOSED = "proposed"


def apply_plan(engine: Engine, plan_id: int | str, approved_by: str) -> RunSummary:
    """Approves and writes one plan; records that moved since are decided afresh. Raises NotApplicable, and as `sync`."""
    plan = _plan(engine, plan_id)
    if engine.ledger.switches.cut_over() is None:
        raise NotApplicable(f"plan {plan_id} was made before this company was adopted: run handoff adopt, and approve the plan it makes")
    if not engine.policy.approvals:
        raise NotApplicable(f"nobody has signed the policy {engine.policy.name}: {UNSIGNED}")
    if engine.policy.unsigned:
        raise NotApplicable(changed_since_signed(engine.policy))
    if plan.state == PROPOSED and engine.ledger.runs.get(plan.run).policy_digest != engine.policy.digest:
        raise NotApplicable(f"plan {plan_id} was made by other rules than the ones in force: handoff plan makes it anew by these")
    if engine.settings.writes != "on":
        raise NotApplicable("writes are off in the settings: switch them on before a plan is applied")
    if engine.ledger.switches.paused():
        raise NotApplicable("handoff is paused: resume before a plan is applied")
    with running(engine, "apply-plan", "apply", by=approved_by) as run:
        prepare(run)
        run.plan_id = plan.id
        _approve(run, plan, approved_by)
        with run.phase("apply"):
            conflicts = apply_open(run)
        _tell(run, plan)
        if conflicts and not run.stopped:
            _afresh(run)
        finish(run)
        return summary(run)


def _plan(engine: Engine, plan_id: int | str) -> PlanRow:
    try:
        return engine.ledger.outbox.plan(row_number(plan_id))
    except (Unknown, ValueError) as error:
        raise NotApplicable(f"there is no plan {plan_id}; use the number that the run printed which made it") from error


def _approve(run: Run, plan: PlanRow, by: str) -> None:
    """Approval takes the plan's turns. A plan that is approved already goes on where it stopped."""
    engine = run.engine
    if plan.state == "approved":
        return
    try:
        engine.ledger.outbox.approve(plan.id, by, plan.digest, engine.clock())
    except PlanRefused as error:
        raise NotApplicable(f"plan {plan.id} cannot be applied: {error}") from error
    take_kept_turns(run, plan.id)
    run.counts["lines"], run.counts["effects"] = plan.lines, plan.creations


def _tell(run: Run, plan: PlanRow) -> None:
    """What the plan has really written; its own words where all of it was."""
    rules, kinds, missing = run.engine.ledger.outbox.written(plan.id)
    if not missing:
        tell_again(run, plan.summary)
        return
    run.moved.update({rule: number for rule, number in rules.items() if rule})
    run.kinds.update({kind: number for kind, number in kinds.items() if kind != "field"})
    run.notes.append(f"{missing:,} records of the plan were not written: they had changed, were refused, or were decided afresh since")


def _afresh(run: Run) -> None:
    """Leads whose records moved since the plan are decided by what they say now, under the guard like any others."""
    book = plan_round(run)
    if release(run, book):
        with run.phase("apply"):
            apply_open(run)
    elif run.status is Status.DONE:
        run.status = Status.PARTIAL
