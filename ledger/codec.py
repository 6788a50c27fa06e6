"""Values to rows and back: times as whole microseconds, mappings as JSON, and the frozen values of the core."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

import orjson

from handoff.decision import PRIOR_FIELDS, Decision, Effect, EffectKind, Frame, Prior, Rep, Side

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_TIMES = frozenset(name for kind in (Prior, Decision) for name, told in kind.__annotations__.items() if "datetime" in str(told))
_TUPLES = frozenset({"cycle_starts", "told", "tried"})
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_T = TypeVar("_T", Prior, Decision)


def micros(at: datetime) -> int:
    """Whole microseconds since 1970 UTC. Raises ValueError for a naive datetime: a time without a zone is not a time."""
    if at.tzinfo is None:
        raise ValueError(f"the ledger takes aware times only, this one has no time zone: {at.isoformat()}")
    return (at - _EPOCH) // _MICRO


def maybe_micros(at: datetime | None) -> int | None:
    """As `micros`; None stays None."""
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    """The aware UTC time of whole microseconds since 1970."""
    return _EPOCH + timedelta(0, 0, value)


shared_moment = lru_cache(maxsize=1024)(moment)
"""As `moment`, for times that whole pages share."""


def maybe_moment(value: int | None) -> datetime | None:
    """As `moment`; None stays None."""
    return None if value is None else _EPOCH + timedelta(0, 0, value)


def plain(text: str) -> str:
    """Text a database can hold: PostgreSQL refuses NUL, UTF-8 refuses lone surrogates; both come out of real CRMs as broken pastes."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("", text)


def dumps(value: object) -> str:
    """Compact JSON with sorted keys."""
    return orjson.dumps(value, default=_by_name, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def _by_name(value: Any) -> dict[str, Any]:
    """A named tuple reads by its names, as every other value; orjson asks for it because it takes no tuple for a list by mistake."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return dict(value._asdict())
    raise TypeError(f"no JSON for {type(value).__name__}")


def dump_fields(values: Mapping[str, str]) -> str:
    """A record's fields as JSON. Text that is no valid Unicode loses its invalid characters only."""
    try:
        return dumps(dict(values))
    except orjson.JSONEncodeError:
        return dumps({name: plain(value) for name, value in values.items()})


loads = orjson.loads


def digest(*parts: str) -> str:
    """128-bit digest of texts, as hex."""
    hashed = blake2b(digest_size=16)
    for part in parts:
        hashed.update(part.encode())
        hashed.update(b"\0")
    return hashed.hexdigest()


def _restored(kind: type[_T], values: dict[str, Any]) -> _T:
    for name in _TIMES & values.keys():
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name])
    for name in _TUPLES & values.keys():
        values[name] = tuple(values[name])
    found = {**kind._field_defaults, **values}
    return kind._make([found[name] for name in kind._fields])


def dump_prior(prior: Prior) -> str:
    """A prior as JSON, without its blank values."""
    return dumps({name: value for name, value in zip(PRIOR_FIELDS, prior, strict=True) if value not in ("", None, ())})


def load_prior(text: str) -> Prior:
    """The reverse of `dump_prior`."""
    return _restored(Prior, orjson.loads(text))


def dump_decision(decision: Decision) -> str:
    """A decision as JSON, without the texts of its effects: those may name the person and live in `people`."""
    values = decision._asdict()
    values["effects"] = [effect._replace(text="", subject="", to="")._asdict() for effect in decision.effects]
    return dumps(values)


def load_decision(text: str) -> Decision:
    """The reverse of `dump_decision`; tuples are tuples again."""
    values = orjson.loads(text)
    values["side"] = Side(values["side"])
    values["heat"] = tuple(values["heat"])
    values["first_seen"] = tuple(values["first_seen"])
    values["override"] = tuple(values["override"])
    values["exceptions"] = tuple(tuple(pair) for pair in values["exceptions"])
    values["because"] = tuple(tuple(step) for step in values["because"])
    values["effects"] = tuple(_load_effect(effect) for effect in values["effects"])
    return _restored(Decision, values)


def _load_effect(values: dict[str, Any]) -> Effect:
    due = values["due_at"]
    return Effect(**{**values, "kind": EffectKind(values["kind"]), "due_at": None if due is None else datetime.fromisoformat(due)})


def dump_frame(frame: Frame) -> str:
    """A frame as JSON."""
    return dumps(asdict(frame))


def load_frame(text: str) -> Frame:
    """The reverse of `dump_frame`."""
    values = orjson.loads(text)
    values["reps"] = {key: Rep(**{**rep, "away": tuple(map(tuple, rep.get("away", ())))}) for key, rep in values["reps"].items()}
    values["stopped_sources"] = tuple(values.get("stopped_sources", ()))
    values["coverage"] = {key: datetime.fromisoformat(at) for key, at in values["coverage"].items()}
    if values["cut_over"] is not None:
        values["cut_over"] = datetime.fromisoformat(values["cut_over"])
    return Frame(**values)
