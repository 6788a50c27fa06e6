"""The marketing side: mails whoever has a taught property set, as a nurture workflow would, when the business clock moves forward.

It knows no product: a rule says vendor, object, property, values (None: any) and at most how often. HubSpot notes the last send on the
contact, Salesforce keeps one ListEmailIndividualRecipient per mail. Sends go out on full hours.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.author import Author
from sandbox.control import authors
from sandbox.control.exceptions import BadRequestError
from sandbox.control.requests import need, parse_instant
from sandbox.hubspot import object_types

if TYPE_CHECKING:
    from sandbox.core import Sandbox

HOUR = timedelta(hours=1)
EMAIL_NAME = "Nurture series"


@dataclass(frozen=True)
class Rule:
    """Mail records of `object` whose `property` is set (to one of `values`, where given), at most once in `every_days`."""

    vendor: str
    object: str
    property: str
    values: tuple[str, ...] | None
    every_days: float


@dataclass(frozen=True)
class Mailing:
    """One record to be mailed at these instants."""

    rule: Rule
    id: str
    instants: tuple[datetime, ...]
    before: Mapping[str, Any]


class Marketing:
    """The rules it was taught, and the mailing they lead to."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._rules: tuple[Rule, ...] = ()

    def teach(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Replace the rules. Raises BadRequestError naming what is wrong."""
        self._rules = tuple(_rule(one) for one in rules)

    def describe(self) -> list[dict[str, Any]]:
        """The rules, JSON-ready."""
        return [asdict(rule) for rule in self._rules]

    def mail(self, start: datetime, end: datetime) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
        """Send everything due after `start` and not after `end`; mails sent per vendor, and records left out per vendor and reason."""
        sent: Counter[str] = Counter()
        left_out: dict[str, Counter[str]] = {}
        with self._sandbox.store.transaction():
            for rule in self._rules:
                skipped = left_out.setdefault(rule.vendor, Counter())
                hubspot = rule.vendor == "hubspot"
                due = self._hubspot_due(rule, start, end, skipped) if hubspot else self._salesforce_due(rule, start, end, skipped)
                for mailing in due:
                    (self._send_hubspot if hubspot else self._send_salesforce)(mailing)
                    sent[rule.vendor] += len(mailing.instants)
        return dict(sent), {vendor: dict(reasons) for vendor, reasons in left_out.items() if reasons}

    def _hubspot_due(self, rule: Rule, start: datetime, end: datetime, skipped: Counter[str]) -> list[Mailing]:
        portal = self._sandbox.hubspot
        due = []
        for row in portal.records.scan(object_types.get(rule.object)):
            if not _matches(rule, row.data.get(rule.property)):
                continue
            reason = _hubspot_obstacle(row.data)
            if reason:
                skipped[reason] += 1
                continue
            last = row.data.get("hs_email_last_send_date")
            instants = tuple(_instants(parse_instant(last) if last else None, start, end, rule.every_days))
            if instants:
                due.append(Mailing(rule, str(row.id), instants, row.data))
        return due

    def _send_hubspot(self, mailing: Mailing) -> None:
        author = authors.vendor_itself(self._sandbox, "EMAIL")
        delivered, since = (int(mailing.before.get(name) or 0) for name in ("hs_email_delivered", "hs_email_sends_since_last_engagement"))
        first = mailing.before.get("hs_email_first_send_date") or _iso(mailing.instants[0])
        for number, due in enumerate(mailing.instants, 1):
            at = self._moment(due)
            changes = {
                "hs_email_last_send_date": _iso(at), "hs_email_delivered": str(delivered + number), "hs_email_last_email_name": EMAIL_NAME,
                "hs_email_sends_since_last_engagement": str(since + number), "hs_email_first_send_date": first,
            }  # fmt: skip
            self._sandbox.hubspot.update(mailing.rule.object, mailing.id, changes, author, at=at)

    def _salesforce_due(self, rule: Rule, start: datetime, end: datetime, skipped: Counter[str]) -> list[Mailing]:
        sobject = self._sandbox.salesforce.org.catalog.get(rule.object)
        if sobject is None or sobject.field(rule.property) is None:
            return []
        names = [f.name for f in sobject.fields.values() if f.name in _SALESFORCE_STATE] + [sobject.field(rule.property).name]
        listed = ", ".join(f'"{name}"' for name in dict.fromkeys(names))
        sql = f'SELECT {listed} FROM "sf_{sobject.name}" WHERE "{names[-1]}" IS NOT NULL AND NOT "IsDeleted" ORDER BY "Id"'
        rows = [dict(zip(dict.fromkeys(names), row, strict=True)) for row in self._sandbox.store.rows(sql)]
        last_sends = self._last_sends()
        due = []
        for row in rows:
            if not _matches(rule, row[names[-1]]):
                continue
            reason = _salesforce_obstacle(row)
            if reason:
                skipped[reason] += 1
                continue
            instants = tuple(_instants(last_sends.get(row["Id"]), start, end, rule.every_days))
            if instants:
                due.append(Mailing(rule, row["Id"], instants, row))
        return due

    def _last_sends(self) -> dict[str, datetime]:
        sql = 'SELECT "RecipientId", MAX("CreatedDate") FROM "sf_ListEmailIndividualRecipient" GROUP BY "RecipientId"'
        return {recipient: parse_instant(at) for recipient, at in self._sandbox.store.rows(sql)}

    def _send_salesforce(self, mailing: Mailing) -> None:
        author = authors.vendor_itself(self._sandbox, "EMAIL")
        for due in mailing.instants:
            at = self._moment(due)
            values = {"ListEmailId": self._list_email(author, at), "RecipientId": mailing.id}
            self._sandbox.salesforce.create("ListEmailIndividualRecipient", values, author, at=at)

    def _moment(self, due: datetime) -> datetime:
        """When the send is noted: when it was due; with a ticking clock now, since others may have written in the meantime."""
        return self._sandbox.clock.stamp() if self._sandbox.clock.follows_wall else due

    def _list_email(self, author: Author, at: datetime) -> str:
        known = self._sandbox.control.manifest.get("list_email_id")
        if known:
            return str(known)
        for row in self._sandbox.salesforce.find("ListEmail", "Name", EMAIL_NAME):
            return str(row["Id"])
        return str(
            self._sandbox.salesforce.create("ListEmail", {"Name": EMAIL_NAME, "Subject": EMAIL_NAME, "Status": "Sent"}, author, at=at)
        )


_SALESFORCE_STATE = frozenset({"Id", "Email", "HasOptedOutOfEmail", "EmailBouncedDate", "IsConverted", "Legal_Basis__c"})


def _rule(given: Mapping[str, Any]) -> Rule:
    unknown = set(given) - {"vendor", "object", "property", "values", "every_days"}
    if unknown:
        raise BadRequestError(f"unknown keys {sorted(unknown)} in a marketing rule; use vendor, object, property, values, every_days")
    vendor = str(need(given, "vendor"))
    if vendor not in ("hubspot", "salesforce"):
        raise BadRequestError(f"no vendor {vendor!r}; there are: hubspot, salesforce")
    every_days = float(given.get("every_days", 7))
    if every_days <= 0:
        raise BadRequestError("every_days must be above 0")
    values: Sequence[Any] | None = given.get("values")
    kind = str(given.get("object") or ("contacts" if vendor == "hubspot" else "Lead"))
    return Rule(vendor, kind, str(need(given, "property")), None if values is None else tuple(str(value) for value in values), every_days)


def _matches(rule: Rule, value: object) -> bool:
    text = "" if value is None or value is False or value == 0 else str(value)
    return text != "" and text != "false" and (rule.values is None or text in rule.values)


def _instants(last: datetime | None, start: datetime, end: datetime, every_days: float) -> Iterator[datetime]:
    """The full hours after `start`, up to `end`, that are at least `every_days` after the last send and after each other."""
    gap = timedelta(days=every_days)
    at = start.replace(minute=0, second=0, microsecond=0) + HOUR
    while at <= end:
        if last is None or at - last >= gap:
            yield at
            last = at
        at = max(at + HOUR, _next_full_hour(last + gap))


def _next_full_hour(at: datetime) -> datetime:
    floor = at.replace(minute=0, second=0, microsecond=0)
    return floor if floor == at else floor + HOUR


def _hubspot_obstacle(data: Mapping[str, Any]) -> str:
    """Why HubSpot would not mail this contact, '' when it would."""
    checks = (
        ("no address", not data.get("email")), ("opted out", data.get("hs_email_optout") == "true"),
        ("bounced", bool(data.get("hs_email_hard_bounce_reason_enum"))), ("not a marketing contact",
        data.get("hs_marketable_status") == "false"),
        ("no legal basis", not data.get("hs_legal_basis")), ("ineligible", data.get("hs_email_is_ineligible") == "true"),
    )  # fmt: skip
    return next((reason for reason, holds in checks if holds), "")


def _salesforce_obstacle(row: Mapping[str, Any]) -> str:
    """Why marketing would not mail this lead, '' when it would."""
    checks = (
        ("no address", not row.get("Email")), ("opted out", bool(row.get("HasOptedOutOfEmail"))), ("bounced",
        row.get("EmailBouncedDate") is not None),
        ("converted", bool(row.get("IsConverted"))), ("no legal basis", "Legal_Basis__c" in row and not row["Legal_Basis__c"]),
    )  # fmt: skip
    return next((reason for reason, holds in checks if holds), "")


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
