"""Notices through Prefect's notification blocks: Slack, e-mail, Teams or any webhook, one block per audience, the same text for all."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import cast

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.utilities.asyncutils import run_coro_as_sync

from engine.context import Message, NoChannel, NotSent
from runtime.settings import Settings

AUDIENCES = ("rep", "manager", "marketing", "revops", "on_call")


class BlockNotifier:
    """Sends by the block of the message's audience. `blocks` maps an audience to `type-slug/name`."""

    def __init__(self, blocks: Mapping[str, str]) -> None:
        self._blocks = {audience: name for audience, name in blocks.items() if name}
        self._loaded: dict[str, NotificationBlock] = {}

    def send(self, message: Message) -> None:
        """Raises NoChannel where no block is set, NotSent where the block is missing or the channel refuses."""
        name = self._blocks.get(message.audience)
        if name is None:
            raise NoChannel(f"no channel is set for {message.audience}: HANDOFF_NOTIFY_{message.audience.upper()}")
        subject = message.subject if message.to == message.audience else f"{message.to}: {message.subject}"
        try:
            block = self._loaded.get(name) or self._load(name)
            with block.raise_on_failure():
                sent = block.notify(message.text or message.subject, subject)
                if isinstance(sent, Coroutine):  # most blocks have sent by now, as no event loop runs here; some hand out a coroutine
                    run_coro_as_sync(sent)
        # A block is others' code and raises what it likes: httpx, apprise, a vendor's SDK. A channel never fails a run.
        except Exception as error:
            raise NotSent(f"the block {name} did not take it: {type(error).__name__}") from error

    def _load(self, name: str) -> NotificationBlock:
        self._loaded[name] = cast("NotificationBlock", Block.load(name))
        return self._loaded[name]


def notifier_of(settings: Settings) -> BlockNotifier | None:
    """The notifier of an installation; None where no audience has a channel: notices then wait for one."""
    blocks = {audience: str(getattr(settings, f"notify_{audience}")) for audience in AUDIENCES}
    return BlockNotifier(blocks) if any(blocks.values()) else None
