"""Business units: each has a policy folder that says whose leads it takes; this says whom none takes, and whom two do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cli.verbs import say
from handoff.facts import LeadFacts
from handoff.match import Check, compile_condition
from handoff.policy import Policy
from ledger.ledger import Ledger, open_ledger
from mappings.load import load_policy
from runtime.open import there, wall_clock
from runtime.settings import Settings

SHOWN = 10
AT_ONCE = 1000


def units(folders: tuple[Path, ...]) -> int:
    """Goes through the leads of the ledger; 1 when one of them is nobody's or two units'."""
    if len(folders) < 2:
        say("name the policy folders of at least two units: handoff policy units mappings/emea mappings/amer")
        return 2
    policies = {str(folder): load_policy(there(folder, "policy units")) for folder in folders}
    everything = [name for name, policy in policies.items() if policy.takes is None]
    if len(everything) > 1:
        say(f"{' and '.join(everything)} take every lead; say in policy.yaml whose (takes: {{when: ...}})")
        return 1
    with open_ledger(Settings().ledger()) as ledger:
        taken, examples = count_units(ledger, policies)
    for name in policies:
        say(f"{taken[(name,)]:,} leads are {name}'s alone")
    several = {names: number for names, number in taken.items() if len(names) > 1}
    for names, number in sorted(several.items()):
        say(f"{number:,} are taken by {' and '.join(names)}; {names[0]} comes first. For example {', '.join(examples[names])}")
    if taken[()]:
        say(f"{taken[()]:,} are taken by nobody, for example {', '.join(examples[()])}")
    return int(bool(taken[()] or several))


def count_units(ledger: Ledger, policies: dict[str, Policy]) -> tuple[Counter[tuple[str, ...]], dict[tuple[str, ...], list[str]]]:
    """Leads by the policies that take them, and a few keys of each; a policy without `takes` takes everybody."""
    checks = {name: None if policy.takes is None else compile_condition(policy.takes) for name, policy in policies.items()}
    first = next(iter(policies.values()))
    taken: Counter[tuple[str, ...]] = Counter()
    examples: dict[tuple[str, ...], list[str]] = {}
    for keys in ledger.leads.shards(AT_ONCE):
        for one in ledger.leads.load(keys, wall_clock(), first.systems, first.sources):
            names = tuple(name for name, check in checks.items() if takes(check, one.facts))
            taken[names] += 1
            if len(kept := examples.setdefault(names, [])) < SHOWN:
                kept.append(one.facts.key)
    return taken, examples


def takes(check: Check | None, facts: LeadFacts) -> bool:
    """Whether a unit takes a lead; what is not known takes nobody."""
    return check is None or check(facts) is None
