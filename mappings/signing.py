"""Signatures that bind: each names, by a digest, the rules it was given for. A changed rule has to be signed again. [R13]

The digest is of what the files say, comments and layout apart; of an overlay, of the united files. Version, name and the signatures
themselves are left out. It is not the policy's own digest, which also covers holidays and lists that come with installed packages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path

from handoff.policy import Policy
from mappings.problems import PolicyErrors, Problem
from mappings.yaml_marks import Marked

LENGTH, SHORTEST_NAME = 12, 2
_PLAIN = re.compile(r"(?!(?:true|false|null)$)[^\W\d_][\w.' -]*[\w.]")  # what YAML reads back as it was written
_LEFT_OUT = frozenset({"approvals", "version", "name", "extends"})


def rules_digest(trees: Mapping[str, Marked]) -> str:
    """What a signature is given for, as LENGTH hex digits."""
    said = {name: tree.plain() for name, tree in sorted(trees.items())}
    said["policy"] = {key: value for key, value in said["policy"].items() if key not in _LEFT_OUT}
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:LENGTH]


def with_signatures(policy: Policy, trees: Mapping[str, Marked]) -> Policy:
    """The policy with the teams whose signature is for other rules than these."""
    rules = rules_digest(trees)
    stale = tuple(approval.team for approval in policy.approvals if approval.rules != rules)
    return policy.model_copy(update={"rules": rules, "unsigned": stale})


def sign(folder: Path, team: str, by: str, on: date, rules: str) -> None:
    """Writes a team's signature into policy.yaml, in place of its line there. Raises PolicyErrors where there is no such line."""
    path = folder / "policy.yaml"
    if len(by.strip()) < SHORTEST_NAME:
        raise PolicyErrors(
            [Problem(f"{folder.name}/policy.yaml:1", "approvals", "nobody signs: the name is too short", "--by 'First Last'")]
        )
    by = by.strip() if _PLAIN.fullmatch(by.strip()) else json.dumps(" ".join(by.split()), ensure_ascii=False)
    text = path.read_text(encoding="utf-8")
    line = re.compile(rf"^(\s*- )\{{team: {re.escape(team)},[^\n]*\}}", re.M)
    made = f"{{team: {team}, by: {by}, on: {on.isoformat()}, rules: {rules}}}"
    if not line.search(text):
        mend = f"write '- {{team: {team}, by: {by}, on: {on.isoformat()}}}' under approvals, then sign again"
        raise PolicyErrors([Problem(f"{folder.name}/policy.yaml:1", "approvals", f"has no line for {team}", mend)])
    path.write_text(line.sub(lambda found: f"{found[1]}{made}", text), encoding="utf-8")
