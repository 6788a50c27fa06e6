"""Spam and imports: what is held at the door, and what never is."""

from __future__ import annotations

from functools import cache

import pytest

from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.spam import company_sign, excluded_by, exclusion_key, name_sign
from mappings.domains import COMMON_DISPOSABLE, COMMON_FREE_MAIL
from mappings.exclusions import load_exclusions
from mappings.load import load_policy
from mappings.problems import PolicyErrors
from tests.handoff.makers import NOW, form, frame, lead, prior, record

REAL_NAMES = (
    "Record 8719",
    *("James", "Ng", "Björn", "Siobhán", "Đorđe", "Łukasz", "Ayşe", "Krč", "Smrž", "Vlk", "O’Connor", "Schwartz", "Anna-Lena", "J.", "III"),
    *("Wright", "Lynch", "Rhys", "Glynn", "Ščrk", "Xzavier", "Aaron", "Lloyd", "Mary Jo", "Nguyễn", "de la Cruz", "Jr", "Ömer", "Werty"),
)
REAL_COMPANIES = (
    "AAA Locksmiths",
    "AAAA Plumbing",
    "3M",
    "23andMe",
    "KPMG",
    "HSBC",
    "BMW",
    "Qwertz Media GmbH",
    "7-Eleven",
    "1&1",
    "XXXLutz",
    "Asdf Ltd",
)


@pytest.mark.requirement("R51")
@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("Aaaaa", "one letter repeated"),
        ("xxxx", "one letter repeated"),
        ("asdfgh", "keyboard row"),
        ("Qwertyuiop", "keyboard row"),
        ("12345", "keyboard row"),
        ("john 5551234", "digits"),
        ("...", "digits"),
        ("bcdfgh", "no vowel"),
    ],
)
def test_a_name_typed_at_random_has_its_sign(name: str, sign: str) -> None:
    assert name_sign(name) == sign


@pytest.mark.parametrize("name", REAL_NAMES)
def test_a_real_name_has_none(name: str) -> None:
    assert name_sign(name) == ""


@pytest.mark.parametrize("name", ["Нгвкпр", "山田山田", "ああああああ", "Γγγγγγ", "ЙЙЙЙЙ Smith", "김김김김"])
def test_a_name_in_another_script_is_never_judged(name: str) -> None:
    assert name_sign(name) == company_sign(name) == ""


@pytest.mark.parametrize("company", REAL_COMPANIES)
def test_a_real_company_has_none(company: str) -> None:
    assert company_sign(company) == ""


@pytest.mark.parametrize("company", ["asdfgh", "XXXXX", "qwerty", "11111"])
def test_a_company_that_is_nothing_else_has_its_sign(company: str) -> None:
    assert company_sign(company)


def test_nobody_is_a_mailbox_provider_and_a_throw_away_address_at_once() -> None:
    assert not set(COMMON_DISPOSABLE) & set(COMMON_FREE_MAIL)


@cache
def shipped() -> CompiledPolicy:
    return compile_policy(load_policy())


@pytest.mark.requirement("R51")
def test_spam_pages_nobody_and_stands_on_the_list_with_its_sign() -> None:
    facts = lead(record(fields={"email": "a@mail.mailinator.com"}), activities=(form(0.01),))
    made = decide(prior("nurture"), facts, shipped(), frame(), NOW)
    assert (made.out_of_scope, made.exceptions, made.effects, made.ready) == ("spam", (("spam", "disposable address"),), (), False)


def test_the_trace_of_spam_names_the_sign_and_not_the_person() -> None:
    facts = lead(record(fields={"email": "a@firm.example", "last_name": "Qqqqqqq"}))
    made = decide(prior("nurture"), facts, shipped(), frame(), NOW)
    assert made.exceptions == (("spam", "last name: one letter repeated"),)
    assert "qqqq" not in str(made.because).lower()


def test_a_named_list_is_kept_digested(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "leave_alone.csv"
    path.write_text("entry,list\nChair@Big.example,board\nrival.example,\n", encoding="utf-8")
    made = load_exclusions(path)
    assert "big" not in str(made)
    assert excluded_by({"email": "chair@big.example"}, made) == "board"
    assert excluded_by({"email": "a@eu.rival.example"}, made) == "excluded"
    assert excluded_by({"account_domain": "rival.example"}, made) == "excluded"
    assert excluded_by({"email": "other@big.example"}, made) == ""
    assert exclusion_key(" Rival.example") in made


def test_a_named_list_with_a_mistake_says_the_line(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "leave_alone.csv"
    path.write_text("entry,list\nrival.example,\nnonsense,x\n", encoding="utf-8")
    with pytest.raises(PolicyErrors, match=r"leave_alone.csv:3 .*neither an address nor a domain"):
        load_exclusions(path)
