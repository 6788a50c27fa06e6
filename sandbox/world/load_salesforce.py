"""Puts stories into Salesforce, a chunk at a time."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sandbox.author import SYSTEM
from sandbox.world import salesforce_rows as rows
from sandbox.world.epoch import DAY_MS, from_ms
from sandbox.world.planted import Planted
from sandbox.world.salesforce_rows import Row, Users
from sandbox.world.story import Company, Story
from sandbox.world.tell import World

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PEOPLE_WITH_ACCOUNT = frozenset({"customer", "open_opportunity", "converted"})


class SalesforceLoader:
    """Loads chunks of stories; `counts` says how many records of each object were made."""

    def __init__(self, sandbox: "Sandbox", world: World, users: Users) -> None:
        self._org = sandbox.salesforce
        self._world = world
        self._users = users
        self._accounts: dict[int, str] = {}
        self.counts: dict[str, int] = {}

    def target_accounts(self, targets: Iterable[Company]) -> None:
        """The Accounts of the named target accounts."""
        for employer in targets:
            self._account(employer)

    def chunk(self, stories: Sequence[Story]) -> dict[int, str]:
        """The Leads of some stories with all that hangs on them; the Lead id of each lead's index."""
        known = [story for story in stories if story.in_salesforce]
        behind = {story.index: self._behind(story) for story in known if story.place.kind in PEOPLE_WITH_ACCOUNT}
        leads = [rows.lead(story, self._users) for story in known]
        for story, row in zip(known, leads, strict=True):
            if story.place.kind == "converted":
                row.fields.update(behind[story.index])
        ids = self._load("Lead", leads)
        self._around(list(zip(known, ids, strict=True)))
        self._load("Lead", [rows.duplicate(story, self._users) for story in known if story.dirt == "salesforce_duplicate"])
        return {story.index: lead_id for story, lead_id in zip(known, ids, strict=True)}

    def _around(self, pairs: Sequence[tuple[Story, str]]) -> None:
        for sobject in ("Task", "Event"):
            self._load(sobject, [row for story, i in pairs for row in rows.activities(story, i, self._users) if row.sobject == sobject])
        self._load("CampaignMember", [row for story, i in pairs for row in rows.memberships(story, i, self._users)])
        self._load("ListEmailIndividualRecipient", [row for story, i in pairs for row in rows.sends(story, i, self._users)])
        self._load("LeadHistory", [row for story, i in pairs for row in rows.status_history(story, i, self._users)])
        mails = [(row, story, i) for story, i in pairs for row in rows.replies(story)]
        message_ids = self._load("EmailMessage", [row for row, _, _ in mails])
        relations = [
            Row(
                "EmailMessageRelation",
                {"EmailMessageId": m, "RelationId": i, "RelationType": "FromAddress", "RelationAddress": s.person.email},
                r.created,
                r.created,
            )
            for m, (r, s, i) in zip(message_ids, mails, strict=True)
        ]
        self._load("EmailMessageRelation", relations)

    def _behind(self, story: Story) -> dict[str, object]:
        """Account, Contact, Opportunity and its role; as the Lead fields of a conversion."""
        employer = story.company
        if employer is None:
            return {}
        account = self._account(employer)
        contact = self._load("Contact", [rows.account_contact(story, account, self._users)])[0]
        deal = self._load("Opportunity", [rows.opportunity(story, account, self._users, self._world.now_ms)])[0]
        role = Row("OpportunityContactRole", {"OpportunityId": deal, "ContactId": contact, "IsPrimary": True}, story.created, story.created)
        self._load("OpportunityContactRole", [role])
        return {
            "IsConverted": True, "ConvertedDate": rows.date(story.created + DAY_MS // 2), "ConvertedAccountId": account,
            "ConvertedContactId": contact,
            "ConvertedOpportunityId": deal,
        }  # fmt: skip

    def _account(self, employer: Company) -> str:
        if employer.number not in self._accounts:
            self._accounts[employer.number] = self._load(
                "Account", [rows.account(employer, self._users, self._world.now_ms - 180 * DAY_MS)]
            )[0]
        return self._accounts[employer.number]

    def _load(self, sobject: str, made: Sequence[Row]) -> list[str]:
        if not made:
            return []
        ids: list[str] = self._org.load(sobject, ((row.fields, from_ms(row.created), from_ms(row.modified)) for row in made))
        self.counts[sobject] = self.counts.get(sobject, 0) + len(ids)
        return ids

    def extras(self, planted: Planted, deleted: int) -> None:
        """Leads that lie in the recycle bin."""
        born = self._world.now_ms - 50 * DAY_MS
        fields = {"OwnerId": self._users.user_id["sdr_west"], "Status": "Open - Not Contacted", "Region__c": "West", "Company": "Gone"}
        made = [Row("Lead", {**fields, "LastName": f"Gone {n}", "Email": f"deleted.{n}@gone.example"}, born, born) for n in range(deleted)]
        for lead_id in self._load("Lead", made):
            self._org.delete("Lead", lead_id, SYSTEM, at=from_ms(born + DAY_MS))
            planted.add("deleted_lead", salesforce=lead_id)

    def contradict(self, story: Story, lead_id: str, second_contact: str) -> None:
        """A Lead with the shared address that belongs, it says, to the other person."""
        fields = {"FirstName": "Bob", "LastName": "Stone", "HubSpot_Contact_ID__c": second_contact}
        self._org.update("Lead", lead_id, fields, SYSTEM, at=from_ms(story.created))
