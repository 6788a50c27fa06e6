"""The space of leads that routing divides: gaps, overlaps and lines that never decide are found, simple lists are left in peace."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.condition import Condition, Operator, Test
from handoff.match import compile_condition
from mappings.load import load_policy
from mappings.rule_space import MOST_ROUTES, Point, remarks, survey
from tests.mappings.policy_folder import change, copy_policy, problems_of

ALWAYS = Condition(always=True)


def field(name: str, *values: str) -> Condition:
    return Condition(all=(Test(field=name, op=Operator.ANY_OF, value=values),))


def size(least: int, most: int) -> Condition:
    return Condition(all=(Test(field="employees", op=Operator.BETWEEN, value=(least, most)),))


@pytest.mark.requirement("R64", "R66")
def test_a_gap_between_two_bands_is_found() -> None:
    space = survey([("small", size(1, 49)), ("large", size(51, 100_000))])
    assert "employees 50" in space.gaps
    assert "nothing known" in space.gaps


@pytest.mark.requirement("R64")
def test_an_overlap_is_told_with_a_lead_that_both_mean() -> None:
    space = survey([("emea", field("region", "EMEA")), ("large", size(200, 10_000)), ("rest", ALWAYS)])
    assert space.overlaps[("emea", "large")] == "employees 200, region EMEA"
    assert space.gaps == ()


def test_a_line_below_a_wider_one_never_decides() -> None:
    space = survey([("europe", field("country", "Spain", "France")), ("spain", field("country", "Spain")), ("rest", ALWAYS)])
    assert space.hidden == ("spain",)


COUNTRIES = ("Spain", "France", "Peru")
BANDS = st.tuples(st.integers(1, 4), st.integers(1, 4)).map(sorted).map(lambda ends: size(ends[0], ends[1]))
CONDITIONS = st.one_of(BANDS, st.lists(st.sampled_from(COUNTRIES), min_size=1, unique=True).map(lambda names: field("country", *names)))


@settings(max_examples=60, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_the_survey_agrees_with_every_lead_there_is(conditions: list[Condition]) -> None:
    """Against brute force over a small world: a gap is found if and only if some lead is taken by no rule."""
    rules = [(f"rule {number}", condition) for number, condition in enumerate(conditions)]
    checks = [compile_condition(condition) for condition in conditions]
    world = [
        Point({}, {name: value for name, value in (("country", country), ("employees", employees)) if value})
        for country, employees in product(("", "Chile", *COUNTRIES), ("", *(str(number) for number in range(8))))
    ]
    nobody = any(all(check(lead) is not None for check in checks) for lead in world)
    first = {next((name for (name, _), check in zip(rules, checks, strict=True) if check(lead) is None), "") for lead in world}
    space = survey(rules)
    assert bool(space.gaps) == nobody
    assert {name for name, _ in rules} - set(space.hidden) == first - {""}


@pytest.mark.requirement("R64")
def test_a_hidden_route_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    twice = "  - name: everybody_else\n"
    change(
        folder,
        "routing",
        twice,
        f"  - name: named_again\n    when: {{target_account: true, content_lead: false}}\n    pool: managers\n{twice}",
    )
    (problem,) = problems_of(folder)
    assert "never decides" in problem.what
    assert problem.path == "routes.named_again"
    assert problem.where.startswith("mappings/routing.yaml:")


@pytest.mark.requirement("R64")
def test_too_many_routes_are_worth_a_look(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    last = "  - name: everybody_else\n"
    more = "".join(f'  - name: zip_{n}\n    when: {{postal_code: ["{n}"]}}\n    pool: managers\n' for n in range(MOST_ROUTES))
    change(folder, "routing", last, more + last)
    told = list(remarks(load_policy(folder)))
    assert any(f"{MOST_ROUTES + 4} lines" in remark for remark in told)
    assert list(remarks(load_policy())) == []
