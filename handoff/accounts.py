"""Which account a lead belongs to: by the registrable domain of the account or of the address, else by the company's name.

Free-mail addresses say nothing about an employer. The public-suffix rules come compiled with the policy, so that two machines with
different copies of the list cannot decide differently. [R55, R111]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from handoff.decision import Frame
from handoff.lasting import once
from handoff.records import owner_state

if TYPE_CHECKING:
    from handoff.case import Case
    from handoff.compiled import CompiledPolicy

NAME = "name:"
"""A key by name starts with it; a key by domain is the domain itself."""
SHORTEST_NAME = 3
KEPT_NAMES = 10_000  # companies come again and again, so what was worked out is kept
LONGEST_DOMAIN = 253

_FORMS = """
ab ag aps as asa bv bvba co company corp corporation eirl ek eurl gbr gesmbh gmbh inc incorporated kft kg kgaa kk limited llc lllp
llp lp ltd ltda mbh nv ohg oy oyj plc pte pty pvt sa sab sagl sarl sas sca se sl slu snc spa sprl srl sro ug ulc vof
"""
_LEGAL_FORMS = frozenset(_FORMS.split())
_PAIRS = (
    ("sp", "z", "oo"),
    ("sp", "z", "o", "o"),
    ("s", "r", "o"),
    ("s", "a"),
    ("s", "l"),
    ("s", "p", "a"),
    ("b", "v"),
    ("n", "v"),
    ("k", "k"),
)
_WORDS = re.compile(r"[^\W_]+")


def registrable(domain: str, suffixes: frozenset[str]) -> str:
    """The domain that somebody registered: `eu.mail.acme.co.uk` -> `acme.co.uk`; "" for a public suffix, an address or no domain at all.

    `suffixes` are the rules of the public-suffix list in IDNA form, with `*.` and `!` as they stand there; a top-level domain that is not
    listed is a public suffix (publicsuffix.org/list, "Algorithm").
    """
    labels = _labels(domain)
    for start in range(len(labels)):
        candidate = ".".join(labels[start:])
        if f"!{candidate}" in suffixes:
            return candidate
        if candidate in suffixes or f"*.{'.'.join(labels[start + 1 :])}" in suffixes:
            return ".".join(labels[start - 1 :]) if start else ""
    return ".".join(labels[-2:]) if len(labels) > 1 else ""


def _labels(domain: str) -> list[str]:
    text = domain.strip().strip(".").casefold()
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return []
    labels = text.split(".")
    fits = 0 < len(text) <= LONGEST_DOMAIN and all(label and not set(label) & set(" @[]/:") for label in labels)
    return labels if fits and not labels[-1].isdigit() else []


@lru_cache(maxsize=KEPT_NAMES)
def company_name(name: str) -> str:
    """A company's name as it is compared: no accents, punctuation or legal form; "" when less than three characters are left."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign)).casefold()
    words = _WORDS.findall(plain.replace("&", " and ").replace("'", "").replace("’", ""))
    if words and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and (cut := _legal_form(words)):
        words = words[:-cut]
    while words and words[-1] == "and":  # "Meyer GmbH & Co. KG"
        words = words[:-1]
        while len(words) > 1 and (cut := _legal_form(words)):
            words = words[:-cut]
    joined = " ".join(words)
    return joined if len(joined) >= SHORTEST_NAME else ""


def _legal_form(words: list[str]) -> int:
    """How many words at the end are a legal form."""
    spelled = next((len(pair) for pair in _PAIRS if len(words) > len(pair) and tuple(words[-len(pair) :]) == pair), 0)
    return spelled or int(words[-1] in _LEGAL_FORMS)


def account_key(fields: Mapping[str, str], suffixes: frozenset[str], free_mail: frozenset[str]) -> str:
    """The account of a lead with these canonical fields: a registrable domain, `name:<company>`, or "" when nothing says it."""
    for domain in (fields.get("account_domain", ""), fields.get("email", "").rpartition("@")[2]):
        if domain:
            found = registrable(domain, suffixes)
            if found and found not in free_mail and domain.strip().casefold() not in free_mail:
                return found
    return name_key(fields.get("account_name", "")) or name_key(fields.get("company", ""))


def name_key(company: str) -> str:
    """`name:acme` for `ACME, Inc.`; "" for a name too short to tell two companies apart."""
    name = company_name(company)
    return f"{NAME}{name}" if name else ""


def key_of(fields: Mapping[str, str], policy: CompiledPolicy) -> str:
    """`account_key` by a policy's own lists."""
    return account_key(fields, policy.suffixes, policy.free_mail)


def key_of_case(case: Case) -> str:
    """The account of a case."""
    return key_of(case.fields, case.policy)


@once
def named_owner(case: Case) -> str | None:
    """The owner of the named account a lead belongs to, by domain or by name; None when the account is not named."""
    targets = case.frame.target_accounts
    if not targets:
        return None
    for domain in (case.fields.get("account_domain", ""), case.fields.get("email", "").rpartition("@")[2]):
        part = domain.strip().lower()
        while "." in part:
            if part in targets:
                return targets[part]
            part = part.partition(".")[2]
    names = (name_key(case.fields.get(field, "")) for field in ("account_name", "company"))
    return next((targets[name] for name in names if name and name in targets), None)


def worker(case: Case) -> str:
    """Who works somebody of the lead's account in a sales stage now and is active; "" for nobody."""
    owners = case.frame.account_owners
    return active_worker(key_of_case(case), case.frame) if owners else ""


def active_worker(key: str, frame: Frame) -> str:
    """The rep who works an account, while active."""
    found = frame.account_owners.get(key, "") if key else ""
    return found if owner_state(found, frame) == "active" else ""
