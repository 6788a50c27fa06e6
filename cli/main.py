"""The command `handoff`. Heavy imports happen inside the commands, so that help and mistakes answer at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter, validators

from cli.policy_app import policy_app
from cli.reports import report
from cli.tryout import demo, up


def version() -> str:
    """The installed package's version."""
    from importlib.metadata import version as installed

    return installed("handoff")


app = App(
    name="handoff",
    version=version,
    help="Hands leads from marketing to sales and back, between HubSpot and Salesforce, from a reviewed policy.",
    version_flags=["--version"],
)
app.command(policy_app)
app.command(report)
app.command(demo)
app.command(up)


@app.command
def look() -> int:
    """Read both CRMs and say what is wrong. Writes nothing and needs no policy."""
    from cli.verbs import look as run

    return run()


@app.command
def doctor() -> int:
    """Check credentials, accounts, rights, fields, options, owners, coverage and other writers; say what to fix."""
    from cli.verbs import doctor as run

    return run()


@app.command
def setup(*, apply: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Show which of our own fields are missing; with --apply (and an administrator's credentials) create them.

    Parameters
    ----------
    apply
        Create what is missing.
    """
    from cli.verbs import setup as run

    return run(apply=apply)


@app.command
def adopt() -> int:
    """Take a company's backlog over: writes nothing, makes a plan to approve."""
    from cli.verbs import adopt as run

    return run()


@app.command
def plan(*, sweep: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Decide everything that changed or is due and show what would be written.

    Parameters
    ----------
    sweep
        Only leads whose deadline has come.
    """
    from cli.verbs import plan as run

    return run(sweep=sweep)


@app.command
def apply(plan_id: str | None = None, /, *, by: str = "") -> int:
    """Approve and write a saved plan; without a plan id, run a sync in apply mode.

    Parameters
    ----------
    plan_id
        The plan to approve: the number that the run printed which made it.
    by
        Who answers for the approval; the user's name when left out.
    """
    from cli.verbs import apply as run

    return run(plan_id, by)


@app.command
def undo(run_id: str, /) -> int:
    """Restore what a run changed wherever nobody has edited since.

    Parameters
    ----------
    run_id
        The run: the number that it printed at its end.
    """
    from cli.verbs import undo as run

    return run(run_id)


@app.command
def release(run_id: str, /) -> int:
    """Let the leads of an undone run move again: the next run does so, unless their records or the policy have changed.

    Parameters
    ----------
    run_id
        The run that was undone, not the undo itself.
    """
    from cli.verbs import release as run

    return run(run_id)


@app.command
def reconcile() -> int:
    """After an older copy of the ledger was restored: take stages over from the records that are ahead of it. Writes to no CRM."""
    from cli.verbs import reconcile as run

    return run()


@app.command
def explain(lead: str, /, *, at: str = "") -> int:
    """Say why a lead is where it is.

    Parameters
    ----------
    lead
        An e-mail address, a lead key or a record such as hubspot:contacts:33451.
    at
        An ISO date-time: show the decision that held then.
    """
    from cli.verbs import explain as run

    return run(lead, at)


@app.command
def pause() -> int:
    """Stop all writes, everywhere, until `handoff resume`."""
    from cli.verbs import pause as run

    return run(on=True)


@app.command
def resume() -> int:
    """Allow writes again."""
    from cli.verbs import pause as run

    return run(on=False)


@app.command
def more(rep: str, number: int, /) -> int:
    """Give a rep more leads today than the bounds of routing.yaml allow, from the next sync on. Only qualified leads: fit stays.

    Parameters
    ----------
    rep
        The rep's e-mail address.
    number
        How many more; 0 takes the request back.
    """
    from cli.capacity import more as run

    return run(rep, number)


@app.command
def capacity() -> int:
    """Show what the reps can carry against what arrives, and the intent bar proposed for next week. Changes nothing."""
    from cli.capacity import capacity as run

    return run()


@app.command
def runs() -> int:
    """List the latest runs, and the plans that wait for approval."""
    from cli.listings import runs as run

    return run()


@app.command
def show(plan_id: str, /, *, most: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 40, csv: Path | None = None) -> int:
    """Read a plan before approving it: lead by lead, what moves, who gets it, and why.

    Parameters
    ----------
    plan_id
        The number that the run printed.
    most
        How many leads to show.
    csv
        Write every field, before and after, into this file instead.
    """
    from cli.listings import show as run

    return run(plan_id, most, csv)


@app.command
def exceptions() -> int:
    """List what needs a person: refused by a CRM, ambiguous, unmapped, contested."""
    from cli.listings import exceptions as run

    return run()


@app.command
def sources(do: Literal["list", "resume"] = "list", name: str = "", /) -> int:
    """List the sources that were stopped because they brought far more leads than usual, or let one go on.

    Parameters
    ----------
    do
        list, or resume.
    name
        The source that may go on.
    """
    from cli.listings import sources as run

    return run(name if do == "resume" else None)


@app.command
def erase(lead: str, /) -> int:
    """Forget a person's name, address and numbers here, now and at later pulls. Erase the record in the CRMs first.

    Parameters
    ----------
    lead
        An e-mail address, a lead key or a record.
    """
    from cli.verbs import erase as run

    return run(lead)


@app.command
def docs(*, policy: Path | None = None, out: Path = Path("process")) -> int:
    """Write the agreed process from the policy, as Markdown and as one self-contained page.

    Parameters
    ----------
    policy
        The policy folder.
    out
        Folder for process.md and process.html.
    """
    from cli.policy_verbs import docs as run
    from cli.policy_verbs import folder_of

    return run(folder_of(policy), out)


def main() -> None:
    """Entry point: the exit code is 0 when the command did what it says, 1 when something needs a person, 2 for wrong usage."""
    from cli.errors import guarded

    sys.exit(guarded(app))
