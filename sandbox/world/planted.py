"""What was planted where: counts and record ids by kind, for the manifest. At most KEPT_IDS records of a kind are named."""

from typing import Any

from sandbox.world.story import Story

KEPT_IDS = 2_000
MEANING = {
    "hot_neglected": "hand-raisers whom nobody followed up", "hot_worked": "hand-raisers who were called",
    "limbo": "content leads in limbo",
    "silent": "six touches, no answer for 25 to 80 days", "neglected": "left by an active owner", "customer": "customers",
    "qualified": "qualified by sales",
    "disqualified": "disqualified by sales", "open_opportunity": "people with an open opportunity",
    "hands_off": "partners, competitors and vendors",
    "converted": "leads converted in Salesforce", "test_record": "tests on the company's own domain",
    "top_account": "hand-raisers nobody called: senior people of the largest accounts", "departed_owner": "owned by somebody who left",
    "departed_owner_with_task": "hand-raisers whose dated task belongs to somebody who left", "no_owner": "no owner at all",
    "automated_touch_only": "hand-raisers who got a sequence mail and nothing from a person",
    "undated_task": "hand-raisers with an open task without a due date",
    "no_email": "no e-mail address", "opted_out": "unsubscribed", "bounced": "address bounces", "no_consent": "no legal basis recorded",
    "non_marketable": "not a marketing contact", "salesforce_duplicate": "two Salesforce Leads with one address",
    "additional_email": "HubSpot contact with a second address; every other Salesforce Lead knows only the second",
    "merged": "a contact was merged into it",
    "free_mail": "free-mail address, no company", "salesforce_only": "known to Salesforce alone",
    "owner_disagrees": "two active owners, one per CRM",
    "future_meeting": "a meeting lies ahead", "region_missing": "validation rule 'Region required' refuses any save of the Lead",
    "shared_mailbox": "one info@ mailbox, two people, links that contradict each other: ambiguous",
    "rewritten_by_automation": "the other automation sets the owner once",
    "flipped_by_automation": "the other automation flips the owner back and forth",
    "explicit_link": "the Lead names its HubSpot contact", "free_text_country": "country typed freely",
    "non_ascii_name": "name beyond ASCII",
    "archived_contact": "archived in HubSpot", "deleted_lead": "in Salesforce's recycle bin",
}  # fmt: skip


class Planted:
    """Collects the planted records."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._records: dict[str, list[dict[str, str]]] = {}

    def add(self, kind: str, **ids: str | None) -> None:
        """One more of a kind, with its record ids by CRM; KeyError for a kind without a meaning."""
        if kind not in MEANING:
            raise KeyError(f"planted kind {kind!r} has no meaning written down in MEANING")
        self._counts[kind] = self._counts.get(kind, 0) + 1
        kept = self._records.setdefault(kind, [])
        if len(kept) < KEPT_IDS:
            kept.append({crm: record_id for crm, record_id in ids.items() if record_id is not None})

    def note(self, story: Story, hubspot: str | None, salesforce: str | None) -> None:
        """Everything worth naming about one lead."""
        person = story.person
        kinds = [story.place.kind, story.dirt]
        if story.explicit_link:
            kinds.append("explicit_link")
        if person.country_typed != person.country:
            kinds.append("free_text_country")
        if not (person.first + person.last).isascii():
            kinds.append("non_ascii_name")
        for kind in kinds:
            if kind in MEANING:
                self.add(kind, hubspot=hubspot, salesforce=salesforce)

    def as_json(self) -> dict[str, Any]:
        """{kind: {"meaning", "count", "records": [{"hubspot", "salesforce"}]}}."""
        return {kind: {"meaning": MEANING[kind], "count": n, "records": self._records[kind]} for kind, n in sorted(self._counts.items())}
