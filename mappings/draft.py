"""Writes a draft policy from a look: the shipped rules, this company's status options, and `FILL IN` where a person must decide.

A draft does not load until everything is filled in and both teams have signed; the messages name each line. Files that are there already
are left as they are: somebody may have begun to fill them in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from handoff.policy import Meaning
from mappings.baseline import baseline_policy
from mappings.guess import guess_meaning
from mappings.load import SHIPPED
from mappings.shapes import FILES
from mappings.validate import FILL_IN

_IDS = re.compile(r"ids: \[[^\]]*\],? *\n? *")
_SCHEMA = re.compile(r"^# yaml-language-server:.*\n", re.MULTILINE)


def write_draft(statuses: Mapping[str, Mapping[str, int]], folder: Path) -> Path:
    """Writes the draft into `folder` and returns it. `statuses` are, per CRM, the options in use and how many records have each."""
    folder.mkdir(parents=True, exist_ok=True)
    systems = tuple(system for system in ("salesforce", "hubspot") if system in statuses)
    for name in FILES:
        target = folder / f"{name}.yaml"
        if not target.exists():
            target.write_text(_text(name, statuses, systems), encoding="utf-8")
    return folder


def _text(name: str, statuses: Mapping[str, Mapping[str, int]], systems: tuple[str, ...]) -> str:
    shipped = _SCHEMA.sub("", (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"))
    writers: Mapping[str, Callable[[], str]] = {
        "statuses": lambda: _statuses(shipped, statuses),
        "options": lambda: _options(shipped, statuses),
        "policy": lambda: _agreement(shipped, systems),
        "company": lambda: _company(shipped),
        "scoring": lambda: _without_ids(shipped),
        "stages": lambda: _shown(shipped, statuses),
        "sweep": lambda: _silence_sources(shipped, systems),
    }
    return writers[name]() if name in writers else shipped


def _statuses(shipped: str, statuses: Mapping[str, Mapping[str, int]]) -> str:
    head, tail = shipped.partition("statuses:\n")[0], shipped.partition("\n# HubSpot's lifecycle stage")[2]
    known = baseline_policy().statuses
    lines = [head + "statuses:"]
    for system, options in statuses.items():
        lines.append(f"  {system}:")
        for option, count in sorted(options.items(), key=lambda item: (-item[1], item[0])):
            meaning = known.get(system, {}).get(option)
            lines.append(
                f"    {_quoted(option)}: {_written(meaning) if meaning else FILL_IN}   # {count} records"
                + ("" if meaning else f"; perhaps {guess_meaning(option)}")
            )
    return "\n".join(lines) + "\n\n# HubSpot's lifecycle stage" + tail


def _written(meaning: Meaning) -> str:
    parts = [f"means: {meaning.event}", f"stage: {meaning.stage}"]
    parts += [f"later: {meaning.later}"] if meaning.later else []
    parts += [f"reason: {meaning.reason}"] if meaning.reason else []
    return "{" + ", ".join(parts) + "}"


def _quoted(option: str) -> str:
    plain = (
        re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ()/&.+-]*", option)
        and option.casefold() not in ("true", "false", "null")
        and option == option.strip()
    )
    return option if plain else '"' + option.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _options(shipped: str, statuses: Mapping[str, Mapping[str, int]]) -> str:
    head = shipped.partition("taken_on:")[0]
    lifecycle = next(line for line in shipped.splitlines() if line.strip().startswith("lifecycle:"))
    lines = [f"{head}taken_on: {FILL_IN}", "options:"]
    for system, options in statuses.items():
        lines += [f"  {system}:", "    status:", *(f"      - {_quoted(option)}" for option in sorted(options))]
        lines += [lifecycle] if system == "hubspot" else []
    return "\n".join(lines) + "\n"


def _agreement(shipped: str, systems: tuple[str, ...]) -> str:
    text = re.sub(r"by: [^,}]+, on: [0-9-]+", f"by: {FILL_IN}, on: {FILL_IN}", shipped)
    text = re.sub(r"^name: .*$", f"name: {FILL_IN}", text, flags=re.MULTILINE)
    text = re.sub(r"^systems: .*$", f"systems: [{', '.join(systems)}]", text, flags=re.MULTILINE)
    keep = lambda match: match.group(1) + ", ".join(name for name in match.group(2).split(", ") if name in systems) + "]"  # noqa: E731 - one use
    text = re.sub(r"^(  [a-z_]+: \[)((?:hubspot|salesforce)[a-z, ]*)\]", keep, text, flags=re.MULTILINE)
    return re.sub(r"^  [a-z_]+: \[\]\n", "", text, flags=re.MULTILINE)


def _company(shipped: str) -> str:
    text = re.sub(r"^name: .*$", f"name: {FILL_IN}", shipped, flags=re.MULTILINE)
    text = re.sub(r"^time_zone: .*$", f"time_zone: {FILL_IN}", text, flags=re.MULTILINE)
    return re.sub(r"^own_domains: .*$", f"own_domains: [{FILL_IN}]", text, flags=re.MULTILINE)


def _without_ids(shipped: str) -> str:
    """Form ids belong to one portal; words in the names are left to go by."""
    head, forms = shipped.split("\n  forms:\n", 1)
    return f"{head}\n  forms:\n{_IDS.sub('', forms)}"


def _shown(shipped: str, statuses: Mapping[str, Mapping[str, int]]) -> str:
    """Stages show only options that this company has; where the shipped one is not there, a person chooses."""
    kept = [_shown_line(line, statuses) for line in shipped.splitlines()]
    text = "\n".join(line for line in kept if line is not None) + "\n"
    return re.sub(r"^    show:\n(?!      )", "", text, flags=re.MULTILINE)


def _shown_line(line: str, statuses: Mapping[str, Mapping[str, int]]) -> str | None:
    found = re.fullmatch(r"(\s+(?:show: \{)?)(hubspot|salesforce): \{(.*)\}\}?", line)
    if found is None or "when:" in line:
        return line
    system, body = found.group(2), found.group(3).rstrip("}")
    if system not in statuses:
        return None
    status = re.search(r"status: ([^,}]+)", body)
    if status is None or status.group(1) in statuses[system]:
        return line
    return line.replace(f"status: {status.group(1)}", f"status: {FILL_IN}") + f"   # no record here has '{status.group(1)}'"


def _silence_sources(shipped: str, systems: tuple[str, ...]) -> str:
    gone = [system for system in ("hubspot", "salesforce") if system not in systems]
    return "\n".join(line for line in shipped.split("\n") if not any(line.startswith(f"    {system}: [") for system in gone))
