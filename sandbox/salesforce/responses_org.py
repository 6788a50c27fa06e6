"""Versions, resources, limits and record counts."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.calls import Call, Reply

# Versions 21.0 to 30.0 are retired. One release per season; v50.0 was Winter '21.
FIRST_VERSION, LAST_VERSION, WINTER_21 = 31, 68, 50
_SEASONS = ("Winter", "Spring", "Summer")
_RESOURCES = ("tooling", "metadata", "query", "queryAll", "composite", "sobjects", "limits")
_FIXED_LIMITS = {
    "DailyBulkApiBatches": 15_000, "DailyBulkV2QueryFileStorageMB": 976_562, "DailyBulkV2QueryJobs": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DataStorageMB": 10_240, "FileStorageMB": 10_240, "HourlyODataCallout": 1000, "MassEmail": 5000, "SingleEmail": 5000,
}  # fmt: skip


def versions() -> list[dict[str, str]]:
    """GET /services/data, which needs no token."""
    return [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(FIRST_VERSION, LAST_VERSION + 1)
    ]


def _label(number: int) -> str:
    season, years = (number - WINTER_21) % 3, (number - WINTER_21) // 3
    return f"{_SEASONS[season]} '{21 + years}"


def is_version(text: str) -> bool:
    """Whether the org speaks that version, such as v66.0."""
    number, _, rest = text.removeprefix("v").partition(".")
    return text.startswith("v") and rest == "0" and number.isdigit() and FIRST_VERSION <= int(number) <= LAST_VERSION


def resources(call: Call) -> Reply:
    """GET /services/data/vXX.0."""
    found = {name: f"/services/data/{call.version}/{name}" for name in _RESOURCES}
    return Reply(200, {**found, "identity": call.model.identity_url(call.app.user_id or "")})


def limits(call: Call) -> Reply:
    """GET limits."""
    used, most = call.model.usage()
    daily = {"DailyApiRequests": {"Max": most, "Remaining": max(0, most - used)}}
    return Reply(200, {**daily, **{name: {"Max": value, "Remaining": value} for name, value in _FIXED_LIMITS.items()}})


def record_count(call: Call) -> Reply:
    """GET limits/recordCount?sObjects=Lead,Contact: without the parameter all objects the user may read."""
    names = [name.lower() for name in call.query.get("sObjects", "").split(",") if name]
    counted: list[dict[str, Any]] = []
    for sobject in call.model.org.catalog:
        if sobject.virtual or not call.access.can_read(sobject) or (names and sobject.name.lower() not in names):
            continue
        standing = ' WHERE NOT "IsDeleted"' if sobject.has_deletes else ""
        counted.append({"count": call.model.org.store.scalar(f'SELECT count(*) FROM "sf_{sobject.name}"{standing}'), "name": sobject.name})
    return Reply(200, {"sObjects": counted})
