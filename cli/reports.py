"""`handoff report`: what the ledger says of answers, outcomes and fit, as tables. Asks no CRM and writes nothing."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter


def report(
    kind: Literal["sla", "outcomes", "lookalike"],
    /,
    *,
    by: Literal["week", "month", "quarter"] = "month",
    managers: Annotated[bool, Parameter(negative="")] = False,
    csv: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Report how fast leads are answered, what became of them, or which fit weights the won ones suggest. Changes nothing.

    Parameters
    ----------
    kind
        sla: answers in time per period, open breaches, statuses in use. outcomes: per source and campaign, pipeline, reasons, scores.
        lookalike: fit weights that the won leads suggest, and answers that are common among the lost.
    by
        The period of the hand-over.
    managers
        The managers' view of sla: reps by name. Not for passing round, unless notices.yaml shows them to everyone.
    csv
        Print comma-separated values, each row with its table's name first.
    """
    from cli.verbs import say
    from engine.report_table import write_tables
    from engine.reports import report as run
    from runtime.open import open_engine
    from runtime.settings import Settings

    with open_engine(Settings()) as engine:
        tables = run(engine, kind, by, managers=managers)
    if csv:
        write_tables(tables, sys.stdout)
        return 0
    for number, table in enumerate(tables):
        for line in [""] * bool(number) + table.lines():
            say(line)
    return 0
