"""The field maps: what ships holds together, and each kind of mistake is refused with file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.fields import FieldMapError, FieldType, load_field_map
from mappings.load import SHIPPED

GOOD = """system: hubspot
objects:
  contacts:
    email: {name: email, type: text, personal: true}
    status: {name: hs_lead_status, type: picklist}
"""


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_what_ships_loads(system: str) -> None:
    """Both maps know who a lead is, where it stands and the stage of record."""
    found = load_field_map(system)
    lead = found.fields("contacts" if system == "hubspot" else "Lead")
    assert {"email", "status", "owner", "handoff_stage", "handoff_episode", "handoff_rev"} <= set(lead)
    assert all(spec.own for name, spec in lead.items() if name.startswith("handoff_"))
    assert all(spec.description for name, spec in lead.items() if spec.own)


def test_both_crms_have_the_same_own_fields() -> None:
    """What handoff writes means the same in either CRM; only the key of a created Lead is Salesforce's alone."""
    hubspot, salesforce = load_field_map("hubspot"), load_field_map("salesforce")
    assert set(hubspot.own("contacts")) == set(salesforce.own("Lead")) - {"handoff_key"}
    assert {spec.label for spec in hubspot.own("contacts").values()} <= {spec.label for spec in salesforce.own("Lead").values()}
    for canonical, spec in hubspot.own("contacts").items():
        assert salesforce.own("Lead")[canonical].type is spec.type
        assert salesforce.own("Lead")[canonical].name.lower().removesuffix("__c") == spec.name


def test_the_map_says_which_object_carries_a_lead() -> None:
    """The usual one where nothing is said; what another one is given is the same as the Lead's."""
    shipped, contacts = load_field_map("salesforce"), load_field_map("salesforce", SHIPPED / "overlays" / "salesforce-contacts")
    assert (shipped.lead_object, contacts.lead_object, load_field_map("hubspot").lead_object) == ("Lead", "Contact", "contacts")
    assert contacts.own("Contact") == shipped.own("Lead")


@pytest.mark.parametrize(
    ("carrier", "says"),
    [("Account", "carries no lead in salesforce; write Lead or Contact"), ("Contact", "has no line for status, handoff_stage")],
)
def test_a_carrier_that_cannot_carry_is_refused(tmp_path: Path, carrier: str, says: str) -> None:
    """Stage, status and owner need a place to stand in."""
    fields = "{email: {name: Email, type: text}, owner: {name: OwnerId, type: id}}"
    (tmp_path / "salesforce.yaml").write_text(f"system: salesforce\ncarrier: {carrier}\nobjects:\n  Contact: {fields}\n", encoding="utf-8")
    with pytest.raises(FieldMapError, match=says):
        load_field_map("salesforce", tmp_path)


def test_personal_values_are_marked_on_both_sides() -> None:
    """Erasure is one delete because the map says what is personal."""
    for system in ("hubspot", "salesforce"):
        assert load_field_map(system).personal() == {"email", "first_name", "last_name", "phone", "title"}


def test_words_are_translated_both_ways() -> None:
    """Our word for the vendor's, and back; a word without a translation stays."""
    status = load_field_map("salesforce").fields("Task")["status"]
    assert (status.to_vendor("open"), status.from_vendor("Completed"), status.from_vendor("Deferred")) == (
        "Not Started",
        "completed",
        "Deferred",
    )
    bounced = load_field_map("hubspot").fields("contacts")["bounced"]
    assert bounced.from_vendor("UNKNOWN_USER") == "true"


def write(tmp_path: Path, text: str) -> Path:
    """A folder with one map."""
    (tmp_path / "hubspot.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_good_file_loads(tmp_path: Path) -> None:
    """One line per field."""
    found = load_field_map("hubspot", write(tmp_path, GOOD))
    assert found.fields("contacts")["status"].type is FieldType.PICKLIST
    assert found.fields("deals") == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("type: text", "tpye: text", 4, "unknown key 'tpye'; did you mean 'type'?"),
        ("type: picklist", "type: option", 5, "'text', 'number'"),
        ("system: hubspot", "system: salesforce", 1, "the file is named hubspot.yaml"),
        ("system: hubspot", "system: dynamics", 1, "'hubspot', 'hubspot_leads' or 'salesforce'"),
        ("objects:", "objekts:", 2, "unknown key 'objekts'; did you mean 'objects'?"),
        ("name: hs_lead_status", "name: email", 1, "email stands for both email and status"),
        ("    status:", "    email:", 5, "keep one of the two (the first is on line 4)"),
        ("name: hs_lead_status, type: picklist", "name: s, type: text, own: true", 5, "an own field needs a label"),
        ("name: hs_lead_status, type: picklist", "name: s, type: picklist, own: true, label: S", 5, "needs options"),
        ("name: hs_lead_status, type: picklist", "name: s, type: text, unique: true", 5, "are for own fields"),
        ("personal: true", "personal: maybe", 4, "valid boolean"),
        ("{name: email", "{name: [", 4, "not readable as YAML"),
        (GOOD, "", 1, "the file is empty"),
    ],
)
def test_a_mistake_names_file_line_and_mend(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    """Each kind of mistake."""
    folder = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(FieldMapError) as error:
        load_field_map("hubspot", folder)
    assert any(says in mistake for mistake in error.value.mistakes), error.value.mistakes
    places = [mistake.split("  ")[0] for mistake in error.value.mistakes]
    assert any(place.startswith(f"{tmp_path.name}/hubspot.yaml:") for place in places)
    if says not in ("not readable as YAML", "email stands for both email and status"):
        assert f"{tmp_path.name}/hubspot.yaml:{line}" in places


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends a file one error at a time."""
    text = GOOD.replace("type: text", "tpye: text").replace("type: picklist", "type: option")
    with pytest.raises(FieldMapError) as error:
        load_field_map("hubspot", write(tmp_path, text))
    assert len(error.value.mistakes) >= 2
