"""Merge and GDPR delete: the two ways a record vanishes without a tombstone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot import exceptions, object_types
from sandbox.hubspot.records import as_time
from sandbox.hubspot.values import parse_ms

if TYPE_CHECKING:
    from sandbox.author import Author
    from sandbox.hubspot.models import HubSpot
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.records import Row

MAX_IDENTITIES = 250
_NOT_TAKEN_OVER = ("hs_object_source", "hs_created_by", "hs_merged_object_ids", "hs_calculated_merged_vids", "hs_additional_emails")


class Merging:
    """Merges of one portal; the caller opens the transaction."""

    def __init__(self, portal: HubSpot) -> None:
        self._portal = portal

    def merge(self, kind: ObjectType, primary: int, secondary: int, author: Author, at: int) -> int:
        """Fold `secondary` into `primary`: its values fill gaps, its links move, its id leads to the survivor."""
        winner, loser = self._portal.writing.live(kind, primary), self._portal.writing.live(kind, secondary)
        if winner.id == loser.id:
            raise exceptions.invalid(f"Cannot merge {kind.label} {primary} with itself")
        self._check_identities(winner, loser)
        gaps = {n: v for n, v in loser.data.items() if not winner.data.get(n) and not n.startswith(_NOT_TAKEN_OVER)}
        changes = gaps | self._merged_marks(kind, winner, loser, at)
        self._portal.records.delete(kind, loser.id)
        self._portal.past.forget(kind, loser.id)
        self._portal.writing.apply(kind, winner, changes, author, at)
        if kind is object_types.CONTACTS:
            emails = [loser.data.get("email", ""), *loser.data.get("hs_additional_emails", "").split(";")]
            self._portal.records.claim(kind, "email", [(email, winner.id) for email in emails if email])
        self._portal.associations.move(kind, loser.id, winner.id)
        self._portal.records.redirect(kind, loser.id, winner.id)
        self._portal.index.note(kind, [loser.id], at)
        self._portal.sandbox.journal.write(
            "hubspot", kind.plural, str(loser.id), [("(merged)", str(loser.id), str(winner.id))], author, as_time(at)
        )
        return winner.id

    def gdpr_delete(self, record_id: int, author: Author, at: int) -> None:
        """Delete a contact with all that is known of it and block its address."""
        kind = object_types.CONTACTS
        row = self._portal.writing.live(kind, record_id)
        self._portal.associations.remove_all(kind, row.id)
        self._portal.records.delete(kind, row.id)
        self._portal.past.forget(kind, row.id)
        if row.data.get("email"):
            self._portal.records.forget_email(row.data["email"])
        self._portal.index.note(kind, [row.id], at)
        self._portal.sandbox.journal.write("hubspot", kind.plural, str(row.id), [("(privacy deleted)", None, "true")], author, as_time(at))

    def _merged_marks(self, kind: ObjectType, winner: Row, loser: Row, at: int) -> dict[str, str]:
        marks = {
            "hs_merged_object_ids": _joined(winner.data.get("hs_merged_object_ids"), loser.data.get("hs_merged_object_ids"), str(loser.id))
        }
        if kind is object_types.CONTACTS:
            vids = (
                winner.data.get("hs_calculated_merged_vids"),
                loser.data.get("hs_calculated_merged_vids"),
                f"{winner.id}:{at}",
                f"{loser.id}:{at}",
            )
            marks["hs_calculated_merged_vids"] = _joined(*vids)
            if winner.data.get("email") and loser.data.get("email"):
                more = (winner.data.get("hs_additional_emails"), loser.data.get("hs_additional_emails"), loser.data["email"])
                marks["hs_additional_emails"] = _joined(*more)
        if {"lifecyclestage"} <= winner.data.keys() & loser.data.keys():
            marks["lifecyclestage"] = self._furthest(kind, winner.data["lifecyclestage"], loser.data["lifecyclestage"])
        for name in ("recent_conversion_date", "notes_last_contacted", "notes_last_updated", "hs_email_last_send_date"):
            dates = [row.data[name] for row in (winner, loser) if row.data.get(name)]
            if len(dates) == 2:
                marks[name] = max(dates, key=parse_ms)
        return marks

    def _furthest(self, kind: ObjectType, left: str, right: str) -> str:
        order = {option.value: option.display_order for option in self._portal.schema.of(kind)["lifecyclestage"].options}
        return max(left, right, key=lambda stage: order.get(stage, -1))

    def _check_identities(self, winner: Row, loser: Row) -> None:
        ids = sum(1 + len(_parts(row.data.get("hs_merged_object_ids"))) for row in (winner, loser))
        emails = sum(bool(row.data.get("email")) + len(_parts(row.data.get("hs_additional_emails"))) for row in (winner, loser))
        if ids + emails > MAX_IDENTITIES:
            raise exceptions.refusal(414, f"Cannot have more than {MAX_IDENTITIES} identities on a profile", "VALIDATION_ERROR")


def _parts(text: str | None) -> list[str]:
    return [part for part in (text or "").split(";") if part]


def _joined(*texts: str | None) -> str:
    return ";".join(dict.fromkeys(part for text in texts for part in _parts(text)))
