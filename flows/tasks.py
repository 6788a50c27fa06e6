"""The engine's independent pieces of work as Prefect tasks, so that the UI shows each stream that is pulled and each CRM that is written.

A task takes and returns nothing that Prefect stores: its result is not persisted and not cached, because resume is the ledger's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext

from engine.context import Threads

Item = TypeVar("Item")
Result = TypeVar("Result")


class PrefectTasks:
    """An executor: named pieces of work become task runs side by side; unnamed ones, and those inside a task, plain threads."""

    def __init__(self, most: int = 8) -> None:
        self._threads = Threads(most)

    def map(self, work: Callable[[Item], Result], items: Iterable[Item], names: Sequence[str] = ()) -> list[Result]:
        """`work(item)` for every item; all have ended when this returns or raises the first error."""
        todo = list(items)
        if not names or TaskRunContext.get() is not None:
            return self._threads.map(work, todo)
        futures = [_as_task(work, item, name).submit() for item, name in zip(todo, names, strict=True)]
        for future in futures:
            future.wait()
        return [future.result() for future in futures]


def _as_task(work: Callable[[Item], Result], item: Item, name: str) -> Task[[], Result]:
    def run() -> Result:
        return work(item)

    return Task(run, name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)
