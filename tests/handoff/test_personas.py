"""Personas: who it is decides the questions, the points, the nurture group and what the rep has at hand; the trace says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.case import open_case
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.explain import explain, fit_score
from handoff.policy import Band, Condition, FitAttribute, NurtureGroup, Operator, Persona, Test
from handoff.wording import Words, sentence
from mappings.load import load_policy
from tests.handoff.makers import NOW, decided, frame, lead, prior, record
from tests.handoff.policies import ALWAYS, compiled, every, known
from tests.mappings.policy_folder import change, copy_policy, problems_of

SHIPPED = compile_policy(load_policy())
JUNIOR = FitAttribute(
    name="title",
    weight=30,
    reads=("title",),
    bands=(Band(when=every(known("title", ("clerk",), Operator.CONTAINS_ANY)), points=30, label="does the work"),),
)


def persona(name: str, word: str, **more: object) -> Persona:
    """People with this word in their title."""
    return Persona(name=name, label=name.title(), when=every(known("title", (word,), Operator.CONTAINS_ANY)), **more)


def with_personas(*personas: Persona, **more: object) -> CompiledPolicy:
    """The small policy with personas."""
    return compiled(personas=personas, **more)


def someone(title: str, **fields: str) -> object:
    """A lead of known fit."""
    return lead(record(fields={"title": title, "industry": "Farming", "employees": "25", "country": "United States", **fields}))


@pytest.mark.requirement("R42")
def test_the_first_persona_that_holds_is_the_leads() -> None:
    policy = with_personas(persona("clerk", "clerk"), persona("anybody", "sales clerk"))
    said = [open_case(prior("lead"), someone(title), policy, frame(), NOW)["persona"] for title in ("Sales Clerk", "VP", "")]  # type: ignore[arg-type]
    assert said == ["clerk", "none", "none"]


@pytest.mark.requirement("R18", "R43")
def test_a_junior_title_counts_for_one_persona_and_not_in_general() -> None:
    """The sign of a title is the company's choice: the same clerk fits where the persona says so."""
    general, own = (open_case(prior("lead"), someone("Clerk"), policy, frame(), NOW).fit.score for policy in (  # type: ignore[arg-type]
        with_personas(), with_personas(persona("clerk", "clerk", attributes=(JUNIOR,)))
    ))  # fmt: skip
    assert (general, own) == (43, 68)  # 10 + 5 + 10 + 10 of 80, and 30 + 5 + 10 + 10 of 80


@pytest.mark.requirement("R43")
def test_the_persona_decides_the_nurture_group_where_the_group_gives_way() -> None:
    groups = (
        NurtureGroup(name="low", when=every(Test(signal="fit.passes", op=Operator.IS, value=False))),
        NurtureGroup(name="general", when=ALWAYS, persona_first=True),
    )
    policy = with_personas(persona("clerk", "clerk", attributes=(JUNIOR,), group="clerks"), groups=groups)
    joined = [decided(policy, prior("lead", 3), someone(title)).nurture_group for title in ("Clerk", "Manager", "Clerk, n/a")]  # type: ignore[arg-type]
    assert joined == ["clerks", "low", "clerks"]
    unfit = with_personas(persona("clerk", "clerk", group="clerks"), groups=groups)
    assert decided(unfit, prior("lead", 3), someone("Clerk")).nurture_group == "low"  # type: ignore[arg-type]


@pytest.mark.requirement("R44")
def test_the_trace_names_the_persona_and_still_adds_up() -> None:
    policy = with_personas(persona("clerk", "clerk", attributes=(JUNIOR,)))
    decision = decided(policy, prior("lead", 3), someone("Clerk"))  # type: ignore[arg-type]
    assert ("persona", "clerk") in decision.because
    assert fit_score(decision.because) == 68
    assert "persona clerk; title 30/30" in explain(decision, policy)


@pytest.mark.requirement("R43", "R44", "R84")
def test_label_and_links_are_words_for_the_brief() -> None:
    policy = with_personas(persona("clerk", "clerk", links=("Guide: https://x.example/g", "Prices: https://x.example/p")))
    case = open_case(prior("lead"), someone("Clerk"), policy, frame(), NOW)  # type: ignore[arg-type]
    assert sentence("{persona}: {links}", Words(case, {})) == "Clerk: Guide: https://x.example/g · Prices: https://x.example/p"


@pytest.mark.requirement("R18", "R42")
def test_the_shipped_operations_persona_rates_an_administrator_as_one_who_brings_it_in() -> None:
    fields = {"email": "p@lead.example", "industry": "Technology", "employees": "300", "country": "Canada"}
    scores = {}
    for title in ("Salesforce Administrator", "System Administrator", "VP of Sales"):
        case = open_case(prior("lead"), lead(record(fields={**fields, "title": title})), SHIPPED, frame(), NOW)
        scores[title] = (case["persona"], case["fit.score"])
    assert scores == {
        "Salesforce Administrator": ("operations", 92),
        "System Administrator": ("none", 80),
        "VP of Sales": ("revenue_leader", 100),
    }


def test_a_group_that_no_list_gives_way_to_is_refused(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    for _ in range(2):
        change(folder, "sweep", ", persona_first: true", "")
    (problem,) = problems_of(folder)
    assert (problem.path, "is never used" in problem.what) == ("personas.operations.group", True)


# --- fit: what is asked -------------------------------------------------------------------------------------------------------------------

KNOWN = {"email": "p@lead.example", "title": "Director", "industry": "Technology", "employees": "300", "country": "Canada"}


def answers(**fields: str) -> dict[str, object]:
    """Points per attribute of the shipped policy."""
    case = open_case(prior("lead"), lead(record(fields={**KNOWN, **fields})), SHIPPED, frame(), NOW)
    return {str(step[1]): step[2] for step in case.fit.because if step[0] == "fit"}


@pytest.mark.requirement("R24")
@pytest.mark.parametrize(
    ("fields", "name", "points"),
    [
        ({"budget": "confirmed"}, "budget", 4),
        ({"budget": "planned"}, "budget", 3),
        ({"authority": "DECISION_MAKER"}, "authority", 2),
        ({"authority": "Influencer"}, "authority", 1),
        ({"need": "new project"}, "need", 2),
        ({"timing": "this quarter"}, "timing", 2),
        ({"timing": "some day"}, "timing", 0),
    ],
)
def test_what_is_stated_of_budget_authority_need_and_timing_counts(fields: dict[str, str], name: str, points: int) -> None:
    assert answers(**fields)[name] == points
    assert answers()[name] is None  # not asked yet is not bad


@pytest.mark.requirement("R22")
def test_revenue_stands_in_where_no_head_count_is_known() -> None:
    unknown = {"employees": ""}
    by_revenue = [answers(**unknown, revenue=amount)["company_size"] for amount in ("50000000", "12000000", "900000")]
    assert by_revenue == [20, 16, 0]
    assert answers(employees="5", revenue="50000000")["company_size"] == 0
    assert answers(**unknown)["company_size"] is None


@pytest.mark.requirement("R17", "R19", "R20", "R21")
def test_title_industry_place_and_technology_are_asked() -> None:
    best = answers(title="VP Finance", industry="Finance", country="USA", tech_stack="Salesforce;Segment")
    worst = answers(title="Receptionist", industry="Education", country="Peru", tech_stack="none of these")
    asked = ("title", "industry", "geography", "technology")
    assert [best[name] for name in asked] == [30, 20, 10, 10]
    assert [worst[name] for name in asked] == [3, 6, 3, 2]


@pytest.mark.requirement("R20", "R21", "R23")
@pytest.mark.parametrize(
    ("fields", "out"),
    [
        ({"country": "North Korea"}, True),
        ({"budget": "no budget at all"}, True),
        ({"required_integrations": "Siebel; SAP"}, True),
        ({"required_integrations": "HubSpot"}, False),
        ({"country": ""}, False),
    ],
)
def test_a_known_disqualifier_outweighs_every_score(fields: dict[str, str], out: bool) -> None:
    case = open_case(prior("lead"), lead(record(fields={**KNOWN, **fields})), SHIPPED, frame(), NOW)
    assert (case["fit.disqualified"], case["fit.passes"]) == (out, True)
    assert (case["matrix.cell"] == "possible_referrers") == out


def test_a_persona_nobody_knows_to_hold_is_none() -> None:
    """Missing data never makes a persona."""
    policy = with_personas(Persona(name="big", label="Big", when=Condition(all=(known("employees", 10, Operator.AT_LEAST),))))
    assert open_case(prior("lead"), lead(record()), policy, frame(), NOW)["persona"] == "none"
