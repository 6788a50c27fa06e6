"""Accounts: which one a lead belongs to, who works it, and what follows for the second person of it."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.accounts import account_key, company_name, name_key, registrable
from handoff.assign import assign
from handoff.case import open_case
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Frame
from handoff.facts import LeadFacts, Ref
from handoff.policy import Policy, RouteRule
from mappings.domains import public_suffixes
from mappings.take_out import taken_out
from tests.handoff.makers import GOOD_FIT, NOW, days_ago, form, frame, lead, prior, record
from tests.handoff.policies import POLICY, every, signal

SUFFIXES = frozenset(public_suffixes()[1].split())
FREE = frozenset({"gmail.com"})
ANN, BOB, EVE = "ann@x.example", "bob@x.example", "eve@x.example"


@pytest.mark.requirement("R111")
@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("acme.example", "acme.example"),
        ("eu.mail.acme.co.uk", "acme.co.uk"),
        ("ACME.Com.", "acme.com"),
        ("co.uk", ""),
        ("a.github.io", "a.github.io"),  # whoever owns a name there is somebody else
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),  # an exception of the list
        ("a.b.c.kawasaki.jp", "b.c.kawasaki.jp"),  # a wildcard of the list
        ("müller.de", "xn--mller-kva.de"),
        ("10.0.0.1", ""),
        ("[10.0.0.1]", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_the_registered_domain_follows_the_public_suffix_list(domain: str, registered: str) -> None:
    assert registrable(domain, SUFFIXES) == registered


@pytest.mark.requirement("R111")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME, Inc.", "Acme"),
        ("Meyer GmbH & Co. KG", "MEYER"),
        ("Société Générale S.A.", "societe generale"),
        ("Acme sp. z o.o.", "acme"),
        ("The Acme Company", "acme ltd"),
        ("O’Neill Ltd", "ONEILL"),
    ],
)
def test_company_names_are_the_same_without_legal_form_accents_and_punctuation(one: str, other: str) -> None:
    assert company_name(one) == company_name(other) != ""


def test_a_name_that_says_nothing_is_no_account() -> None:
    assert name_key("AG") == name_key("X") == name_key("--") == ""
    assert company_name("Acme Group") != company_name("Acme Works")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_a_stable_account(text: str) -> None:
    """Whatever is typed into an address or a company: no error, and a key is its own key."""
    found = registrable(text, SUFFIXES)
    assert found == registrable(found, SUFFIXES)
    assert company_name(company_name(text)) == company_name(text)


@pytest.mark.requirement("R111")
def test_the_account_comes_first_then_the_address_then_the_name() -> None:
    fields = {"account_domain": "big.example", "email": "a@mail.small.example", "company": "Small Ltd"}
    assert account_key(fields, SUFFIXES, FREE) == "big.example"
    assert account_key({**fields, "account_domain": ""}, SUFFIXES, FREE) == "small.example"
    assert account_key({"email": "a@gmail.com", "company": "Small Ltd"}, SUFFIXES, FREE) == "name:small"
    assert account_key({"email": "a@gmail.com"}, SUFFIXES, FREE) == ""


@cache
def with_worker_route() -> CompiledPolicy:
    """The small policy with 'one account, one owner' above its other routes."""
    return compile_policy(worker_policy())


def worker_policy() -> Policy:
    route = RouteRule(name="same_account", when=every(signal("account.worked")), to_account_worker=True)
    return POLICY.model_copy(update={"routes": (route, *POLICY.routes)})


def asks(number: int, email: str, days: float = 0.01) -> LeadFacts:
    """Somebody who has just asked."""
    about = Ref("salesforce", "Lead", str(number))
    made = form(days)._replace(about=about, key=f"{about}:form")
    return lead(record(number=number, fields={"email": email}), activities=(made,))


def given_to(policy: CompiledPolicy, people: list[LeadFacts], at: Frame) -> list[str]:
    """Who gets each of these, in one pass."""
    decisions = [decide(prior("nurture"), facts, policy, at, NOW) for facts in people]
    return [one.owner for one in assign(decisions, {facts.key: facts for facts in people}, policy, at, NOW).decisions]


@pytest.mark.requirement("R59", "R111")
def test_the_second_person_of_a_worked_account_goes_to_who_works_it() -> None:
    at = frame(account_owners={"acme.example": BOB}, turns={"sdr": {BOB: 40, ANN: 0}})
    assert given_to(with_worker_route(), [asks(1, "new@eu.acme.example")], at) == [BOB]


def test_a_worker_who_has_left_is_passed_over() -> None:
    at = frame(account_owners={"acme.example": "gone@x.example"})
    (owner,) = given_to(with_worker_route(), [asks(1, "new@acme.example")], at)
    assert owner not in ("gone@x.example", "")


@pytest.mark.requirement("R111")
def test_two_people_of_a_new_account_go_to_one_rep_in_one_pass() -> None:
    """The pass sees the owners it has just given, whatever the turns say."""
    people = [asks(number, f"p{number}@{'same' if number % 2 else f'other{number}'}.example", 0.01 * number) for number in range(1, 8)]
    owners = given_to(with_worker_route(), people, frame())
    assert len({owners[index] for index in range(0, 7, 2)}) == 1
    assert len(set(owners)) > 1
    without = given_to(compile_policy(taken_out(worker_policy(), "routes.same_account")), people, frame())
    assert len({without[index] for index in range(0, 7, 2)}) > 1


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(1, 7)))
def test_who_gets_whom_does_not_depend_on_the_order_of_the_decisions(order: list[int]) -> None:
    """Law 1, with accounts in it."""
    people = {number: asks(number, f"p{number}@{'same' if number % 3 else 'other'}.example", 0.01 * number) for number in range(1, 7)}
    ordered = given_to(with_worker_route(), [people[number] for number in order], frame())
    assert dict(zip(order, ordered, strict=True)) == dict(
        zip(range(1, 7), given_to(with_worker_route(), list(people.values()), frame()), strict=True)
    )


@pytest.mark.requirement("R55")
def test_an_account_may_be_named_by_its_company_name() -> None:
    at = frame(target_accounts={"name:acme": EVE})
    facts = lead(record(fields={"email": "a@gmail.com", "company": "ACME, Inc."}))
    assert open_case(prior("nurture"), facts, with_worker_route(), at, NOW)["target_account"] is True


@pytest.mark.requirement("R56")
def test_a_field_rep_gets_no_lead_that_has_asked_for_nothing() -> None:
    """Not by turns, not as the account's worker; who asks goes there."""
    pools = {name: pool.model_copy(update={"field": "ae" in pool.roles}) for name, pool in POLICY.pools.items()}
    policy = compile_policy(worker_policy().model_copy(update={"pools": pools}))
    at = frame(account_owners={"acme.example": EVE})
    trial = form(0.01, "trial")._replace(about=Ref("salesforce", "Lead", "1"))
    content = lead(record(fields={"email": "a@acme.example", **GOOD_FIT}, created=days_ago(1)), activities=(trial,))
    (owner,) = given_to(policy, [content], at)
    assert at.reps[owner].role == "sdr"
    assert given_to(policy, [asks(1, "a@acme.example")], at) == [EVE]
