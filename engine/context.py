"""Everything a run is handed: policy, maps, CRMs, ledger, clock, sleep, executor and settings. Nothing here reads the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal, Protocol, TypeVar

from connectors.protocol import Crm
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.policy import Policy
from ledger.ledger import Ledger
from mappings.people import PersonRow

Item = TypeVar("Item")
Result = TypeVar("Result")


class EngineError(Exception):
    """A run cannot go on as asked. The message names the thing and the mend.

    EngineError
    ├── Busy          another run holds the lease
    ├── WrongAccount  the credentials open another account than the pinned one
    └── NotApplicable a plan cannot be applied, a run cannot be undone
    """


class Busy(EngineError):
    """Another run holds the writing lease; try again when it has ended."""


class WrongAccount(EngineError):
    """The credentials open an account that is not the pinned one. Nothing was written."""


class NotApplicable(EngineError):
    """The plan or run that was named cannot be used for this: unknown, expired, changed or already done."""


class Executor(Protocol):
    """Does independent work, perhaps at the same time. Results keep the items' order; the first error is raised after all have ended."""

    def map(self, work: Callable[[Item], Result], items: Iterable[Item], names: Sequence[str] = ()) -> list[Result]:
        """`work(item)` for every item; `names` say what each is, for whoever shows them to a person."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message to people. `to` is a colleague's e-mail or the audience itself, `audience` the channel it takes."""

    to: str
    audience: str
    subject: str
    text: str


class NotSent(Exception):
    """A message did not go out; the next run tries again. The message says why, without an address."""


class NoChannel(NotSent):
    """No channel is set for this audience: nobody is told, now or later."""


class Notifier(Protocol):
    """Sends one message."""

    def send(self, message: Message) -> None:
        """Returns when the channel has taken the message. Raises NotSent, NoChannel."""
        ...


class Inline:
    """One after the other in the caller's thread: what simulations and tests use."""

    def map(self, work: Callable[[Item], Result], items: Iterable[Item], names: Sequence[str] = ()) -> list[Result]:  # noqa: ARG002 - for who shows them
        """`work(item)` for every item, in order."""
        return [work(item) for item in items]


class Threads:
    """Each call to `map` gets its own threads, so that work may itself map without waiting for a free one."""

    def __init__(self, most: int = 8) -> None:
        self._most = most

    def map(self, work: Callable[[Item], Result], items: Iterable[Item], names: Sequence[str] = ()) -> list[Result]:  # noqa: ARG002 - for who shows them
        """`work(item)` for every item, at most `most` at the same time; all have ended when this returns or raises what one of them raised.

        Told to end (SystemExit and the like), it waits for nobody: who is still at work finds the run over at the next page or batch.
        """
        todo = list(items)
        if len(todo) <= 1:
            return [work(item) for item in todo]
        pool = ThreadPoolExecutor(max_workers=min(self._most, len(todo)))
        try:
            futures = [pool.submit(work, item) for item in todo]
            wait(futures)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [future.result() for future in futures]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the company's installation says, as plain values.

    `writes` is the master switch; `pinned` maps a system to the one account id its credentials may open; `production` names systems whose
    account may be a production one; `requests_in_flight` bounds concurrent requests per CRM; `shard_size` is how many leads, or rows of
    the ledger, are in memory at once.
    """

    writes: Literal["off", "on"] = "off"
    pinned: Mapping[str, str] = field(default_factory=dict)
    production: frozenset[str] = frozenset()
    holder: str = "handoff"
    requests_in_flight: int = 2
    shard_size: int = 1000
    plan_hours: int = 24
    lease_seconds: int = 300
    lease_wait_seconds: int = 0
    rounds: int = 3


def silent(phase: str) -> None:
    """Nobody watches."""
    del phase


@dataclass(frozen=True)
class Engine:
    """The parts of one installation.

    `clock` is the business time (aware UTC) that decisions see; `wall` is real time (aware UTC), on which the lease runs, because a
    sandbox's business clock can stand still; `monotonic` and `sleep` are seconds; `crms` maps a system's name to its adapter;
    `people` are the lines of the company's own people file, for what the CRMs do not say; `exclusions` are the digested addresses and
    domains of its named lists, with the list each stands on; without a `notifier` notices wait for a run that has one;
    `progress` is told the name of each phase as it begins.
    """

    policy: Policy
    crms: Mapping[str, Crm]
    ledger: Ledger
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    executor: Executor
    monotonic: Callable[[], float]
    wall: Callable[[], datetime]
    settings: Settings = field(default_factory=Settings)
    people: tuple[PersonRow, ...] = ()
    notifier: Notifier | None = None
    exclusions: Mapping[str, str] = field(default_factory=dict)
    progress: Callable[[str], object] = silent

    @cached_property
    def compiled(self) -> CompiledPolicy:
        """The policy as closures, compiled once."""
        return compile_policy(self.policy)

    @property
    def in_flight(self) -> range:
        """One number per request that may be under way at the same time in one CRM."""
        return range(self.settings.requests_in_flight)
