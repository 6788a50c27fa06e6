"""`handoff policy`: read, check, sign and try the policy files. Heavy imports happen inside the commands, as in `main`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App

policy_app = App(name="policy", help="Read and check the policy files.")


@policy_app.command(name="check")
def check(folder: Path | None = None, /, *, policy: Path | None = None) -> int:
    """Compile the policy files and name every mistake with file, line and mend.

    Parameters
    ----------
    folder
        The policy folder, shorter than --policy.
    policy
        The policy folder; HANDOFF_MAPPINGS when left out.
    """
    from cli.policy_verbs import check as run
    from cli.policy_verbs import folder_of

    return run(folder_of(folder or policy))


@policy_app.command(name="sign")
def sign(team: Literal["sales", "marketing"], /, *, by: str, policy: Path | None = None) -> int:
    """Sign the rules as they stand, for one team. Both teams have to; a rule that is changed later has to be signed again.

    Parameters
    ----------
    team
        Whose signature this is.
    by
        Who signs.
    policy
        The policy folder.
    """
    from cli.policy_verbs import folder_of
    from cli.policy_verbs import sign as run

    return run(team, by, folder_of(policy))


@policy_app.command(name="test")
def play(*cases: Path, policy: Path | None = None) -> int:
    """Play cases (given facts, expected decision) against the policy, and again without the part each case is about.

    Parameters
    ----------
    cases
        Case files; all files of the policy's own `cases` folder when left out.
    policy
        The policy folder.
    """
    from cli.policy_verbs import folder_of
    from cli.policy_verbs import test as run

    return run(cases, folder_of(policy))


@policy_app.command(name="units")
def units(*folders: Path) -> int:
    """Say which leads the policies of several business units leave to nobody, and which two of them take.

    Parameters
    ----------
    folders
        Policy folders, in the order of precedence. Each says in policy.yaml whose leads it takes.
    """
    from cli.units import units as run

    return run(folders)


@policy_app.command(name="coverage")
def coverage(*, policy: Path | None = None, tests: Path = Path("tests")) -> int:
    """List which tests and cases show each requirement.

    Parameters
    ----------
    policy
        The policy folder, for its cases.
    tests
        The folder of the tests.
    """
    from cli.policy_verbs import coverage as run
    from cli.policy_verbs import folder_of

    return run(folder_of(policy), tests)
