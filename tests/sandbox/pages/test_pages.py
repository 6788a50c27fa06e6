"""The pages for a person: they find, show and explain records, and escape everything."""

import re

import pytest
import requests

from sandbox.author import Author
from sandbox.core import Sandbox
from sandbox.pages import views
from sandbox.pages.markup import render, tag

MAYA = "maya.okafor@acme.example"


@pytest.fixture(scope="module")
def world(sandbox: Sandbox, sandbox_url: str) -> Sandbox:
    sandbox.control.seed(seed=4, leads=300)
    return sandbox


def get(url: str, path: str, status: int = 200) -> str:
    reply = requests.get(url + path, timeout=30)
    assert reply.status_code == status, reply.text
    return reply.text


def test_text_is_escaped_by_construction() -> None:
    """Only what `tag` made is taken as HTML."""
    assert tag("p", "<b>", tag("i", "a & b"), title='"') == '<p title="&quot;">&lt;b&gt;<i>a &amp; b</i></p>'
    assert tag("input", name="q", value=None) == '<input name="q">'


def test_home_shows_both_crms_and_every_status(world: Sandbox, sandbox_url: str) -> None:
    """With links to the lists."""
    text = get(sandbox_url, "/ui/")
    assert text.count("/ui/hubspot?status=") == 13
    assert text.count("/ui/salesforce?status=") == 10
    assert "Maya Okafor" in text
    assert "business time" in text


def test_an_empty_sandbox_says_how_to_fill_it() -> None:
    """Not an error."""
    assert "/_sandbox/seed" in render(views.home({}, {}, {}))


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_lists_filter_by_owner_status_words_and_any_field(world: Sandbox, sandbox_url: str, vendor: str) -> None:
    """Counts agree with the CRM."""
    people = world.control.manifest["people"]
    status = next(one for one in world.control.manifest["statuses"] if one["crm"] == vendor)
    owner = people[0]["hubspot_owner_id" if vendor == "hubspot" else "salesforce_user_id"]
    total = _found(get(sandbox_url, f"/ui/{vendor}"))
    by_status = _found(get(sandbox_url, f"/ui/{vendor}?status={status['value']}"))
    by_owner = _found(get(sandbox_url, f"/ui/{vendor}?owner={owner}"))
    field = "lead_channel" if vendor == "hubspot" else "Lead_Channel__c"
    by_field = _found(get(sandbox_url, f"/ui/{vendor}?filter={field}=webinar"))
    assert status["count"] <= by_status < total
    assert 0 < by_owner < total
    assert 0 < by_field < total
    assert _found(get(sandbox_url, f"/ui/{vendor}?filter={field}")) > by_field
    assert "no " in get(sandbox_url, f"/ui/{vendor}?filter=nonsense=1")
    assert _found(get(sandbox_url, f"/ui/{vendor}?q=%25")) == 0


def _found(text: str) -> int:
    match = re.search(r"([\d,]+) found", text)
    assert match is not None
    return int(match[1].replace(",", ""))


def test_lists_go_on_page_by_page(world: Sandbox, sandbox_url: str) -> None:
    """No record on two pages."""
    first, second = (set(re.findall(r"/ui/hubspot/contacts/(\d+)", get(sandbox_url, f"/ui/hubspot?page={page}"))) for page in (1, 2))
    assert len(first) == len(second) == 50
    assert not first & second
    get(sandbox_url, "/ui/hubspot?page=-4")
    get(sandbox_url, "/ui/hubspot?page=99999")


def test_a_record_shows_own_fields_first_and_who_wrote_what_and_why(world: Sandbox, sandbox_url: str) -> None:
    """A product's property group stands on top, its reason line beside the write."""
    contact = world.control.manifest["planted"]["hot_neglected"]["records"][0]["hubspot"]
    for name in ("handoff_stage", "handoff_reason_line"):
        definition = {"name": name, "label": name.replace("_", " "), "type": "string", "fieldType": "text", "groupName": "handoff"}
        world.hubspot.define_property("contacts", definition)
    author = Author(kind="app", name="product", app_id="1")
    world.hubspot.update("contacts", contact, {"handoff_stage": "offered", "handoff_reason_line": "asked for a demo <twice>"}, author)
    text = get(sandbox_url, f"/ui/hubspot/contacts/{contact}")
    assert text.index("<h2>Handoff</h2>") < text.index("<h2>Acme</h2>") < text.index("<h2>Contact information</h2>")
    assert '<p class="reason">asked for a demo &lt;twice&gt;</p>' in text
    assert "<b>product</b> (app)" in text
    assert "handoff stage: offered" in text
    assert "<twice>" not in text
    assert _found(get(sandbox_url, "/ui/hubspot?filter=handoff_stage=offered")) == 1


def test_names_are_escaped_wherever_they_appear(world: Sandbox, sandbox_url: str) -> None:
    """Lists, titles, related records and options."""
    nasty = '<script>alert("x")</script>'
    person = Author(kind="person", name=nasty)
    contact = world.hubspot.create("contacts", {"firstname": nasty, "lastname": nasty, "company": nasty}, person)
    lead = world.salesforce.create("Lead", {"LastName": nasty[:80], "Company": nasty, "Region__c": nasty[:40]}, person)
    for path in (
        f"/ui/hubspot/contacts/{contact}",
        "/ui/hubspot",
        f"/{lead}",
        "/ui/salesforce",
        f"/ui/hubspot?q={nasty}&filter={nasty}&owner={nasty}",
    ):
        text = get(sandbox_url, path)
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_the_crms_own_links_lead_to_the_record(world: Sandbox, sandbox_url: str) -> None:
    """HubSpot's record link, Salesforce's Lightning link and its short form with 15 or 18 characters."""
    both = next(one for one in world.control.manifest["planted"]["limbo"]["records"] if len(one) == 2)
    title = f"contact {both['hubspot']}"
    assert title in get(sandbox_url, f"/contacts/7654321/record/0-1/{both['hubspot']}")
    get(sandbox_url, f"/contacts/1111/record/0-1/{both['hubspot']}", status=404)
    for path in (f"/lightning/r/Lead/{both['salesforce']}/view", f"/{both['salesforce']}", f"/{both['salesforce'][:15]}"):
        assert both["salesforce"] in get(sandbox_url, path)
    for path in (
        "/nothing",
        "/ui/nothing",
        "/ui/hubspot/contacts/1",
        "/ui/hubspot/llamas/1",
        "/ui/salesforce/Lead/1",
        "/ui/salesforce/Llama/1",
    ):
        get(sandbox_url, path, status=404)


def test_a_salesforce_record_shows_its_history(world: Sandbox, sandbox_url: str) -> None:
    """Old and new value, author and kind, from the journal; activities with open tasks marked."""
    lead = next(one for one in world.control.manifest["planted"]["limbo"]["records"] if len(one) == 2)["salesforce"]
    body = {"vendor": "salesforce", "id": lead, "rep": MAYA, "action": "edit", "fields": {"Status": "Nurture"}}
    assert requests.post(f"{sandbox_url}/_sandbox/act/rep", json=body, timeout=30).ok
    assert requests.post(f"{sandbox_url}/_sandbox/act/rep", json=body | {"action": "log_call"}, timeout=30).ok
    text = get(sandbox_url, f"/{lead}")
    assert "<b>Maya Okafor</b> (person)" in text
    assert "→ Nurture" in text
    assert "Call: connected" in text


def test_pages_load_nothing_from_elsewhere(world: Sandbox, sandbox_url: str) -> None:
    """One style sheet of our own, no script, a strict content policy."""
    reply = requests.get(f"{sandbox_url}/ui/", timeout=30)
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert re.findall(r'(?:src|href)="(https?:[^"]*)"', reply.text) == []
    assert "color" in get(sandbox_url, "/ui/style.css")


def test_a_contact_and_its_lead_object_lead_to_each_other(world: Sandbox, sandbox_url: str) -> None:
    rep = Author(kind="person", name="rep")
    contact = world.hubspot.create("contacts", {"email": "ada@novak.example", "firstname": "Ada", "lastname": "Novak"}, rep)
    said = {"hs_lead_name": "Ada, second try", "hs_pipeline_stage": "attempting-stage-id"}
    lead = world.hubspot.create("leads", said, rep, associations=[("contacts", contact, 578)])
    page = get(sandbox_url, f"/contacts/7654321/record/0-136/{lead}")
    assert "Attempting" in page
    assert f"/ui/hubspot/contacts/{contact}" in page
    assert f"/ui/hubspot/leads/{lead}" in get(sandbox_url, f"/contacts/7654321/record/0-1/{contact}")
    world.hubspot.archive("contacts", contact, rep)
