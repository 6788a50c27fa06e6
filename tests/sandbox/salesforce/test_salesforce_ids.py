"""Ids of 15 and 18 characters."""

from __future__ import annotations

import pytest

from sandbox.salesforce.ids import make_id, normalize

KNOWN = "001D000000IqhSLIAZ"


def test_the_checksum_is_the_vendors() -> None:
    """An id from Salesforce's own documentation."""
    assert normalize(KNOWN[:15]) == KNOWN


def test_18_characters_are_read_in_any_case() -> None:
    assert normalize(KNOWN.lower()) == KNOWN
    assert normalize(KNOWN.upper()) == KNOWN


@pytest.mark.parametrize("bad", ["", "00Q", "00Q5g000000000!", KNOWN + "A", None, 5, "00q5g00000000011AA"])
def test_what_is_no_id_is_none(bad: object) -> None:
    assert normalize(bad) is None


def test_ids_sort_in_the_order_they_were_made() -> None:
    made = [make_id("00Q", serial) for serial in range(1, 9000, 37)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(normalize(one[:15]) == one for one in made)
