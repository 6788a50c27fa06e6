"""One place that turns every expected failure into a sentence a RevOps person can act on, and an exit code that is not 0."""

from __future__ import annotations

from collections.abc import Callable

from cyclopts import App
from rich.console import Console


def expected() -> tuple[type[Exception], ...]:
    """The failures that are messages and not bugs. Imported late: `handoff --help` needs none of it."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError as UnreadableSettings

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
        DemoFailed, ProcessEnded, SandboxRefused, FieldMapError,
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
        if not isinstance(error, expected()):
            raise
        say(_message(error))
        return 1
    return code if isinstance(code, int) else 0


def _message(error: Exception) -> str:
    from pydantic import ValidationError

    from connectors.protocol import TryLater

    if isinstance(error, TryLater):
        return f"{error}\nthe CRM cannot answer just now, and nothing is lost: try again later (handoff doctor looks at the connection)"
    if isinstance(error, ValidationError):
        return "\n".join(f"HANDOFF_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors(include_input=False))
    return str(error)
