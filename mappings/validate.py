"""Checks one YAML file against its shape and says each mistake in words, with its line and its mend."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union

from pydantic import BaseModel, ValidationError

from mappings.problems import Problem, did_you_mean
from mappings.yaml_marks import Marked

S = TypeVar("S", bound=BaseModel)
FILL_IN = "FILL IN"
"""What a draft policy says where a person has to decide."""

_MENDS: Mapping[str, tuple[str, str]] = {
    "int_type": ("is a whole number, not {found}", "write a whole number without quotes"),
    "int_parsing": ("is a whole number, not {found}", "write a whole number without quotes"),
    "bool_type": ("is true or false, not {found}", "write true or false without quotes"),
    "bool_parsing": ("is true or false, not {found}", "write true or false without quotes"),
    "string_type": ("is text, not {found}", "write a text, in quotes when in doubt"),
    "list_type": ("is a list, not {found}", "write [first, second], or one item a line after '- '"),
    "dict_type": ("holds keys, not {found}", "write key: value lines, indented below it"),
    "model_type": ("holds keys, not {found}", "write key: value lines, indented below it"),
    "model_attributes_type": ("holds keys, not {found}", "write key: value lines, indented below it"),
    "too_short": ("is empty", "add at least one entry"),
    "string_too_short": ("is too short: {found}", "say it in a sentence"),
    "date_from_datetime_parsing": ("is a date, not {found}", "write it as YYYY-MM-DD"),
    "date_parsing": ("is a date, not {found}", "write it as YYYY-MM-DD"),
    "greater_than_equal": ("is at least {ge}, not {found}", "write a number from {ge}"),
    "less_than_equal": ("is at most {le}, not {found}", "write a number up to {le}"),
    "string_pattern_mismatch": ("cannot be {found}", "write it as asked"),
    "date_type": ("is a date, not {found}", "write it as YYYY-MM-DD"),
}
_SAID_ALREADY = frozenset(_MENDS) - {"greater_than_equal", "less_than_equal", "string_pattern_mismatch"}


def read_shape(shape: type[S], node: Marked, problems: list[Problem]) -> S | None:
    """The file's contents as `shape`; None, with problems noted, when it does not fit."""
    for where, path in _unfilled(node, ()):
        problems.append(Problem(where, name_of(node, path), "is not filled in yet", f"decide, and write it in place of {FILL_IN}"))
    problems.extend(_blank_words(node, node))
    try:
        return shape.model_validate(node.plain(keep="when"))
    except ValidationError as error:
        noted = {problem.where for problem in problems if problem.what == "is not filled in yet"}
        found = [_problem(shape, node, entry) for entry in error.errors()]
        problems.extend(problem for problem in found if not (problem.where in noted and FILL_IN in problem.what))
        return None


def name_of(node: Marked, path: tuple[str | int, ...]) -> str:
    """A path in words: list entries go by their `name`, `team`, `lead_type` or number."""
    words: list[str] = []
    for depth, step in enumerate(path):
        if isinstance(step, int):
            entry = node.get(*path[: depth + 1])
            names = [entry.get(key) for key in ("name", "role", "team", "lead_type")] if entry else []
            named = next((str(name.value) for name in names if name is not None and isinstance(name.value, (str, int)) and name.value), "")
            words.append(named or str(step + 1))
        else:
            words.append(step)
    return ".".join(words)


def _blank_words(root: Marked, node: Marked, path: tuple[str | int, ...] = ()) -> Iterator[Problem]:
    """A blank word in a list stands in every text, so whatever looks for it would find it everywhere."""
    for number, child in enumerate(node.elements()):
        if isinstance(child.value, str) and not child.value.strip("\0 \t\r\n"):
            yield Problem(child.where, name_of(root, path), "holds a blank word", "take it out of the list")
        yield from _blank_words(root, child, (*path, number))
    for key, child in node.items():
        yield from _blank_words(root, child, (*path, key))


def _unfilled(node: Marked, path: tuple[str | int, ...]) -> list[tuple[str, tuple[str | int, ...]]]:
    if node.value == FILL_IN:
        return [(node.where, path)]
    found: list[tuple[str, tuple[str | int, ...]]] = []
    for key, child in node.items():
        found += _unfilled(child, (*path, key))
    for number, child in enumerate(node.elements()):
        found += _unfilled(child, (*path, number))
    return found


def _problem(shape: type[BaseModel], node: Marked, entry: Any) -> Problem:
    path = tuple(step for step in entry["loc"] if step != "[key]")
    place = node.nearest(*path)
    name = name_of(node, path)
    kind = entry["type"]
    if kind == "extra_forbidden":
        return Problem(
            place.where, name_of(node, path[:-1]), f"unknown key '{path[-1]}'", did_you_mean(str(path[-1]), keys_at(shape, path[:-1]))
        )
    if kind == "missing":
        described = description_at(shape, path)
        return Problem(
            node.nearest(*path[:-1]).where, name_of(node, path[:-1]), f"'{path[-1]}' is missing", f"add '{path[-1]}: ...'{described}"
        )
    if kind == "literal_error":
        options = literals_at(shape, path)
        return Problem(place.where, name, f"unknown word '{entry['input']}'", did_you_mean(str(entry["input"]), options))
    found = {"found": _shown(entry["input"]), **entry.get("ctx", {})}
    what, mend = (words.format(**found) for words in _MENDS[kind]) if kind in _MENDS else _in_its_words(entry)
    return Problem(place.where, name, what, mend + (description_at(shape, path) if kind not in _SAID_ALREADY else ""))


def _in_its_words(entry: Any) -> tuple[str, str]:
    """What the shape's own check says, for a kind of mistake that has no words of ours."""
    return f"does not fit: {entry['msg']}", f"it says {_shown(entry['input'])} now"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "keys"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"'{value}'"


def _inside(annotation: Any, step: str | int) -> Any:
    """The annotation of a member of an annotated container; Any where there is none."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _inside(typing.get_args(annotation)[0], step)
    if origin in (Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        return _inside(members[0], step)
    if origin in (list, tuple):
        return typing.get_args(annotation)[0]
    if origin is dict:
        return typing.get_args(annotation)[1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, info in annotation.model_fields.items():
            if step in (name, info.alias):
                return info.annotation
    return Any


def _at(shape: type[BaseModel], path: tuple[str | int, ...]) -> Any:
    annotation: Any = shape
    for step in path:
        annotation = _inside(annotation, step)
    while typing.get_origin(annotation) in (Annotated, Union, types.UnionType):
        annotation = typing.get_args(annotation)[0]
    return annotation


def keys_at(shape: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys allowed at a path."""
    found = _at(shape, path)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return [info.alias or name for name, info in found.model_fields.items()]
    return []


def literals_at(shape: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The words allowed at a path; for the key of a mapping, the keys."""
    found = _at(shape, path)
    if typing.get_origin(found) is Literal:
        return [str(word) for word in typing.get_args(found)]
    holder = _at(shape, path[:-1])
    if typing.get_origin(holder) is dict and typing.get_origin(typing.get_args(holder)[0]) is Literal:
        return [str(word) for word in typing.get_args(typing.get_args(holder)[0])]
    return []


def description_at(shape: type[BaseModel], path: tuple[str | int, ...]) -> str:
    """` (what the key is for)` where the shape says it, else nothing."""
    holder = _at(shape, path[:-1])
    if isinstance(holder, type) and issubclass(holder, BaseModel):
        for name, info in holder.model_fields.items():
            if path[-1] in (name, info.alias) and info.description:
                return f" ({info.description.rstrip('.')})"
    return ""
