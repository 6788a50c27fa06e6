"""Business time by interval arithmetic agrees with walking every minute, across holidays, weekends and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.calendar import Calendar, moment_of, seconds_of
from handoff.policy import Company

COMPANIES = {
    "new_york": Company(
        name="a", time_zone="America/New_York", opens=time(9), closes=time(17), holidays=(date(2026, 11, 26), date(2026, 12, 25))
    ),
    "madrid_six_days": Company(name="b", time_zone="Europe/Madrid", opens=time(8, 30), closes=time(14), work_days=(0, 1, 2, 3, 4, 5)),
    "lord_howe": Company(name="c", time_zone="Australia/Lord_Howe", opens=time(1), closes=time(23), work_days=(6,)),
}
CALENDARS = {name: Calendar(company) for name, company in COMPANIES.items()}
# Around both changes of the clocks in New York, Madrid and Lord Howe.
STARTS = [
    datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 7), (3, 27), (4, 3), (10, 2), (10, 23), (10, 30), (11, 24), (12, 23))
]


def open_minute(company: Company, minute: datetime) -> bool:
    """Whether the company is open in this minute, straight from the definition."""
    local = minute.astimezone(ZoneInfo(company.time_zone))
    return local.weekday() in company.work_days and local.date() not in company.holidays and company.opens <= local.time() < company.closes


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(COMPANIES)), st.sampled_from(STARTS), st.integers(0, 3 * 1440), st.integers(0, 3 * 1440))
def test_business_time_agrees_with_a_walk_over_every_minute(name: str, start: datetime, offset: int, length: int) -> None:
    begin = start + timedelta(minutes=offset)
    walked = sum(open_minute(COMPANIES[name], begin + timedelta(minutes=minute)) for minute in range(length))
    measured = CALENDARS[name].business_seconds(seconds_of(begin), seconds_of(begin + timedelta(minutes=length)))
    assert measured == walked * 60


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(COMPANIES)), st.sampled_from(STARTS), st.integers(0, 10 * 1440), st.integers(1, 20 * 480))
def test_adding_is_the_earliest_moment_with_that_much_business_time(name: str, start: datetime, offset: int, minutes: int) -> None:
    calendar, begin = CALENDARS[name], seconds_of(start + timedelta(minutes=offset))
    end = calendar.add_business_minutes(begin, minutes)
    assert calendar.business_seconds(begin, end) == minutes * 60
    assert calendar.business_seconds(begin, end - 1) == minutes * 60 - 1


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-18T16:00", 5, "2026-11-18T16:05"),  # open
        ("2026-11-18T21:58", 5, "2026-11-19T14:03"),  # two minutes before closing: three are left for the morning
        ("2026-11-18T21:55", 5, "2026-11-18T22:00"),  # ends with the day, not with the next opening
        ("2026-11-20T22:30", 5, "2026-11-23T14:05"),  # Friday night
        ("2026-11-25T22:30", 0, "2026-11-27T14:00"),  # Thanksgiving: nothing to add, so the next opening
        ("2026-10-30T20:00", 60 * 8, "2026-11-02T21:00"),  # the clocks go back on Sunday; opening hours stay 9 to 5
        ("2026-03-06T20:00", 60 * 8, "2026-03-09T19:00"),  # and forward
    ],
)
def test_minutes_are_added_within_opening_hours(start: str, minutes: int, end: str) -> None:
    begin = datetime.fromisoformat(f"{start}+00:00")
    assert moment_of(CALENDARS["new_york"].add_business_minutes(seconds_of(begin), minutes)) == datetime.fromisoformat(f"{end}+00:00")


def test_a_business_day_is_one_days_opening_hours() -> None:
    calendar, start = CALENDARS["new_york"], seconds_of(datetime(2026, 11, 18, 16, tzinfo=UTC))
    assert calendar.business_days(start, calendar.add_business_days(start, 10)) == 10
    assert calendar.business_days(start, calendar.add_business_days(start, 10) - 1) == 9


def test_closing_times_count_business_days() -> None:
    calendar, start = CALENDARS["new_york"], seconds_of(datetime(2026, 11, 25, 16, tzinfo=UTC))
    assert [moment_of(calendar.closing_after(start, days)).isoformat() for days in (0, 1, 2)] == [
        "2026-11-25T22:00:00+00:00",
        "2026-11-27T22:00:00+00:00",
        "2026-11-30T22:00:00+00:00",
    ]


def test_the_table_grows_on_demand_and_far_dates_are_refused() -> None:
    calendar = Calendar(COMPANIES["new_york"])
    far = seconds_of(datetime(2035, 6, 6, 16, tzinfo=UTC))
    assert calendar.is_open(far)
    assert (
        calendar.business_seconds(seconds_of(datetime(2019, 6, 3, 13, tzinfo=UTC)), seconds_of(datetime(2019, 6, 3, 14, tzinfo=UTC)))
        == 3600
    )
    with pytest.raises(ValueError, match="1971 to 2199"):
        calendar.is_open(seconds_of(datetime(2300, 1, 1, tzinfo=UTC)))
    assert calendar.business_days(seconds_of(datetime(1, 1, 1, tzinfo=UTC)), seconds_of(datetime(1971, 1, 13, tzinfo=UTC))) == 7


def test_a_company_that_never_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="must close after it opens"):
        Calendar(Company(name="x", time_zone="UTC", opens=time(9), closes=time(9)))
