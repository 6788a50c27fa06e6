"""Adopt: takes a company's CRMs over as they stand.

Stages, statuses and owners are facts, what differs from them later is somebody's edit; the clocks of deadlines start, nothing is written.

The backlog becomes one plan that waits for a person's approval. What had happened before the cut-over pages nobody: only the transitions
that the approved plan carries out create tasks.
"""

from __future__ import annotations

from engine.context import Engine, NotApplicable
from engine.planning import UNSIGNED, park, plan_round
from engine.report import RunSummary, Status
from engine.runs import running, summary
from engine.sync import finish, prepare, take_in


def adopt(engine: Engine) -> RunSummary:
    """Records the cut-over and makes the backlog plan. Raises NotApplicable when that was done or no policy is signed, else as `sync`."""
    before = engine.ledger.switches.cut_over()
    if before is not None:
        raise NotApplicable(f"this company was adopted at {before:%Y-%m-%d %H:%M} UTC; approve the plan that was made then")
    if not engine.policy.approvals:
        raise NotApplicable(f"nobody has signed the policy {engine.policy.name}: {UNSIGNED}")
    with running(engine, "adopt", "apply") as run:
        prepare(run)
        take_in(run)
        for _ in engine.ledger.leads.take_as_found(engine.settings.shard_size):
            run.renew()
        engine.ledger.switches.set_cut_over(engine.clock())
        book = plan_round(run, "backlog", adopting=True)
        park(run, book, withheld_all=True)
        finish(run)
        run.status = Status.NEEDS_APPROVAL if book.leads else Status.DONE
        run.notes.append("nothing was written; the backlog moves when its plan is approved")
        return summary(run)
