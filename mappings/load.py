"""Loads a policy folder, and the field maps that belong to it. All mistakes are found at once; a policy with one does not load.

PolicyErrors    raised with every problem: `file:line  path: what` and, below it, the mend
FieldMapError   raised for a field map of the folder that does not hold together
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from handoff.policy import Policy
from handoff.vocabulary import PERSONAL_FIELDS
from mappings.check import check_policy
from mappings.compile import Files, compile_policy
from mappings.conditions import Words, rule_words
from mappings.digest import with_digest
from mappings.fields import FieldMap, FieldType, load_field_map
from mappings.overlay import EXTENDS, extended, united
from mappings.problems import PolicyErrors, Problem
from mappings.shapes import FILES
from mappings.shapes_routing import ExpectsShape, RoutingFile
from mappings.signing import with_signatures
from mappings.validate import read_shape
from mappings.yaml_marks import Marked, read_marked

SHIPPED = Path(__file__).parent
"""The default policy: Company A's."""

_ACCOUNTS = {"hubspot": "companies", "hubspot_leads": "", "salesforce": "Account"}
_PREFIXES = ("", "account_")
"""What a rule writes before the name of a field of the lead, and of its account."""
_TYPES = {FieldType.NUMBER: "int", FieldType.BOOL: "bool", FieldType.TEXT: "text", FieldType.PICKLIST: "text"}


def load_policy(folder: Path = SHIPPED) -> Policy:
    """The compiled policy of a folder, with its digest. Raises PolicyErrors, FieldMapError."""
    problems: list[Problem] = []
    trees = read_trees(folder, problems)
    problems += strays(folder)
    if any(problem.path == EXTENDS for problem in problems):
        raise PolicyErrors(problems, more_may_follow=True)
    shapes = {name: read_shape(FILES[name], tree, problems) for name, tree in trees.items()}
    words = rule_words(mapped_fields(folder), trees, _discreet_names(folder))
    if len(trees) < len(FILES) or any(shape is None for shape in shapes.values()):
        for name, tree in trees.items():
            _try_conditions(words, tree, name)
        raise PolicyErrors([*problems, *words.problems], more_may_follow=True)
    maps = {system: field_map_of(folder, system) for system in _ACCOUNTS}
    objects, carriers = (
        {system: tuple(one.objects) for system, one in maps.items()},
        {system: one.lead_object for system, one in maps.items()},
    )
    files = Files(shapes, trees, objects, carriers)
    policy = compile_policy(files, words)
    problems += [*words.problems, *check_policy(policy, files, conditions_compiled=not words.problems)]
    if problems:
        raise PolicyErrors(problems)
    return with_signatures(with_digest(policy), trees)


def load_expects(folder: Path = SHIPPED) -> ExpectsShape | None:
    """The people and leads that the process document reckons with; None where the policy names none. Raises PolicyErrors."""
    problems: list[Problem] = []
    tree = read_trees(folder, problems).get("routing")
    shape = None if tree is None else read_shape(RoutingFile, tree, problems)
    if shape is None or problems:
        raise PolicyErrors(problems)
    return shape.capacity.expects


def read_trees(folder: Path, problems: list[Problem], seen: tuple[Path, ...] = ()) -> dict[str, Marked]:
    """The files of a policy; of an overlay, united with those of the policy it extends."""
    agreement = _tree(folder, "policy", problems)
    base = extended(agreement)
    if agreement is None or not base:
        return _standing_alone(folder, agreement, problems)
    target = _policy_folder(folder / base)
    where = agreement.nearest("extends").where
    if target is None or target in (folder.resolve(), *seen):
        circle = f"extends '{base}', which extends this one" if target in seen else f"extends '{base}', where no other policy is"
        problems.append(Problem(where, EXTENDS, circle, "name the folder of the policy that this one changes, such as ../.."))
        return {"policy": agreement}
    below = read_trees(target, problems, (*seen, folder.resolve()))
    if len(below) < len(FILES):
        return below
    own = {name: tree for name in FILES if (tree := _tree(folder, name, problems)) is not None}
    return united(below, own, problems)


def _policy_folder(folder: Path) -> Path | None:
    """The folder where a policy stands there; None for anything else, and for what is no path at all."""
    try:
        return folder.resolve() if (folder / "policy.yaml").is_file() else None
    except (OSError, ValueError):
        return None


def strays(folder: Path) -> list[Problem]:
    """YAML files that nothing reads: a policy file under another name, whose rules would silently not count."""
    found = sorted(path for end in ("yaml", "yml") for path in folder.glob(f"*.{end}"))
    known = (*FILES, *_ACCOUNTS, "requirements")
    strange = [path for path in found if path.suffix == ".yml" or path.stem not in known]
    unread = [path for path in found if path not in strange and not path.is_file()]
    mend = "name it {}.yaml, or move it out of the policy's folder"
    return [
        *(
            Problem(f"{folder.name}/{path.name}:1", "", "no file of this name is read", mend.format(_nearest(path.stem)))
            for path in strange
        ),
        *(Problem(f"{folder.name}/{path.name}:1", "", "is no file", "mend the link, or take the folder away") for path in unread),
    ]


def _nearest(name: str) -> str:
    return next(iter(difflib.get_close_matches(name.casefold(), FILES, n=1, cutoff=0)), "scope")


def _tree(folder: Path, name: str, problems: list[Problem]) -> Marked | None:
    """One file; None when it is not there or cannot be read (then with a problem noted)."""
    path = folder / f"{name}.yaml"
    try:
        return read_marked(path, f"{folder.name}/{path.name}" if folder.name else path.name) if path.is_file() else None
    except PolicyErrors as error:
        problems.extend(error.problems)
        return None


def _standing_alone(folder: Path, agreement: Marked | None, problems: list[Problem]) -> dict[str, Marked]:
    made: dict[str, Marked] = {} if agreement is None else {"policy": agreement}
    for name in FILES:
        path = folder / f"{name}.yaml"
        label = f"{folder.name}/{path.name}" if folder.name else path.name
        if name in made or (name == "policy" and path.is_file()):
            continue
        if not path.is_file():
            problems.append(Problem(f"{label}:1", "", "the file is missing", f"copy {path.name} from the shipped policy and adapt it"))
            continue
        tree = _tree(folder, name, problems)
        made |= {} if tree is None else {name: tree}
    return made


def _try_conditions(words: Words, node: Marked, path: str) -> None:
    """Notes mistakes in all conditions below `node`, where the files do not fit together otherwise."""
    for key, child in _children(node):
        if key == "when":
            words.compile(child, f"{path}.when")
        else:
            _try_conditions(words, child, f"{path}.{key}")


def _children(node: Marked) -> Iterator[tuple[str, Marked]]:
    yield from node.items()
    for number, child in enumerate(node.elements(), 1):
        name = child.get("name")
        yield (str(name.value) if name is not None else str(number)), child


def field_map_of(folder: Path, system: str) -> FieldMap:
    """The folder's own map of one CRM; where it has none, that of the policy it extends; else the shipped one. Raises FieldMapError."""
    seen: set[Path] = set()
    while (here := folder.resolve()) != SHIPPED.resolve() and here not in seen:
        if (folder / f"{system}.yaml").is_file():
            return load_field_map(system, folder)
        seen.add(here)
        base = extended(_tree(folder, "policy", []))
        folder = folder / base if base else SHIPPED
    return _shipped_map(system)


@lru_cache(maxsize=len(_ACCOUNTS))
def _shipped_map(system: str) -> FieldMap:
    return load_field_map(system, SHIPPED)


def mapped_fields(folder: Path = SHIPPED) -> dict[str, str]:
    """Canonical fields of leads and accounts (prefix `account_`) that the folder's field maps bring, with their types."""
    made: dict[str, str] = {}
    for system, account in _ACCOUNTS.items():
        fields = field_map_of(folder, system)
        for prefix, object_name in zip(_PREFIXES, (fields.lead_object, account), strict=True):
            for name, spec in fields.fields(object_name).items():
                if spec.type in _TYPES and (not spec.own or spec.type is FieldType.BOOL):
                    made.setdefault(f"{prefix}{name}", _TYPES[spec.type])
    return made


def personal_fields(folder: Path = SHIPPED, systems: Iterable[str] = tuple(_ACCOUNTS)) -> frozenset[str]:
    """Canonical fields that the folder's maps of these CRMs mark as personal: what the ledger keeps in one table and nothing tells."""
    return frozenset().union(*(field_map_of(folder, system).personal() for system in systems))


def _discreet_names(folder: Path) -> frozenset[str]:
    """What rules call the personal fields, of leads and accounts, besides those that are personal everywhere."""
    return frozenset(f"{prefix}{name}" for prefix in _PREFIXES for name in personal_fields(folder)) - PERSONAL_FIELDS
