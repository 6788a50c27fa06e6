"""What happens at the same time as the story: work in threads of its own, and a voice that tells all chapters in their order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Lock, Thread
from typing import Any, TypeVar

Result = TypeVar("Result")


class Beside:
    """Each piece of work has a thread that nobody waits for at the end, so that Ctrl-C ends the demo at once, whatever plays beside it.

    The thread stays after its work is done: on Linux a process gets its parent's death signal when the thread that started it ends.
    """

    def submit(self, work: Callable[..., Result], *arguments: Any, **named: Any) -> Future[Result]:
        """The future of `work(...)`."""
        future: Future[Result] = Future()

        def play() -> None:
            try:
                future.set_result(work(*arguments, **named))
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it, as with any executor
                future.set_exception(error)
            Event().wait()

        Thread(target=play, daemon=True).start()
        return future


class Voice:
    """Says lines at once, or keeps them while an earlier chapter still plays."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._lock = Lock()
        self._kept: list[str] = []
        self._keeps = False

    def __call__(self, line: str) -> None:
        """Say `line` in its place."""
        with self._lock:
            if self._keeps:
                self._kept.append(line)
            else:
                self._say(line)

    def wait_for(self, chapter: Future[list[str]]) -> None:
        """From now on lines are kept until `chapter` has ended; then its lines are said, and after them what was kept. Once at a time."""
        with self._lock:
            self._keeps = True
        chapter.add_done_callback(self._go_on)

    def _go_on(self, chapter: Future[list[str]]) -> None:
        told = [] if chapter.cancelled() or chapter.exception() is not None else chapter.result()
        with self._lock:
            for line in [*told, *self._kept]:
                self._say(line)
            self._kept.clear()
            self._keeps = False
