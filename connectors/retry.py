"""Sends a request again where that helps, by what the failure means and never more than a stated number of times."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from connectors.protocol import Interrupted, TryLater

T = TypeVar("T")

LONGEST_WAIT_SECONDS = 60.0  # what asks for longer (a daily limit, a migration of up to 24 hours) is for a later run
FIRST_WAIT_SECONDS = 0.5


class Sending(Enum):
    """What it means to send a request twice."""

    READ = "read"  # nothing: send it again
    UPDATE = "update"  # the same values once more: send it again; somebody's edit in between is found by field history
    CREATE = "create"  # a second record: never blindly; look first


class Retry:
    """Retries `TryLater`, and `Interrupted` where the request may be sent twice. `sleep` is handed in."""

    def __init__(self, sleep: Callable[[float], None], attempts: int = 6) -> None:
        self._sleep = sleep
        self._attempts = attempts

    def call(self, send: Callable[[], T], sending: Sending) -> T:
        """What `send` returns, sent at most `attempts` times. Raises the last TryLater or Interrupted when that did not help."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: _is_worth_it(error, sending)),
            stop=stop_after_attempt(self._attempts),
            wait=_wait_seconds,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(send)


def _is_worth_it(error: BaseException, sending: Sending) -> bool:
    if isinstance(error, TryLater):
        return error.after_seconds <= LONGEST_WAIT_SECONDS
    return isinstance(error, Interrupted) and sending is not Sending.CREATE


def _wait_seconds(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.after_seconds if isinstance(error, TryLater) else 0.0
    if asked > 0:  # the vendor's own SDK waits the stated time, times the attempt
        return min(asked * state.attempt_number, LONGEST_WAIT_SECONDS)
    return min(FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1), LONGEST_WAIT_SECONDS)
