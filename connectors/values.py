"""The few value forms both CRMs share: instants, plain numbers, host names, the name of a field set."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256


def instant(text: str) -> datetime:
    """An ISO-8601 date-time (`Z`, `+0000` or `+00:00`) or date as an aware UTC instant. Raises ValueError when it is none."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def instant_text(moment: datetime) -> str:
    """`2026-11-16T09:00:00.000Z`: UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, exact (no floating point)."""
    whole = int(moment.timestamp() // 1)
    return whole * 1000 + moment.microsecond // 1000


def whole_number(text: str) -> str:
    """`240.0` and `2.4E2` as `240`; other decimals plain; what is no number stays as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    if number != number or number in (float("inf"), float("-inf")):
        return text
    return str(int(number)) if number == int(number) else text


def without_scheme(address: str) -> str:
    """`https://www.acme.example/x` as `acme.example`."""
    host = address.split("//", 1)[-1].split("/", 1)[0].split(":", 1)[0]
    return host.strip().lower().removeprefix("www.")


def digest_of(names: Iterable[str]) -> str:
    """A short name for a set of vendor fields: a stream pulled with another set needs its own cursor."""
    return sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]
