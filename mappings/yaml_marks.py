"""YAML with line marks: every value knows the file and line it was written on, so that a mistake can be named.

A deliberate subset. Plain `true`/`false` are booleans, plain whole numbers are integers, `~` and nothing are None, all the rest is text
(so `no`, `on`, 09:00 and 2026-10-02 stay what the reader sees). Duplicate keys, anchors and several documents in a file are mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mappings.problems import PolicyErrors, Problem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same parser in C, where it was built
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")  # a longer row of digits is an id, not a number
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Marked:
    """One YAML value and where it stands. `value` is a dict of Marked, a list of Marked, or a str, int, bool or None."""

    value: Any
    file: str
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """`file:line`, the way editors and terminals link it."""
        return f"{self.file}:{self.line}"

    def get(self, *path: str | int) -> Marked | None:
        """The value at a path of keys and indexes; None where there is none."""
        node: Marked | None = self
        for step in path:
            if node is None:
                return None
            node = node._child(step)
        return node

    def nearest(self, *path: str | int) -> Marked:
        """The value at the path, or the last one on the way there, with the line of its key."""
        node = self
        for step in path:
            child = node._child(step)
            if child is None:
                return node
            line = node.key_lines.get(str(step), child.line)
            node = Marked(child.value, child.file, line, child.key_lines)
        return node

    def _child(self, step: str | int) -> Marked | None:
        if isinstance(self.value, dict) and isinstance(step, str):
            found = self.value.get(step)
            return found if isinstance(found, Marked) else None
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            item: Marked = self.value[step]
            return item
        return None

    def items(self) -> Iterator[tuple[str, Marked]]:
        """Keys and values of a mapping; nothing for other values."""
        if isinstance(self.value, dict):
            yield from self.value.items()

    def elements(self) -> tuple[Marked, ...]:
        """Elements of a list; nothing for other values."""
        return tuple(self.value) if isinstance(self.value, list) else ()

    def plain(self, keep: str = "") -> Any:
        """The value without marks; what stands under a key named `keep` stays marked."""
        if isinstance(self.value, dict):
            return {key: child if key == keep else child.plain(keep) for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain(keep) for child in self.value]
        return self.value


def read_marked(path: Path, label: str) -> Marked:
    """The file's one document. `label` is the name messages use. Raises PolicyErrors for text that is not this subset of YAML."""
    try:
        root = yaml.compose(_text(path, label), Loader=_LOADER)
    except RecursionError:
        raise PolicyErrors([_too_deep(f"{label}:1", "")]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyErrors(
            [Problem(f"{label}:{line}", "", f"not readable as YAML: {error.problem}", "check the indentation and quotes of this line")]
        ) from error
    if root is None:
        raise PolicyErrors(
            [Problem(f"{label}:1", "", "the file is empty", "restore it from the shipped policy or delete what refers to it")]
        )
    problems: list[Problem] = []
    tree = _marked(root, label, "", problems, set())
    if problems:
        raise PolicyErrors(problems)
    return tree


def _text(path: Path, label: str) -> str:
    """The file as text. Raises PolicyErrors for bytes and signs that a text file does not hold, at their line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        mend = "let the account that runs handoff read it, or mend the link"
        raise PolicyErrors([Problem(f"{label}:1", "", f"the file cannot be read: {error.strerror}", mend)]) from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        mend = "save the file as UTF-8 (in Excel and Notepad: 'Save as', encoding UTF-8)"
        raise PolicyErrors([Problem(f"{label}:{line}", "", "not readable: a sign here is not UTF-8", mend)]) from None
    if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        what = f"holds an invisible control character (U+{ord(strange[0]):04X})"
        raise PolicyErrors([Problem(f"{label}:{line}", "", what, "delete it; where there are many, save the file as UTF-8")])
    return text


def _too_deep(where: str, path: str) -> Problem:
    return Problem(where, path, f"is nested more than {_DEEPEST} deep", "look for brackets that are not closed on this line")


def _marked(node: yaml.Node, file: str, path: str, problems: list[Problem], seen: set[int]) -> Marked:
    line = node.start_mark.line + 1
    if id(node) in seen:
        problems.append(Problem(f"{file}:{line}", path, "an anchor (&) is used twice", "write the value out where it is meant"))
        return Marked(None, file, line)
    seen.add(id(node))
    if path.count(".") + path.count("[") > _DEEPEST:
        problems.append(_too_deep(f"{file}:{line}", path[:40]))
        return Marked(None, file, line)
    if isinstance(node, yaml.MappingNode):
        return _marked_mapping(node, file, path, problems, seen)
    if isinstance(node, yaml.SequenceNode):
        items = [_marked(child, file, f"{path}[{number}]", problems, seen) for number, child in enumerate(node.value, 1)]
        return Marked(items, file, line)
    return Marked(_scalar(node), file, line)


def _marked_mapping(node: yaml.MappingNode, file: str, path: str, problems: list[Problem], seen: set[int]) -> Marked:
    made: dict[str, Marked] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(f"{file}:{line}", path, "a key must be one word or a quoted text", "put quotes around the key"))
            continue
        key = str(key_node.value)
        deeper = f"{path}.{key}" if path else key
        if key in made:
            mend = f"keep one of the two (the first is on line {lines[key]})"
            problems.append(Problem(f"{file}:{line}", deeper, f"'{key}' stands twice", mend))
        made[key], lines[key] = _marked(value_node, file, deeper, problems, seen), line
    return Marked(made, file, node.start_mark.line + 1, lines)


def _scalar(node: yaml.Node) -> str | int | bool | None:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style:  # quoted or a block; plain is None in one parser and '' in the other
        return text
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return None if text in ("", "~", "null") else text
