"""Who is no lead at all: throw-away addresses and typed nonsense; and whose address stands on a list of people to leave alone.

The rules are few and can be told to the person they hit. They read Latin letters only: a name in another script is never called nonsense,
because we could not tell. Nothing here is a score; one sign is enough, and the sign is named.

disposable address     the domain hands out addresses for minutes (the shipped list, plus the company's own)
one letter repeated    the same letter four times or more in a row in a first or last name, or nothing else in the company's name
keyboard row           five neighbouring keys in a row: asdfg, qwert, 12345; in the company's name only where there is nothing else
digits                 three digits or more in a first or last name, and no fewer of them than letters; or a name without a letter
no vowel               a first or last name of six Latin letters or more without a vowel (y and accented vowels are vowels)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handoff.case import Case

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "1234567890")
ROW_KEYS = 5
NO_VOWEL_LETTERS = 6
MOST_DIGITS = 2
KEPT_NAMES = 10_000  # first names and companies come again and again
_RUNS = frozenset(
    row[start : start + ROW_KEYS]
    for line in ROWS
    for row in (line, line[::-1])
    for start in range(len(row) - ROW_KEYS + 1)
    if row[start : start + ROW_KEYS] != "werty"  # holds no more than qwerty does, and "wertyu" is caught by its neighbours
)
_ROW_RUN = re.compile("|".join(sorted(_RUNS)))
_REPEATED = re.compile(r"([^\W\d_])\1{3,}")
_ALL_REPEATED = re.compile(r"([^\W_])\1{3,}")
_DIGITS = re.compile(r"\d")
_WORDS = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[aeiouyæøœ]")


# Whatever has none of these in it has no sign: one search answers for nearly everybody.
_SUSPECT = re.compile(rf"([^\W\d_])\1{{3}}|\d.*\d.*\d|[^\W\d_aeiouyæøœ]{{{NO_VOWEL_LETTERS}}}|{_ROW_RUN.pattern}|^[\W\d_]+$")


def spam_sign(case: Case) -> str:
    """The first sign that this is no lead, "" when there is none."""
    fields = case.fields
    domain = fields.get("email", "").rpartition("@")[2].strip().casefold()
    if domain and listed(domain, case.policy.disposable):
        return "disposable address"
    if not case.policy.policy.intake.gibberish:
        return ""
    for field in ("first_name", "last_name"):
        if sign := name_sign(fields.get(field, "")):
            return f"{field.replace('_', ' ')}: {sign}"
    sign = company_sign(fields.get("company", ""))
    return f"company: {sign}" if sign else ""


def listed(domain: str, domains: frozenset[str]) -> bool:
    """Whether a domain, or one it is part of, stands on a list."""
    while domain and domains:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False


@lru_cache(maxsize=KEPT_NAMES)
def name_sign(name: str) -> str:
    """What is wrong with a first or last name, "" when nothing is."""
    text = name.strip().casefold()
    letters = text if text.isascii() else _unaccented(text)
    if not _SUSPECT.search(letters) or not is_latin(name):
        return ""
    digits, alphas = len(_DIGITS.findall(text)), sum(sign.isalpha() for sign in text)
    if (digits > MOST_DIGITS and digits >= alphas) or not alphas:
        return "keyboard row" if _ROW_RUN.search(text) else "digits"
    if _REPEATED.search(letters):
        return "one letter repeated"
    if _ROW_RUN.search(letters):
        return "keyboard row"
    if any(len(word) >= NO_VOWEL_LETTERS and not _VOWEL.search(word) for word in _WORDS.findall(letters)):
        return "no vowel"
    return ""


@lru_cache(maxsize=KEPT_NAMES)
def company_sign(company: str) -> str:
    """What is wrong with a company's name as a whole: real ones have abbreviations, digits and odd spellings in them."""
    if not _SUSPECT.search(company.casefold()) or not is_latin(company):
        return ""
    text = "".join(sign for sign in company.casefold() if sign.isalnum())
    if _ALL_REPEATED.fullmatch(text):
        return "one letter repeated"
    return "keyboard row" if any(len(text) >= ROW_KEYS and text in row for line in ROWS for row in (line, line[::-1])) else ""


def is_latin(text: str) -> bool:
    """Whether every letter is Latin, accents included."""
    return text.isascii() or all(not sign.isalpha() or unicodedata.name(sign, "").startswith("LATIN") for sign in text)


def _unaccented(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def exclusion_key(entry: str) -> str:
    """How an address or domain stands on a named list: digested, so that the list can be kept without the people on it."""
    return sha256(entry.strip().casefold().encode()).hexdigest()[:20]


def excluded_by(fields: Mapping[str, str], exclusions: Mapping[str, str]) -> str:
    """The named list that holds the lead's address, or a domain of the address or account; "" for none."""
    if not exclusions:
        return ""
    email = fields.get("email", "").strip().casefold()
    if found := exclusions.get(exclusion_key(email)) if email else None:
        return found
    for domain in (email.rpartition("@")[2], fields.get("account_domain", "").strip().casefold()):
        while "." in domain:
            if found := exclusions.get(exclusion_key(domain)):
                return found
            domain = domain.partition(".")[2]
    return ""
