"""One place that turns every expected failure into a sentence a RevOps person can act on, and an exit code that is not 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cyclopts import App
from rich.console import Console

_LEDGER_MEND = "look at HANDOFF_HOME or HANDOFF_LEDGER_URL, and at the room on its disk; docs/runbook.md says how to go on"
_PATTERNS = {
    "salesforce_org_id": "has to be an organisation id of 15 or 18 signs that begins with 00D",
    "salesforce_api_version": "has to be a number such as 67.0, without a v",
}


def expected() -> tuple[type[Exception], ...]:
    """The failures that are messages and not bugs. Imported late: `handoff --help` needs none of it."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError as UnreadableSettings
    from sqlalchemy.exc import DBAPIError

    from cli.prefect_api import Busy, RunFailed
    from cli.processes import ProcessEnded
    from cli.sandbox_control import SandboxRefused
    from cli.theatre import DemoFailed
    from connectors.protocol import CrmError
    from engine.context import EngineError
    from ledger.values import LedgerError
    from mappings.fields import FieldMapError
    from mappings.problems import PolicyErrors
    from runtime.open import SettingsError

    return (
        CrmError, EngineError, LedgerError, PolicyErrors, SettingsError, UnreadableSettings, ValidationError, RunFailed, Busy,
        DemoFailed, ProcessEnded, SandboxRefused, FieldMapError, OSError, DBAPIError,
    )  # fmt: skip


def guarded(app: App, tokens: list[str] | None = None, out: Callable[[str], object] | None = None) -> int:
    """Run the command line; 0 done, 1 something needs a person (said on standard error), 130 stopped from outside."""
    from cli.processes import Stopped

    say = out or Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print
    try:
        code = app(tokens, exit_on_error=False, result_action="return_value") if tokens is not None else app(result_action="return_value")
    except Stopped as stop:
        say(f"stopped by {stop}; everything that was started has ended")
        return 130
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except Exception as error:
        if not isinstance(error, expected()) or _is_a_bug(error):
            raise
        say(_message(error))
        return 1
    return code if isinstance(code, int) else 0


def _is_a_bug(error: Exception) -> bool:
    """A statement that the database does not understand, or a value that breaks a rule of the tables: no setting mends that."""
    from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

    return isinstance(error, (DataError, IntegrityError, ProgrammingError))


def _message(error: Exception) -> str:
    from pydantic import ValidationError
    from sqlalchemy.exc import DBAPIError

    from connectors.protocol import TryLater

    if isinstance(error, TryLater):
        return f"{error}\nthe CRM cannot answer just now, and nothing is lost: try again later (handoff doctor looks at the connection)"
    if isinstance(error, ValidationError):
        return "\n".join(_of_setting(item) for item in error.errors(include_input=False))
    if isinstance(error, DBAPIError):
        what = " ".join(str(error.orig).split()) or type(error.orig).__name__
        return f"the ledger cannot be opened, read or written: {what}\n    {_LEDGER_MEND}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}"
    return str(error)


def _of_setting(item: Mapping[str, Any]) -> str:
    words = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "has to be")
    if item["type"] == "string_pattern_mismatch":
        words = _PATTERNS.get(
            str(item["loc"][-1]), "has to be an address such as https://name.my.salesforce.com, without user and password"
        )
    return f"HANDOFF_{'_'.join(map(str, item['loc'])).upper()}: {words}"
