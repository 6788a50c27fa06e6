"""Guesses, for a draft, what a status option might mean. A guess is only ever shown in a comment: a person decides."""

from __future__ import annotations

import re

GUESSES: tuple[tuple[tuple[str, ...], str], ...] = (
    # words in the option -> the line a person may take over; the first that fits
    (("customer", "closed won", "won"), "{means: customer, stage: customer}"),
    (("nurture", "recycle", "recycled", "later", "timing", "not ready"), "{means: nurture, stage: nurture, reason: bad_timing}"),
    (
        ("unqualified", "disqualified", "not converted", "junk", "spam", "bad", "closed lost", "dead", "wrong"),
        "{means: disqualified, stage: disqualified, reason: not_a_fit}",
    ),
    (("deal", "opportunity", "converted"), "{means: opportunity, stage: opportunity}"),
    (("connected", "qualified", "meeting", "demo done"), "{means: qualified, stage: sql}"),
    (
        ("working", "progress", "attempted", "contacted", "sequence", "vm", "voicemail", "called", "cadence"),
        "{means: accepted, stage: sal}",
    ),
    (("new", "open", "list", "hot", "call", "assigned"), "{means: none, stage: offered, later: lead}"),
)
NO_GUESS = "{means: none, stage: offered, later: lead}"


def guess_meaning(option: str) -> str:
    """A line for statuses.yaml, by words in the option's name."""
    text = " ".join(re.sub(r"[^a-z0-9]+", " ", option.casefold()).split())
    for words, line in GUESSES:
        if any(re.search(rf"\b{re.escape(word)}\b", text) for word in words):
            return line
    return NO_GUESS
