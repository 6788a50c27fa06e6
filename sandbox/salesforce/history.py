"""Field history: LeadHistory and its like for tracked fields, OpportunityHistory for stages. Times are whole seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.rows import Row, Rows
from sandbox.salesforce.schema import Field, SObject

_STAGE_FIELDS = ("StageName", "Amount", "CloseDate", "Probability", "ForecastCategory")
_DATA_TYPES = {
    "boolean": "Boolean",
    "date": "DateOnly",
    "datetime": "DateTime",
    "currency": "Currency",
    "double": "Double",
    "int": "Double",
    "percent": "Double",
}
# Long text areas are tracked without their values. Source: Salesforce Help, "Field History Tracking".
_LONGEST_KEPT_TEXT = 255


class History:
    """Writes history rows beside a save."""

    def __init__(self, catalog: Catalog, rows: Rows) -> None:
        self._catalog = catalog
        self._rows = rows

    def record(self, sobject: SObject, old: Row, new: Row, user_id: str, stamp: str, owner_rows: int) -> None:
        """One row per tracked field that differs; an owner change gives names, and ids when `owner_rows` is 2."""
        if sobject.history is None:
            return
        found: list[Mapping[str, Any]] = []
        for field in sobject.tracked:
            if old.get(field.name) == new.get(field.name):
                continue
            if field.name == "OwnerId":
                found.extend(self._owner(old, new, owner_rows))
            else:
                found.append(_entry(field, old.get(field.name), new.get(field.name)))
        self._write(sobject, new["Id"], found, user_id, stamp)

    def event(self, sobject: SObject, record_id: str, name: str, user_id: str, stamp: str) -> None:
        """A pseudo-field row such as created, leadConverted or leadMerged."""
        if sobject.history is not None and sobject.tracked:
            self._write(sobject, record_id, [{"Field": name, "DataType": "Text"}], user_id, stamp)

    def stage(self, old: Row | None, new: Row, user_id: str, stamp: str) -> None:
        """An OpportunityHistory row when the stage, amount, close date or probability changed."""
        if old is not None and all(old.get(name) == new.get(name) for name in _STAGE_FIELDS):
            return
        values = {name: new.get(name) for name in _STAGE_FIELDS}
        expected = (new.get("Amount") or 0) * (new.get("Probability") or 0) / 100
        self._rows.insert(
            "OpportunityHistory",
            {
                **values,
                "OpportunityId": new["Id"],
                "ExpectedRevenue": expected,
                "CreatedById": user_id,
                "CreatedDate": stamp,
                "SystemModstamp": stamp,
            },
        )

    def _owner(self, old: Row, new: Row, owner_rows: int) -> list[Mapping[str, Any]]:
        ids: Mapping[str, Any] = {"Field": "Owner", "DataType": "EntityId", "OldValue": old.get("OwnerId"), "NewValue": new.get("OwnerId")}
        names: Mapping[str, Any] = {
            **ids,
            "DataType": "Text",
            "OldValue": self._name(old.get("OwnerId")),
            "NewValue": self._name(new.get("OwnerId")),
        }
        return [names, ids][:owner_rows]

    def _name(self, owner_id: str | None) -> str | None:
        owner = self._rows.holder(owner_id) if owner_id else None
        return None if owner is None else owner["Name"]

    def _write(self, sobject: SObject, record_id: str, entries: list[Mapping[str, Any]], user_id: str, stamp: str) -> None:
        if entries and sobject.history is not None:
            audit = {f"{sobject.name}Id": record_id, "CreatedById": user_id, "CreatedDate": stamp}
            self._rows.insert_many(sobject.history, [{**audit, **entry} for entry in entries])


def _entry(field: Field, old: Any, new: Any) -> Mapping[str, Any]:
    kept = field.type != "textarea" or field.length <= _LONGEST_KEPT_TEXT
    return {
        "Field": field.name,
        "DataType": _DATA_TYPES.get(field.type, "Text"),
        "OldValue": history_text(old) if kept else None,
        "NewValue": history_text(new) if kept else None,
    }


def history_text(value: Any) -> str | None:
    """A value as the history keeps it."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
