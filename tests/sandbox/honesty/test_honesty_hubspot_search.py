"""HubSpot search: paging, filters, lag, and its own limit."""

import re
from datetime import datetime

import pytest
from honesty_driver import Portal, World
from honesty_hubspot import CONTACTS, FIRST, SECOND, envelope, filters, search


def test_search_pages_by_offset(portal: Portal) -> None:
    """Default page 10; `after` is an offset as a string; no link; total always there; absent next = last page."""
    first = search(portal, {}).json()
    assert len(first["results"]) == 10
    assert first["paging"] == {"next": {"after": "10"}}

    second = search(portal, {"limit": 200, "after": "10"}).json()
    assert second["paging"] == {"next": {"after": "210"}}
    last = search(portal, {"limit": 200, "after": "210"}).json()
    assert "paging" not in last

    ids = [record["id"] for page in (first, second, last) for record in page["results"]]
    assert len(set(ids)) == len(ids) == first["total"]


def test_search_holds_at_most_200_a_page(portal: Portal) -> None:
    """Max 200 a page; whether 201 is refused or clamped is a switch."""
    assert len(search(portal, {"limit": 200}).json()["results"]) == 200
    assert search(portal, {"limit": 201}).status_code == 400
    portal.world.switch("hubspot.search_limit_over_200", "clamp")
    assert len(search(portal, {"limit": 201}).json()["results"]) == 200


def test_search_stops_at_ten_thousand(portal: Portal) -> None:
    """10,000 results per query; paging beyond is 400; after 9,800 with 200 is the last page allowed."""
    assert search(portal, {"limit": 200, "after": "9800"}).status_code == 200
    assert search(portal, {"limit": 200, "after": "10000"}).status_code == 400


@pytest.mark.parametrize("groups", [[1] * 6, [7], [6, 6, 6, 1]])
def test_search_refuses_too_many_filters(portal: Portal, groups: list[int]) -> None:
    """Over 5 groups, 6 filters in one, or 18 in all: VALIDATION_ERROR."""
    one = {"propertyName": "email", "operator": "HAS_PROPERTY"}

    reply = search(portal, {"filterGroups": [{"filters": [one] * count} for count in groups]})

    assert (reply.status_code, envelope(reply)["category"]) == (400, "VALIDATION_ERROR")


def test_search_takes_eighteen_filters(portal: Portal) -> None:
    """18 filters in five groups of at most 6 are allowed."""
    one = {"propertyName": "email", "operator": "HAS_PROPERTY"}

    assert search(portal, {"filterGroups": [{"filters": [one] * count} for count in (6, 6, 3, 2, 1)]}).status_code == 200


def test_search_caps_the_query_text_not_the_property_list(portal: Portal) -> None:
    """The cap of 3,000 characters covers `query`; bodies with a thousand property names pass in production."""
    assert search(portal, {"query": "x" * 3001}).status_code == 400
    assert search(portal, {"query": "x" * 3000}).status_code == 200
    assert search(portal, {"limit": 1, "properties": [f"some_property_{number}" for number in range(1000)]}).status_code == 200


def test_search_refuses_an_unknown_operator(portal: Portal) -> None:
    """`Invalid input JSON on line L, column C: Enum type must be one of: [...]`."""
    body = envelope(search(portal, filters("email", "LIKE", value="x")))

    assert re.match(r"Invalid input JSON on line \d+, column \d+: Enum type must be one of: \[", body["message"])
    assert body["category"] == "VALIDATION_ERROR"


def test_search_refuses_a_second_sort(portal: Portal) -> None:
    """One sort rule only."""
    sorts = [{"propertyName": name, "direction": "ASCENDING"} for name in ("email", "createdate")]

    assert search(portal, {"sorts": sorts}).status_code == 400


def test_search_groups_are_or_and_filters_are_and(portal: Portal) -> None:
    """Groups are OR-ed, filters in a group AND-ed."""
    by_id = [[{"propertyName": "hs_object_id", "operator": "EQ", "value": contact}] for contact in (FIRST, SECOND)]

    either = search(portal, {"filterGroups": [{"filters": one} for one in by_id]}).json()
    both = search(portal, {"filterGroups": [{"filters": by_id[0] + by_id[1]}]}).json()

    assert ({record["id"] for record in either["results"]}, both["total"]) == ({FIRST, SECOND}, 0)


def test_search_in_wants_lower_case_on_strings(portal: Portal) -> None:
    """IN on a string property needs lowercase values; EQ does not care about case."""
    name = portal.value(FIRST, "company") or ""

    assert portal.total("company", "EQ", value=name.upper()) == portal.total("company", "EQ", value=name) > 0
    assert portal.total("company", "IN", values=[name]) == 0
    assert portal.total("company", "IN", values=[name.lower()]) == portal.total("company", "EQ", value=name)


def test_search_is_case_sensitive_on_enumerations(portal: Portal) -> None:
    """`lifecyclestage EQ LEAD` matches nothing."""
    assert portal.total("lifecyclestage", "EQ", value="LEAD") == 0
    assert portal.total("lifecyclestage", "EQ", value="lead") > 0


def test_search_negations_match_records_without_the_property(portal: Portal) -> None:
    """Records without the property match NEQ, NOT_IN and NOT_CONTAINS_TOKEN, and no other operator."""
    everyone = search(portal, {"limit": 1}).json()["total"]
    without = portal.total("jobtitle", "NOT_HAS_PROPERTY")
    assert without > 0
    filled = everyone - without

    assert portal.total("jobtitle", "NEQ", value="zzz") == everyone
    assert portal.total("jobtitle", "NOT_IN", values=["zzz"]) == everyone
    assert portal.total("jobtitle", "NOT_CONTAINS_TOKEN", value="zzz") == everyone
    assert portal.total("jobtitle", "HAS_PROPERTY") == filled


def test_search_dates_are_epoch_milliseconds(portal: Portal) -> None:
    """Date filter values: epoch-ms strings, the only form in the docs."""
    done = portal.write(FIRST, jobtitle="now").json()["updatedAt"]

    assert portal.total("lastmodifieddate", "BETWEEN", value="0", highValue="4102444800000") > 1
    assert search(portal, filters("lastmodifieddate", "GTE", value=done)).status_code == 400


def test_search_walks_a_window_by_record_id(portal: Portal) -> None:
    """The pull that survives the cap: window on lastmodifieddate, `hs_object_id GT last`, sort by hs_object_id."""
    window = [
        {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "0"},
        {"propertyName": "lastmodifieddate", "operator": "LTE", "value": "4102444800000"},
    ]
    order = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    seen: list[str] = []
    while page := portal.found(
        [*window, {"propertyName": "hs_object_id", "operator": "GT", "value": seen[-1] if seen else "0"}], sorts=order, limit=90
    ):
        seen += page

    assert [int(contact) for contact in seen] == sorted({int(contact) for contact in seen})
    assert len(seen) == search(portal, {"limit": 1}).json()["total"]


def test_search_by_associated_contact_never_returns_associations(portal: Portal, world: World) -> None:
    """`associations.contact EQ id` filters; associations are never returned by search."""
    worked = world.planted("hot_worked", "hubspot")[0]

    body = search(portal, filters("associations.contact", "EQ", value=worked), "calls").json()

    assert body["total"] > 0
    assert "associations" not in body["results"][0]
    assert set(body["results"][0]["properties"]) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_search_never_shows_the_archived(portal: Portal, world: World) -> None:
    """Archived records never appear in search; they are listed with archived=true only."""
    gone = world.planted("archived_contact", "hubspot")[0]

    assert portal.found([{"propertyName": "hs_object_id", "operator": "EQ", "value": gone}]) == []
    assert gone in [record["id"] for record in portal.get(f"{CONTACTS}?archived=true").json()["results"]]


def test_search_lags_behind_reads(portal: Portal, world: World) -> None:
    """Index lag touches search only: a read sees the write at once, search after the lag."""
    world.switch("hubspot.search_lag_seconds", 3600.0)
    wanted = {"propertyName": "jobtitle", "operator": "EQ", "value": "laggard"}
    people = [str(number) for number in range(100_001, 100_041)]
    rows = [{"id": contact, "properties": {"jobtitle": "laggard"}} for contact in people]
    assert portal.post(f"{CONTACTS}/batch/update", {"inputs": rows}).status_code == 200

    assert portal.value(FIRST, "jobtitle") == "laggard"
    assert len(portal.found([wanted])) < len(people)
    world.advance(3601)
    assert sorted(portal.found([wanted])) == people


def test_search_may_shuffle_ties(portal: Portal, world: World) -> None:
    """The sort's tie-break is undocumented: records with equal sort values come in another order each call, when asked."""
    world.switch("hubspot.search_shuffle_ties", True)
    body = {"limit": 100, "sorts": [{"propertyName": "lifecyclestage", "direction": "ASCENDING"}]}

    orders = {tuple(record["id"] for record in search(portal, body).json()["results"]) for _ in range(4)}

    assert len(orders) > 1


def test_search_results_are_not_monotonic_under_lag(portal: Portal, world: World) -> None:
    """A found record can carry an updatedAt newer than the filter's upper bound: the index is old, the record is not."""
    bound = portal.get(f"{CONTACTS}/{FIRST}").json()["properties"]["lastmodifieddate"]
    upper = str(int(datetime.fromisoformat(bound).timestamp() * 1000))
    world.switch("hubspot.search_lag_seconds", 3600.0)
    people = [str(number) for number in range(100_001, 100_041)]
    portal.post(f"{CONTACTS}/batch/update", {"inputs": [{"id": contact, "properties": {"jobtitle": "moved"}} for contact in people]})

    body = filters("lastmodifieddate", "LTE", value=upper) | {"limit": 200}
    newest = max(record["updatedAt"] for record in search(portal, body).json()["results"])

    assert newest > bound


def test_search_has_its_own_headerless_limit(portal: Portal, world: World) -> None:
    """5/s per account, all tokens together; the 429 has no policyName, no errorType, no Retry-After and no budget headers."""
    world.limit("hubspot.searches_per_second", 0)

    for role in ("product", "auditor"):
        reply = portal.post(f"{CONTACTS}/search", {"limit": 1}, role=role)
        assert reply.status_code == 429
        assert envelope(reply) == {"status": "error", "message": "You have reached your secondly limit.", "category": "RATE_LIMITS"}
        headers = {name.lower() for name in reply.headers}
        assert "retry-after" not in headers
        assert not {name for name in headers if name.startswith("x-hubspot-ratelimit")}
        assert "x-hubspot-correlation-id" in headers
