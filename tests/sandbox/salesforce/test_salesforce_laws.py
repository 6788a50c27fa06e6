"""Laws of the query language and of the switches."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sandbox.salesforce
from sandbox.core import SYSTEM, Sandbox
from sandbox.salesforce.limits import LIMITS
from sandbox.salesforce.switches import SWITCHES

SOURCE = Path(sandbox.salesforce.__file__).parent

_literals = {
    "Rating": st.sampled_from(["'Hot'", "'cold'", "''", "null"]),
    "NumberOfEmployees": st.sampled_from(["0", "20", "500", "null"]),
    "IsConverted": st.sampled_from(["true", "false"]),
    "Owner.Name": st.sampled_from(["'Automated Process'", "'nobody'", "null"]),
    "CreatedDate": st.sampled_from(["TODAY", "LAST_N_DAYS:3", "2026-11-16T09:00:00Z", "null"]),
}


@st.composite
def _comparisons(draw: st.DrawFn) -> str:
    field = draw(st.sampled_from(sorted(_literals)))
    value = draw(_literals[field])
    ordered = field in ("NumberOfEmployees", "CreatedDate") and value != "null"
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="] if ordered else ["=", "!="]))
    return f"{field} {operator} {value}"


_memberships = st.tuples(
    st.sampled_from(["IN", "NOT IN"]), st.lists(_literals["Rating"], min_size=1, max_size=3)
).map(lambda pair: f"Rating {pair[0]} ({', '.join(pair[1])})")  # fmt: skip
_conditions = st.recursive(
    _comparisons() | _memberships,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda three: f"({' '.join(three)})")
        | inner.map(lambda one: f"(NOT {one})")
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def filled(sandbox: Sandbox) -> Sandbox:
    """Leads with every mixture of empty and filled fields."""
    for rating in ("Hot", "Cold", None):
        for size in (0, 20, 500, None):
            fields = {"LastName": "x", "Company": "c", "Rating": rating, "NumberOfEmployees": size}
            sandbox.salesforce.create("Lead", fields, SYSTEM)
    return sandbox


def ids(filled: Sandbox, condition: str) -> set[str]:
    return {record["Id"] for record in filled.salesforce.query(f"SELECT Id FROM Lead WHERE {condition}")}


@settings(max_examples=150, deadline=None)
@given(condition=_conditions)
def test_a_condition_and_its_negation_part_all_records(filled: Sandbox, condition: str) -> None:
    """SOQL knows no third truth value: each record is on one side."""
    everything = {record["Id"] for record in filled.salesforce.query("SELECT Id FROM Lead")}
    inside, outside = ids(filled, condition), ids(filled, f"NOT ({condition})")
    assert inside | outside == everything
    assert not inside & outside


@settings(max_examples=80, deadline=None)
@given(one=_conditions, other=_conditions)
def test_and_and_or_are_intersection_and_union(filled: Sandbox, one: str, other: str) -> None:
    assert ids(filled, f"({one}) AND ({other})") == ids(filled, one) & ids(filled, other)
    assert ids(filled, f"({one}) OR ({other})") == ids(filled, one) | ids(filled, other)


@pytest.mark.parametrize("name", [switch.name for switch in (*SWITCHES, *LIMITS)])
def test_every_switch_and_limit_is_obeyed_somewhere(name: str) -> None:
    """A switch nothing reads would be a promise not kept."""
    readers = [path for path in SOURCE.rglob("*.py") if path.name not in ("switches.py", "limits.py") and f'"{name}"' in path.read_text()]
    assert readers, name


def test_every_switch_says_what_it_means_and_where_that_comes_from() -> None:
    assert all(switch.name.startswith("salesforce.") and switch.meaning and switch.source for switch in (*SWITCHES, *LIMITS))
