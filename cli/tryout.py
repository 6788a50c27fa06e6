"""`handoff demo` and `handoff up`: the product on a sandbox of its own. Heavy imports happen inside the commands, as in `main`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def demo(
    *,
    seed: int = 7,
    leads: int = 12_000,
    crms: str = "hubspot,salesforce",
    home: Path = Path(".handoff/demo"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Play Company A from a full limbo to an empty one, in a sandbox of its own.

    Parameters
    ----------
    seed
        The world's seed; every figure must hold for any.
    leads
        Leads of three months together.
    crms
        hubspot,salesforce or one of them.
    home
        Folder for the demo's world, ledger and logs; `handoff up` opens it.
    json
        Print one JSON object instead of the story.
    """
    from cli.demo import demo as run

    return run(seed=seed, leads=leads, crms=crms, home=home, as_json=json)


def up(*, home: Path = Path(".handoff/demo"), port: int = 0, sandbox_port: int = 0, leads: int = 12_000, seed: int = 7) -> int:
    """Sandbox, Prefect server, worker and deployments under one supervisor, until Ctrl-C.

    Parameters
    ----------
    home
        Folder of the world; the demo's world is opened where there is one, else a new one is made.
    port
        Port of the Prefect UI; a free one when left out.
    sandbox_port
        Port of the sandbox and its pages; a free one when left out.
    leads
        Leads of a new world.
    seed
        Seed of a new world.
    """
    from cli.up import up as run

    return run(home=home, port=port, sandbox_port=sandbox_port, leads=leads, seed=seed)
