"""Stored values as a person reads them."""

import pytest

from sandbox.pages.markup import readable


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2026-11-16T15:23:00.000+0000", "16 Nov 2026 15:23"),
        ("2026-11-16T15:23:00Z", "16 Nov 2026 15:23"),
        ("2026-11-16", "2026-11-16"),
        ("2026-13-16T15:23:00Z", "2026-13-16T15:23:00Z"),
        ("1.0", "1"),
        ("1.5", "1.5"),
        ("version 1.0", "version 1.0"),
        ("", ""),
    ],
)
def test_a_date_time_and_a_whole_number_are_told_plainly(stored: str, shown: str) -> None:
    assert readable(stored) == shown
