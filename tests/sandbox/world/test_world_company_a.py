"""Company A: the before-state of the article really holds in the CRMs, can be repeated, and is planted as the manifest says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import orjson
import pytest
from recount import figures

from sandbox.core import Sandbox
from sandbox.hubspot import object_types
from sandbox.world.epoch import fixed_epoch, to_ms
from sandbox.world.figures import figures_of
from sandbox.world.kinds import zones
from sandbox.world.tell import World

BOTH = ("hubspot", "salesforce")
WORLDS = [pytest.param(crms, id="+".join(crms)) for crms in (BOTH, ("hubspot",), ("salesforce",))]


@pytest.fixture(scope="module")
def boxes() -> dict[tuple[str, ...], Sandbox]:
    """One seeded sandbox for each choice of CRMs."""
    made = {}
    for crms in (BOTH, ("hubspot",), ("salesforce",)):
        box = Sandbox()
        box.control.seed(seed=3, leads=900, crms=crms)
        made[crms] = box
    return made


@pytest.mark.parametrize("crms", WORLDS)
def test_the_figures_of_the_manifest_can_be_counted_from_the_records(boxes: dict[tuple[str, ...], Sandbox], crms: tuple[str, ...]) -> None:
    """An independent reading of what both CRMs store finds exactly the expected figures."""
    assert figures(boxes[crms]) == boxes[crms].control.manifest["expected"]


def test_twelve_thousand_leads_are_the_company_of_the_article() -> None:
    """Over 200 hand-raisers never followed up, over 6,000 leads in limbo, over 1,000 with people who left, evenly over three months."""
    world = World(7, 12_000, BOTH, to_ms(fixed_epoch(7)))
    counted: Counter[str] = Counter()
    months: Counter[int] = Counter()
    senior = 0
    for story in world.stories():
        counted.update(figures_of(story, world.now_ms))
        months[(world.now_ms - story.created) // (86_400_000 * 92 // 3 + 1)] += 1
        senior += story.dirt == "top_account" and story.person.seniority in ("vp", "executive") and story.company.number < 5  # type: ignore[union-attr]
    assert counted["hot_never_followed_up"] >= 214
    assert counted["in_limbo"] >= 6_180
    assert counted["inactive_owner"] >= 1_140
    assert counted["without_owner"] >= counted["inactive_owner"]
    assert set(months) == {0, 1, 2}
    assert max(months.values()) - min(months.values()) < 100
    assert senior == 3


@pytest.mark.parametrize(("crms", "expected"), [(BOTH, 23), (("hubspot",), 13), (("salesforce",), 10)])
def test_every_status_is_in_use(boxes: dict[tuple[str, ...], Sandbox], crms: tuple[str, ...], expected: int) -> None:
    """23 statuses over both CRMs, each with a count above 0 that the records bear out."""
    box = boxes[crms]
    listed = box.control.manifest["statuses"]
    assert len(listed) == expected
    assert all(one["count"] > 0 and one["meaning"] for one in listed)
    if "hubspot" in crms:
        stored = Counter(
            row.data["hs_lead_status"] for row in box.hubspot.records.scan(object_types.CONTACTS) if row.data.get("firstname") != "Bob"
        )
        assert stored == {one["value"]: one["count"] for one in listed if one["crm"] == "hubspot"}


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    """Records and manifest are equal byte for byte; only addresses of the process may differ."""

    def fingerprint(seed: int) -> bytes:
        box = Sandbox()
        manifest = box.control.seed(seed=seed, leads=250)
        contacts = [(row.id, row.created, row.data) for row in box.hubspot.records.scan(object_types.CONTACTS)]
        leads = box.salesforce.query("SELECT Id, Name, Email, Status, OwnerId, CreatedDate, LastModifiedDate FROM Lead ORDER BY Id")
        box.close()
        return orjson.dumps([manifest, contacts, leads], option=orjson.OPT_SORT_KEYS)

    assert fingerprint(5) == fingerprint(5)
    assert fingerprint(5) != fingerprint(6)


def test_the_epoch_is_a_working_afternoon_of_november_2026() -> None:
    """For any seed: Monday to Thursday about 15:00 UTC, so that a day later people work too."""
    for seed in range(200):
        epoch = fixed_epoch(seed)
        assert (epoch.year, epoch.month, epoch.hour) == (2026, 11, 15)
        assert epoch.weekday() <= 3


def test_an_epoch_may_be_given() -> None:
    """Everything moves along with it."""
    box = Sandbox()
    epoch = datetime(2027, 2, 3, 9, 0, tzinfo=UTC)
    manifest = box.control.seed(seed=3, leads=250, epoch=epoch)
    assert box.clock.now() == epoch
    newest = max(row.created for row in box.hubspot.records.scan(object_types.CONTACTS))
    assert epoch - timedelta(days=2) < datetime.fromtimestamp(newest / 1000, UTC) < epoch
    assert figures(box) == manifest["expected"]
    box.close()


def test_a_million_leads_are_streamed() -> None:
    """The first stories of a world of a million come at once; the zones are known without telling a story."""
    world = World(7, 1_000_000, BOTH, to_ms(fixed_epoch(7)))
    first = list(islice(world.stories(), 300))
    assert [story.index for story in first] == list(range(300))
    assert sum(zone.size for zone in zones(7, 1_000_000)) == 1_000_000
    assert sum(story.place.kind == "limbo" for story in first) > 180


@pytest.mark.parametrize(
    ("leads", "crms", "named"), [(50, BOTH, "at least 200"), (300, ("hubspot", "pipedrive"), "pipedrive"), (300, (), "crms")]
)
def test_an_impossible_world_is_refused_by_name(leads: int, crms: tuple[str, ...], named: str) -> None:
    """The message says what is missing, and what was loaded before stays."""
    box = Sandbox()
    box.control.seed(seed=1, leads=200, crms=("hubspot",))
    with pytest.raises(Exception, match=named):
        box.control.seed(seed=1, leads=leads, crms=crms)
    assert box.control.manifest["leads"] == 200
    assert box.hubspot.records.count(object_types.CONTACTS) > 190
    box.close()


def test_what_is_planted_is_what_the_records_say(boxes: dict[tuple[str, ...], Sandbox]) -> None:
    """A look at the ids of each kind of dirt in the world of both CRMs."""
    box = boxes[BOTH]
    planted = box.control.manifest["planted"]

    def contacts(kind: str) -> list[dict[str, str]]:
        found = [box.hubspot.get("contacts", one["hubspot"]) for one in planted[kind]["records"] if "hubspot" in one]
        assert found
        return [one.properties for one in found]

    def leads(kind: str) -> list[dict[str, object]]:
        found = [box.salesforce.get("Lead", one["salesforce"]) for one in planted[kind]["records"] if "salesforce" in one]
        assert found
        return found

    left = {one["hubspot_owner_id"] for one in box.control.manifest["people"] if not one["active"]}
    left_users = {one["salesforce_user_id"] for one in box.control.manifest["people"] if not one["active"]}
    assert all(one["hubspot_owner_id"] in left for one in contacts("departed_owner"))
    assert all(one["OwnerId"] in left_users for one in leads("departed_owner"))
    assert all("email" not in one for one in contacts("no_email"))
    assert all(one["hs_email_optout"] == "true" for one in contacts("opted_out"))
    assert all(one["hs_email_hard_bounce_reason_enum"] for one in contacts("bounced"))
    assert all("hs_legal_basis" not in one for one in contacts("no_consent"))
    assert all(one["hs_marketable_status"] == "false" for one in contacts("non_marketable"))
    assert all(one["hs_additional_emails"] for one in contacts("additional_email"))
    assert all(one["hs_merged_object_ids"] for one in contacts("merged"))
    assert all(one["lifecyclestage"] == "customer" for one in contacts("customer"))
    assert all(one["account_relationship"] in ("partner", "competitor", "vendor") for one in contacts("hands_off"))
    assert all(one["IsConverted"] and one["ConvertedContactId"] for one in leads("converted"))
    assert all(one["Region__c"] is None for one in leads("region_missing"))
    assert len(leads("region_missing")) == 2
    assert all(one["HubSpot_Contact_ID__c"] for one in leads("explicit_link"))
    for one in planted["salesforce_duplicate"]["records"]:
        email = box.salesforce.get("Lead", one["salesforce"])["Email"]
        assert len(box.salesforce.find("Lead", "Email", email)) == 2
    for one in planted["archived_contact"]["records"]:
        assert box.hubspot.get("contacts", one["hubspot"]).archived
    for one in planted["deleted_lead"]["records"]:
        assert box.salesforce.get("Lead", one["salesforce"])["IsDeleted"]


def test_a_shared_mailbox_holds_two_people_and_links_that_contradict(boxes: dict[tuple[str, ...], Sandbox]) -> None:
    """The address says one contact, the Lead's explicit link says the other: the only ambiguous leads of the world."""
    box = boxes[BOTH]
    records = box.control.manifest["planted"]["shared_mailbox"]["records"]
    assert len(records) == 3 == box.control.manifest["expected_exceptions"]["ambiguous"]
    for one in records:
        contact, lead = box.hubspot.get("contacts", one["hubspot"]), box.salesforce.get("Lead", one["salesforce"])
        assert contact.properties["email"] == lead["Email"]
        assert lead["Email"].startswith("info@")
        assert lead["HubSpot_Contact_ID__c"] not in (None, contact.id)
        assert (
            box.hubspot.get("contacts", lead["HubSpot_Contact_ID__c"]).properties["firstname"]
            == lead["FirstName"]
            != contact.properties["firstname"]
        )


def test_engagements_stay_few(boxes: dict[tuple[str, ...], Sandbox]) -> None:
    """About 0.6 engagements per lead in HubSpot, so that a first load stays short."""
    records = boxes[("hubspot",)].control.manifest["records"]["hubspot"]
    assert 0.4 < sum(records[kind] for kind in ("calls", "emails", "meetings", "tasks")) / 900 < 0.75


def test_nobody_acts_in_the_future_but_meetings_and_due_dates(boxes: dict[tuple[str, ...], Sandbox]) -> None:
    """No record of either CRM was made or changed after the epoch."""
    box = boxes[BOTH]
    now = box.clock.now()
    latest = max(row.modified for kind in (object_types.CONTACTS, object_types.get("calls")) for row in box.hubspot.records.scan(kind))
    assert datetime.fromtimestamp(latest / 1000, UTC) <= now
    for sobject in ("Lead", "Task", "Event", "CampaignMember", "LeadHistory", "EmailMessage"):
        stamp = box.store.scalar(f'SELECT MAX("CreatedDate") FROM "sf_{sobject}"')
        assert datetime.fromisoformat(stamp) <= now


def test_the_territory_decides_the_owner(boxes: dict[tuple[str, ...], Sandbox]) -> None:
    """Before the handover process, content goes to the development rep and a hot lead to the executive of the zip code's area."""
    box = boxes[("hubspot",)]
    people = {one["hubspot_owner_id"]: one for one in box.control.manifest["people"]}
    for one in box.control.manifest["planted"]["hot_neglected"]["records"]:
        owner = people[box.hubspot.get("contacts", one["hubspot"]).properties["hubspot_owner_id"]]
        assert owner["role"] == "ae"
    texans = [one for one in box.hubspot.find("contacts", state="TX", lifecyclestage="lead") if one.properties.get("hubspot_owner_id")]
    owners = {people[one.properties["hubspot_owner_id"]]["key"] for one in texans}
    assert owners <= {"sdr_southwest", "left_sdr_2"}
    assert "sdr_southwest" in owners


def test_an_assignment_rule_takes_leads_from_who_forgets_the_header(boxes: dict[tuple[str, ...], Sandbox]) -> None:
    """It is active and ends in a queue; what the world itself writes sets it off as little as a person's edit does."""
    box = boxes[BOTH]
    rule = box.salesforce.query("SELECT Name, Active FROM AssignmentRule")[0]
    assert (rule["Name"], rule["Active"]) == (box.control.manifest["assignment_rules"][0]["name"], True)
    inbound = box.control.manifest["queues"]["Inbound Leads"]
    assert box.salesforce.query(f"SELECT Id FROM Lead WHERE OwnerId = '{inbound}'") == []
