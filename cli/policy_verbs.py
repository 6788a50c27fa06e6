"""Verbs on a policy alone: check and sign it, play its cases, list what shows each requirement, write the process document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cli.verbs import say
from mappings.cases import PolicyCase, load_cases, play
from mappings.load import load_policy
from mappings.signing import sign as write_signature
from runtime.open import mappings_of, there
from runtime.settings import Settings


def folder_of(given: Path | None) -> Path:
    """The policy folder a verb is about: the one given, else the one this installation decides by. Raises SettingsError."""
    return there(given, "--policy") if given is not None else mappings_of(Settings())


def check(folder: Path) -> int:
    """Compile the policy; PolicyErrors carries every mistake at once."""
    from mappings.rule_space import remarks

    policy = load_policy(folder)
    signed = ", ".join(f"{item.team} {item.on} ({item.by})" for item in policy.approvals)
    say(
        f"policy {policy.name} v{policy.version} {policy.digest[:7]} compiles: {len(policy.transitions)} rules, {len(policy.stages)} stages"
    )
    say(f"approved by {signed}" if signed else "not approved yet")
    if policy.unsigned:
        say(f"changed since {' and '.join(policy.unsigned)} signed: nothing is written until then (handoff policy sign)")
    for remark in remarks(policy):
        say(f"worth a look: {remark}")
    return 0


def test(cases: tuple[Path, ...], folder: Path) -> int:
    """Play case files against a policy; 1 when one does not hold. Without files: all of the folder's `cases`."""
    policy = load_policy(folder)
    held = failed = 0
    for path in cases or case_files(folder):
        for played in play(load_cases(path), policy):
            held += played.holds
            if not played.holds:
                failed += 1
                say(f"{played.case.where}  {played.case.shape.case}")
                for miss in played.misses:
                    say(f"    {miss}")
                if played.idle:
                    say(f"    holds without {played.case.shape.without}, too: it shows nothing about that part; sharpen the case")
    if not held + failed:
        say(f"{folder} has no case files; write one into {folder}/cases (mappings/cases shows how)")
        return 1
    say(f"{held} cases hold, {failed} do not ({policy.name} v{policy.version} {policy.digest[:7]})")
    return int(failed > 0)


def docs(folder: Path, out: Path) -> int:
    """Write the process document of a policy."""
    from mappings.load import load_expects
    from mappings.process_page import write_process

    text, page = write_process(load_policy(folder), out, load_expects(folder))
    say(f"written: {text} and {page}; both teams read and sign this version")
    return 0


def sign(team: str, by: str, folder: Path) -> int:
    """Sign the rules as they stand."""
    rules = load_policy(folder).rules
    write_signature(folder, team, by, datetime.now(UTC).date(), rules)
    left = load_policy(folder).unsigned
    say(f"{team} signed {rules} ({by}); " + (f"{' and '.join(left)} has still to sign" if left else "both teams have signed these rules"))
    return 0


def case_files(folder: Path) -> tuple[Path, ...]:
    """The case files of a policy folder, by name."""
    return tuple(sorted((folder / "cases").glob("*.yaml")))


def coverage(folder: Path, tests: Path) -> int:
    """Which cases and tests show each requirement; 1 when one has none."""
    from mappings.coverage import requirement_tests, requirement_titles

    shown: dict[str, list[str]] = {number: list(found) for number, found in requirement_tests(tests).items()}
    for number, places in _case_places(case_files(folder)):
        shown.setdefault(number, []).extend(places)
    bare = 0
    for group, titles in requirement_titles().items():
        say(group)
        for number, title in titles.items():
            places = shown.get(number, [])
            bare += not places
            say(f"  {number:<5} {title}: {_listed(places)}")
    say("every requirement is shown" if not bare else f"{bare} requirements are shown by nothing yet")
    return int(bare > 0)


def _case_places(files: tuple[Path, ...]) -> Iterator[tuple[str, list[str]]]:
    cases: list[PolicyCase] = [case for path in files for case in load_cases(path)]
    numbers: Mapping[str, list[str]] = {number: [] for case in cases for number in case.shape.requirements}
    for case in cases:
        for number in case.shape.requirements:
            numbers[number].append(case.where)
    yield from numbers.items()


def _listed(places: list[str], most: int = 4) -> str:
    if not places:
        return "NOTHING SHOWS IT"
    return ", ".join(places[:most]) + (f" and {len(places) - most} more" if len(places) > most else "")
