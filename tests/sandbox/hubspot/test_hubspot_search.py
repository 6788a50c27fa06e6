"""Search: operators, limits, paging, and an index that may trail behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hubspot.crm.contacts import PublicObjectSearchRequest

from sandbox.core import Fault, Sandbox
from sandbox.hubspot.values import to_ms

SEARCH = "/crm/v3/objects/contacts/search"
T0 = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def people(sandbox: Sandbox) -> list[str]:
    """Five leads of known make-up, in this order."""
    rows = [
        (None, {"email": "ana@a.example", "city": "Rome", "lifecyclestage": "lead", "num_notes": "3"}, T0, T0 + timedelta(days=1), None),
        (
            None,
            {"email": "bo@a.example", "city": "rome", "lifecyclestage": "customer", "num_notes": "10"},
            T0,
            T0 + timedelta(days=2),
            None,
        ),
        (None, {"email": "cy@b.example", "lifecyclestage": "lead", "num_notes": "20"}, T0, T0 + timedelta(days=3), None),
        (
            None,
            {"email": "di@b.example", "city": "Porto Rome", "recent_conversion_date": "2026-10-05T00:00:00.000Z"},
            T0,
            T0 + timedelta(days=3),
            None,
        ),
        (
            None,
            {"email": "ed@c.example", "firstname": "Éd", "recent_conversion_date": "2026-10-07T00:00:00.000Z"},
            T0,
            T0 + timedelta(days=3),
            None,
        ),
    ]
    return list(sandbox.hubspot.load("contacts", rows))


def _ms(days: float) -> str:
    return str(to_ms(T0 + timedelta(days=days)))


def _body(*filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"filterGroups": [{"filters": list(filters)}], "limit": 100, "properties": ["email"], **more}


def _f(name: str, operator: str, **values: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **values}


def _emails(reply: Any) -> list[str]:
    assert reply.status_code == 200, reply.text
    return [each["properties"]["email"][:2] for each in reply.json()["results"]]


@pytest.mark.parametrize(
    ("name", "filters", "expected"),
    [
        ("text ignores case", [_f("city", "EQ", value="ROME")], "ana bo"),
        ("enumerations do not", [_f("lifecyclestage", "EQ", value="LEAD")], ""),
        ("enumeration", [_f("lifecyclestage", "EQ", value="lead")], "ana cy"),
        ("absent matches NEQ", [_f("city", "NEQ", value="rome")], "cy di ed"),
        ("IN wants lower case for text", [_f("city", "IN", values=["Rome"])], ""),
        ("IN", [_f("city", "IN", values=["rome"])], "ana bo"),
        ("absent matches NOT_IN", [_f("city", "NOT_IN", values=["rome"])], "cy di ed"),
        ("numbers compare as numbers", [_f("num_notes", "GT", value="9")], "bo cy"),
        ("BETWEEN holds both ends", [_f("num_notes", "BETWEEN", value="3", highValue="10")], "ana bo"),
        ("HAS_PROPERTY", [_f("recent_conversion_date", "HAS_PROPERTY")], "di ed"),
        ("NOT_HAS_PROPERTY", [_f("city", "NOT_HAS_PROPERTY")], "cy ed"),
        ("token", [_f("city", "CONTAINS_TOKEN", value="porto")], "di"),
        ("token with star", [_f("email", "CONTAINS_TOKEN", value="*@b.example")], "cy di"),
        ("absent matches NOT_CONTAINS_TOKEN", [_f("city", "NOT_CONTAINS_TOKEN", value="rome")], "cy ed"),
        ("dates are epoch ms", [_f("recent_conversion_date", "GTE", value=_ms(5))], "ed"),
        ("filters are ANDed", [_f("lifecyclestage", "EQ", value="lead"), _f("city", "EQ", value="rome")], "ana"),
        ("modified window", [_f("lastmodifieddate", "GTE", value=_ms(2)), _f("lastmodifieddate", "LT", value=_ms(3))], "bo"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_operators(api: Any, name: str, filters: list[dict[str, Any]], expected: str) -> None:
    assert _emails(api.post(SEARCH, _body(*filters))) == [each[:2] for each in expected.split()]


def test_groups_are_ored(api: Any) -> None:
    groups = [{"filters": [_f("email", "EQ", value="ana@a.example")]}, {"filters": [_f("email", "EQ", value="ed@c.example")]}]
    assert _emails(api.post(SEARCH, {"filterGroups": groups, "properties": ["email"]})) == ["an", "ed"]


def test_sdk_search_with_keyset_walk(sdk: Any, people: list[str]) -> None:
    last, seen = "0", []
    while True:
        filters = [
            _f("lastmodifieddate", "GTE", value=_ms(0)),
            _f("lastmodifieddate", "LTE", value=_ms(9)),
            _f("hs_object_id", "GT", value=last),
        ]
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        page = sdk.crm.contacts.search_api.do_search(
            PublicObjectSearchRequest(filter_groups=[{"filters": filters}], sorts=sorts, limit=2, properties=[])
        )
        if not page.results:
            break
        seen += [each.id for each in page.results]
        last = seen[-1]
    assert seen == people


def test_offset_paging_ends_without_paging(api: Any) -> None:
    first = api.post(SEARCH, _body(limit=3)).json()
    assert (first["total"], first["paging"]) == (5, {"next": {"after": "3"}})
    second = api.post(SEARCH, _body(limit=3, after="3")).json()
    assert len(second["results"]) == 2
    assert "paging" not in second


def test_default_page_is_10_and_default_order_is_creation(api: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.load("companies", [(None, {"name": str(n)}, T0 + timedelta(days=20 - n), T0, None) for n in range(12)])
    names = [each["properties"]["name"] for each in api.post("/crm/v3/objects/companies/search", {}).json()["results"]]
    assert names == [str(n) for n in range(11, 1, -1)]


def test_sorting_by_a_property_descending(api: Any) -> None:
    sorts = [{"propertyName": "num_notes", "direction": "DESCENDING"}]
    assert _emails(api.post(SEARCH, _body(_f("num_notes", "HAS_PROPERTY"), sorts=sorts))) == ["cy", "bo", "an"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"limit": 201}, "limit"),
        ({"limit": 200, "after": "9900"}, "10000"),
        ({"filterGroups": [{"filters": [_f("city", "EQ", value="a")]}] * 6}, "too many filters"),
        ({"filterGroups": [{"filters": [_f("city", "EQ", value="a")] * 7}]}, "too many filters"),
        ({"filterGroups": [{"filters": [_f("city", "EQ", value="a")] * 4}] * 5}, "too many filters"),
        ({"filterGroups": [{"filters": [_f("city", "LIKE", value="a")]}]}, "Enum type must be one of: [IN, "),
        ({"filterGroups": [{"filters": [_f("nope", "EQ", value="a")]}]}, "nope"),
        ({"filterGroups": [{"filters": [_f("createdate", "GT", value="2026-01-01")]}]}, "epoch"),
        ({"filterGroups": [{"filters": [_f("city", "EQ")]}]}, "needs a value"),
        ({"sorts": ["createdate", "email"]}, "one sort"),
        ({"query": "x" * 3001}, "3000"),
    ],
)
def test_what_breaks_the_rules_is_400_validation_error(api: Any, body: dict[str, Any], words: str) -> None:
    reply = api.post(SEARCH, body)
    assert (reply.status_code, reply.json()["category"]) == (400, "VALIDATION_ERROR")
    assert words in reply.json()["message"]


def test_the_last_page_below_the_cap_is_served(api: Any) -> None:
    assert api.post(SEARCH, {"limit": 200, "after": "9800"}).status_code == 200


def test_long_property_lists_do_not_count_towards_the_query_cap(api: Any) -> None:
    assert api.post(SEARCH, {"properties": [f"property_{n}" for n in range(1000)]}).status_code == 200


def test_associations_pseudo_property(api: Any, make: Any) -> None:
    contact = make.contact()
    task = make.record("tasks", [("contacts", contact, 204)], hs_timestamp="1790000000000", hs_task_subject="s")
    found = api.post(
        "/crm/v3/objects/tasks/search", {"filterGroups": [{"filters": [_f("associations.contact", "EQ", value=contact)]}]}
    ).json()
    assert [each["id"] for each in found["results"]] == [task]


def test_free_text_query_finds_parts_of_words(api: Any) -> None:
    assert _emails(api.post(SEARCH, {"query": "b.exam", "properties": ["email"]})) == ["cy", "di"]


def test_archived_never_appear(api: Any, make: Any) -> None:
    contact = make.contact(city="Gone")
    assert api.post(SEARCH, _body(_f("city", "EQ", value="gone"))).json()["total"] == 1
    api.call("DELETE", f"/crm/v3/objects/contacts/{contact}")
    assert api.post(SEARCH, _body(_f("city", "EQ", value="gone"))).json()["total"] == 0


def test_index_lag_hides_a_write_from_search_but_not_from_get(api: Any, sandbox: Sandbox, make: Any) -> None:
    ids = [make.contact() for _ in range(8)]
    assert api.post(SEARCH, _body(_f("city", "EQ", value="lagtown"))).json()["total"] == 0
    sandbox.switches.set("hubspot.search_lag_seconds", 600.0)
    for contact in ids:
        api.call("PATCH", f"/crm/v3/objects/contacts/{contact}", json={"properties": {"city": "Lagtown"}})
    sandbox.clock.advance(300)
    some = {each["id"] for each in api.post(SEARCH, _body(_f("city", "EQ", value="lagtown"))).json()["results"]}
    assert 0 < len(some) < 8
    assert sorted(some) != sorted(ids)[: len(some)], "visibility must not follow the order of writing"
    assert api.get(f"/crm/v3/objects/contacts/{ids[0]}", properties="city").json()["properties"]["city"] == "Lagtown"
    sandbox.clock.advance(301)
    assert api.post(SEARCH, _body(_f("city", "EQ", value="lagtown"))).json()["total"] == 8


def test_late_commit_fault_delays_one_write(api: Any, sandbox: Sandbox, make: Any) -> None:
    contact = make.contact()
    sandbox.faults.add(Fault("late_commit", "hubspot", "PATCH", seconds=60))
    api.call("PATCH", f"/crm/v3/objects/contacts/{contact}", json={"properties": {"city": "Latetown"}})
    assert api.post(SEARCH, _body(_f("city", "EQ", value="latetown"))).json()["total"] == 0
    sandbox.clock.advance(61)
    assert api.post(SEARCH, _body(_f("city", "EQ", value="latetown"))).json()["total"] == 1


def test_ties_are_shuffled_by_switch(api: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.load("deals", [(None, {"dealname": str(n)}, T0, T0, None) for n in range(50)])
    body = {"limit": 100, "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]}
    orders = {tuple(each["id"] for each in api.post("/crm/v3/objects/deals/search", body).json()["results"]) for _ in range(3)}
    assert len(orders) == 1
    sandbox.switches.set("hubspot.search_shuffle_ties", True)
    orders = {tuple(each["id"] for each in api.post("/crm/v3/objects/deals/search", body).json()["results"]) for _ in range(3)}
    assert len(orders) == 3


def test_search_replies_carry_no_rate_headers(api: Any) -> None:
    assert not [name for name in api.post(SEARCH, {}).headers if "ratelimit" in name.lower()]
