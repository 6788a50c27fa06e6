"""notices.yaml into the core's notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from handoff.policy import Notice, Telling
from mappings.conditions import Words
from mappings.shapes_notices import NoticesFile, NoticeShape


def telling(shape: NoticesFile, words: Words, expand: Callable[[list[str]], tuple[str, ...]], where: Callable[[int], str]) -> Telling:
    """The notices; `expand` writes out stage groups, `where` gives file:line of the n-th notice."""
    return Telling(
        notices=tuple(_notice(notice, words, expand, where(number)) for number, notice in enumerate(shape.notices)),
        quiet_from=time.fromisoformat(shape.quiet_hours.from_),
        quiet_until=time.fromisoformat(shape.quiet_hours.until),
        digest_at=time.fromisoformat(shape.digest_at),
        reps_by_name=shape.reps_by_name,
    )


def _notice(shape: NoticeShape, words: Words, expand: Callable[[list[str]], tuple[str, ...]], where: str) -> Notice:
    return Notice(
        name=shape.name,
        to=shape.to,
        how=shape.how,
        quiet=shape.quiet,
        on=tuple(shape.on),
        stages=expand(shape.stages) if shape.stages else (),
        when=words.compile(shape.when, f"notices.{shape.name}.when") if shape.when is not None else None,
        subject=shape.subject,
        lines=tuple(shape.lines),
        where=where,
    )
