"""A policy that says only what differs from another: `policy.yaml: extends: ../..`.

A file that is missing comes from the base. Mappings are united by key, and lists of named entries by name: an entry with a known name
changes that entry key by key, a new one joins the list (before a catch-all, or where `before:` says), and one with `remove: true` goes.
Everything else (conditions, lists of words, answers) is replaced whole, for half a condition means nothing. Every value keeps the file and
line it was written on, so a mistake is named where it stands. What the base says of a CRM that the overlay does not use is left out.

Name, version and signatures are never inherited: a changed agreement is signed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mappings.problems import Problem, did_you_mean
from mappings.yaml_marks import Marked

EXTENDS, REMOVE, BEFORE = "extends", "remove", "before"
OWN_KEYS = ("name", "version", "approvals")
NAMED_BY = ("name", "team", "role", "lead_type")
WHOLE = frozenset({"when", "answers", "due", "within"})
"""Keys whose value is replaced and never united with the base's."""
SPEAKS_OF_SYSTEMS = ("policy", "stages", "statuses", "options", "sweep")

Trees = Mapping[str, Marked]


def extended(overlay: Marked | None) -> str:
    """The folder a policy extends, "" when it stands alone."""
    found = overlay.get(EXTENDS) if overlay is not None else None
    return "" if found is None or found.value is None or isinstance(found.value, (list, dict)) else str(found.value)


def united(base: Trees, overlay: Trees, problems: list[Problem]) -> dict[str, Marked]:
    """All files of the overlay's policy."""
    base = _without_unused_systems(base, overlay.get("policy"))
    made = dict(base)
    for name, tree in overlay.items():
        made[name] = _value(base[name], tree, "", problems) if name in base else tree
        _removals(tree, (), problems)
    agreement = made["policy"]
    kept = {key: child for key, child in agreement.items() if key not in OWN_KEYS or overlay["policy"].get(key) is not None}
    made["policy"] = Marked({**kept}, agreement.file, agreement.line, agreement.key_lines)
    return made


def _value(base: Marked, overlay: Marked, path: str, problems: list[Problem]) -> Marked:
    if path.rpartition(".")[2] in WHOLE:
        return overlay
    if isinstance(base.value, dict) and isinstance(overlay.value, dict):
        return _mapping(base, overlay, path, problems)
    if _named(base) and _named(overlay):
        return _list(base, overlay, path, problems)
    return overlay


def _removals(node: Marked, path: tuple[str, ...], problems: list[Problem]) -> None:
    """`remove` is true and stands alone: anything else would leave in the policy what its author thinks is gone."""
    said = node.get(REMOVE)
    if said is not None:
        where, name = f"{node.file}:{node.key_lines.get(REMOVE, said.line)}", ".".join(path)
        if said.value is not True:
            problems.append(Problem(where, name, "remove is not true", "write remove: true without quotes, or take the entry out"))
        elif rest := [key for key, _ in node.items() if key not in (REMOVE, *NAMED_BY, "activity")]:
            problems.append(Problem(where, name, f"is removed and says '{rest[0]}'", "keep remove: true, or what changes, not both"))
    for key, child in node.items():
        _removals(child, (*path, key), problems)
    for child in node.elements():
        _removals(child, (*path, _name(child)), problems)


def _mapping(base: Marked, overlay: Marked, path: str, problems: list[Problem]) -> Marked:
    made = dict(base.items())
    lines = dict(base.key_lines)
    for key, child in overlay.items():
        deeper = f"{path}.{key}" if path else key
        if _removes(child):
            if made.pop(key, None) is None:
                problems.append(_nothing_to_remove(child, deeper, key, list(made)))
            continue
        made[key] = _value(made[key], child, deeper, problems) if key in made else child
        lines[key] = overlay.key_lines.get(key, child.line)
    return Marked(made, overlay.file, overlay.line, lines)


def _list(base: Marked, overlay: Marked, path: str, problems: list[Problem]) -> Marked:
    made = list(base.elements())
    for entry in overlay.elements():
        own = _without(entry, BEFORE, REMOVE)
        found = [number for number, one in enumerate(made) if _same(one, entry)]
        if _flag(entry):
            if not found:
                problems.append(_nothing_to_remove(entry, path, _name(entry), [_name(one) for one in made]))
            made = [one for number, one in enumerate(made) if number not in found]
        elif found:
            for number in found:
                made[number] = _mapping(made[number], own, f"{path}.{_name(entry)}", problems)
            if entry.get(BEFORE) is not None:
                moved = [made[number] for number in found]
                made = [one for number, one in enumerate(made) if number not in found]
                at = _place(made, entry, path, problems)
                made[at:at] = moved
        else:
            made.insert(_place(made, entry, path, problems), own)
    return Marked(made, overlay.file, overlay.line, overlay.key_lines)


def _place(made: Sequence[Marked], entry: Marked, path: str, problems: list[Problem]) -> int:
    """Where an entry goes: before the named one, else before the catch-all at the end, else to the end."""
    before = entry.get(BEFORE)
    if before is not None:
        names = [_name(one) for one in made]
        if isinstance(before.value, str) and before.value in names:
            return names.index(str(before.value))
        where = f"{entry.file}:{entry.key_lines.get(BEFORE, entry.line)}"
        wanted = "" if isinstance(before.value, (list, dict)) or before.value is None else str(before.value)
        what = f"nothing here is named '{wanted}'" if wanted else "says before, but not before what"
        problems.append(Problem(where, f"{path}.{_name(entry)}.{BEFORE}", what, did_you_mean(wanted, names)))
    catches_all = made and (when := made[-1].get("when")) is not None and when.value == "always"
    return len(made) - 1 if catches_all else len(made)


def _named(node: Marked) -> bool:
    return bool(node.elements()) and all(_name(one) for one in node.elements())


def _name(entry: Marked) -> str:
    """What an entry of a list goes by: its name, team, role or lead type ("default" for the blank one)."""
    for key in NAMED_BY:
        found = entry.get(key)
        if found is not None and not isinstance(found.value, (list, dict)):
            return str(found.value) or "default"
    return ""


def _same(base: Marked, entry: Marked) -> bool:
    """The same name, and the same activity where the entry tells engagements of one name apart."""
    activity = entry.get("activity")
    theirs = base.get("activity")
    return _name(base) == _name(entry) and (activity is None or theirs is None or activity.value == theirs.value)


def _removes(node: Marked) -> bool:
    return isinstance(node.value, dict) and set(node.value) == {REMOVE} and _flag(node)


def _flag(node: Marked) -> bool:
    found = node.get(REMOVE)
    return found is not None and found.value is True


def _without(node: Marked, *keys: str) -> Marked:
    return Marked({key: child for key, child in node.items() if key not in keys}, node.file, node.line, node.key_lines)


def _nothing_to_remove(node: Marked, path: str, name: str, known: list[str]) -> Problem:
    return Problem(node.where, path, f"there is no '{name}' to remove", did_you_mean(name, known))


def _without_unused_systems(base: Trees, agreement: Marked | None) -> dict[str, Marked]:
    """The base without what it says of CRMs that the overlay's `systems` leave out."""
    left, theirs = agreement.get("systems") if agreement is not None else None, base["policy"].get("systems")
    if left is None or theirs is None:
        return dict(base)
    kept = {str(one.value) for one in left.elements()}
    gone = {str(one.value) for one in theirs.elements()} - kept
    return {name: _pruned(tree, gone) if name in SPEAKS_OF_SYSTEMS else tree for name, tree in base.items()}


def _pruned(node: Marked, gone: set[str]) -> Marked:
    """Without keys and list words that name a CRM that is gone; what held nothing else goes too. Conditions are left alone."""
    if isinstance(node.value, dict):
        kept = {key: child if key in WHOLE else _pruned(child, gone) for key, child in node.items() if key not in gone}
        left = {key: child for key, child in kept.items() if not _emptied(node.value[key], child)}
        return Marked(left, node.file, node.line, node.key_lines)
    if isinstance(node.value, list):
        left_in = [_pruned(child, gone) for child in node.elements() if not (isinstance(child.value, str) and child.value in gone)]
        return Marked(left_in, node.file, node.line, node.key_lines)
    return node


def _emptied(before: Marked, after: Marked) -> bool:
    return bool(before.value) and isinstance(after.value, (dict, list)) and not after.value
