"""The world's own 'now', fixed per seed."""

from datetime import UTC, date, datetime
from functools import lru_cache

from sandbox.world.draw import mix

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

# Mondays to Thursdays of November 2026 without a United States holiday, so that 'a day later' is a working day too.
WORKDAYS = (2, 3, 4, 5, 9, 10, 12, 16, 17, 18, 19)


def fixed_epoch(seed: int) -> datetime:
    """The instant (UTC, about 15:00, a working day) at which the world of this seed begins."""
    draw = mix(seed, 0xE90C)
    return datetime(2026, 11, WORKDAYS[draw % len(WORKDAYS)], 15, draw // 64 % 30, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """Epoch milliseconds of an aware instant."""
    if moment.tzinfo is None:
        raise ValueError("a world's epoch must carry a time zone, such as 2026-11-17T15:00:00Z")
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The UTC instant of epoch milliseconds."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


@lru_cache(maxsize=512)
def _day_text(day: int) -> str:
    return date.fromordinal(EPOCH_ORDINAL + day).isoformat()


def date_text(ms: int) -> str:
    """Epoch milliseconds as YYYY-MM-DD, UTC."""
    return _day_text(ms // DAY_MS)


def second_text(ms: int) -> str:
    """Epoch milliseconds as YYYY-MM-DDThh:mm:ss, UTC; some ten times as fast as strftime, which a million records notice."""
    day, rest = divmod(ms, DAY_MS)
    seconds = rest // 1000
    return f"{_day_text(day)}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def working_ms(ms: int, minute_of_day: int) -> int:
    """The same or an earlier working day, at `minute_of_day` (UTC): people call and write on weekdays."""
    day = ms // DAY_MS
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday.
    if weekday >= 5:
        day -= weekday - 4
    return day * DAY_MS + minute_of_day * MINUTE_MS
