"""Business time: when the company is open, and how much of that lies between two instants.

Everything is whole seconds since 1970 (UTC). A table of opening windows with a running sum makes both directions a bisection, so a month
costs as little as an hour; windows are built from local dates, so a change of the clocks never shifts an opening hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from handoff.policy import Company

DAY_SECONDS = 86_400
FIRST_YEARS = (2024, 2028)  # where the table starts; it grows by whole years as it is asked
EARLIEST, LATEST = 31_622_400, 7_257_945_600  # 1971-01-02 and 2199-12-30: room for a time zone on both sides


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970 of an aware datetime, fractions dropped."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """The aware UTC datetime of whole seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class _Table:
    """Windows of the years [first, last): opening, closing and the business seconds before each."""

    first: int
    last: int
    starts: int  # seconds of the first local midnight covered
    ends: int
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]


class Calendar:
    """The business calendar of one company. Its table grows on demand by being replaced whole, so threads may share it."""

    __slots__ = ("_company", "_holidays", "_table", "day_seconds", "zone")

    def __init__(self, company: Company) -> None:
        self._company = company
        self._holidays = frozenset(company.holidays)
        self.zone = ZoneInfo(company.time_zone)
        self.day_seconds = _of_day(company.closes.hour, company.closes.minute) - _of_day(company.opens.hour, company.opens.minute)
        if self.day_seconds <= 0 or not company.work_days:
            raise ValueError(
                f"company {company.name}: must close after it opens ({company.opens} to {company.closes}) on at least one week day"
            )
        self._table = self._build(*FIRST_YEARS)

    def business_seconds(self, start: int, end: int) -> int:
        """Business seconds in [start, end); 0 when end is not after start. Only 1971 to 2199 is counted: other dates are typing errors."""
        start, end = max(start, EARLIEST), min(end, LATEST - DAY_SECONDS)
        if end <= start:
            return 0
        table = self._covering(start, end)
        return _elapsed(table, end) - _elapsed(table, start)

    def business_days(self, start: int, end: int) -> int:
        """Whole business days (one day's opening hours each) in [start, end)."""
        return self.business_seconds(start, end) // self.day_seconds

    def add_business_seconds(self, start: int, amount: int) -> int:
        """The earliest instant with `amount` business seconds since `start`. For 0: `start` itself when open, else the next opening."""
        if amount < 0:
            raise ValueError(f"business time runs forward only, not {amount} s")
        if amount == 0:
            return start if self.is_open(start) else self.next_opening(start)
        table = self._covering(start, start)
        while True:
            target = _elapsed(table, start) + amount
            at = bisect_left(table.before, target) - 1
            moment = table.opens[at] + target - table.before[at]
            if moment <= table.closes[at]:
                return moment
            table = self._covering(start, table.ends + DAY_SECONDS)

    def add_business_minutes(self, start: int, minutes: int) -> int:
        """`add_business_seconds` for minutes."""
        return self.add_business_seconds(start, minutes * 60)

    def add_business_days(self, start: int, days: int) -> int:
        """`add_business_seconds` for whole business days."""
        return self.add_business_seconds(start, days * self.day_seconds)

    def business_days_before(self, end: int, days: int) -> int:
        """The latest opening second from which `days` whole business days still lie before `end`."""
        table = self._covering(max(EARLIEST, end - (days * 7 + 30) * DAY_SECONDS), end)
        target = max(0, _elapsed(table, end) - days * self.day_seconds)
        at = max(0, bisect_right(table.before, target) - 1)
        return table.opens[at] + target - table.before[at]

    def is_open(self, moment: int) -> bool:
        """Whether the company is open at this second."""
        table = self._covering(moment, moment)
        at = bisect_right(table.opens, moment) - 1
        return at >= 0 and moment < table.closes[at]

    def next_opening(self, moment: int) -> int:
        """The first opening strictly after `moment`."""
        table = self._covering(moment, moment)
        while True:
            at = bisect_right(table.opens, moment)
            if at < len(table.opens):
                return table.opens[at]
            table = self._covering(moment, table.ends + DAY_SECONDS)

    def closing_after(self, moment: int, days: int) -> int:
        """The closing time of the business day `days` after the one `moment` lies in (or the next one, when closed)."""
        table = self._covering(moment, moment)
        while True:
            at = bisect_right(table.closes, moment) + days
            if at < len(table.closes):
                return table.closes[at]
            table = self._covering(moment, table.ends + DAY_SECONDS)

    def local_date(self, moment: int) -> date:
        """The date on the company's wall."""
        return datetime.fromtimestamp(moment, self.zone).date()

    def opening_on(self, day: date) -> int:
        """The opening hour on that date, whether or not it is a working day."""
        return self._at(day, self._company.opens.hour, self._company.opens.minute)

    def midnight(self, day: date) -> int:
        """When that date begins on the company's wall."""
        return self._at(day, 0, 0)

    def next_midnight(self, moment: int) -> int:
        """The next start of a day on the company's wall."""
        return self._at(self.local_date(moment) + timedelta(days=1), 0, 0)

    def _at(self, day: date, hour: int, minute: int) -> int:
        return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).timestamp())

    def _covering(self, start: int, end: int) -> _Table:
        table = self._table
        if start < table.starts or end >= table.ends:
            if start < EARLIEST or end >= LATEST:
                raise ValueError(f"business time is kept for 1971 to 2199, asked for {start} to {end} seconds since 1970")
            first = min(table.first, moment_of(start - DAY_SECONDS).year)
            last = max(table.last, moment_of(end + DAY_SECONDS).year + 1)
            table = self._table = self._build(first, last)
        return table

    def _build(self, first: int, last: int) -> _Table:
        opens: list[int] = []
        closes: list[int] = []
        before: list[int] = []
        total = 0
        company = self._company
        day, end = date(first, 1, 1), date(last, 1, 1)
        while day < end:
            if day.weekday() in company.work_days and day not in self._holidays:
                opened = self._at(day, company.opens.hour, company.opens.minute)
                closed = self._at(day, company.closes.hour, company.closes.minute)
                if closed > opened:
                    opens.append(opened)
                    closes.append(closed)
                    before.append(total)
                    total += closed - opened
            day += timedelta(days=1)
        return _Table(first, last, self._at(date(first, 1, 1), 0, 0), self._at(end, 0, 0), tuple(opens), tuple(closes), tuple(before))


def _of_day(hour: int, minute: int) -> int:
    return hour * 3600 + minute * 60


def _elapsed(table: _Table, moment: int) -> int:
    """Business seconds from the table's start to `moment`."""
    at = bisect_right(table.opens, moment) - 1
    if at < 0:
        return 0
    return table.before[at] + min(moment, table.closes[at]) - table.opens[at]
