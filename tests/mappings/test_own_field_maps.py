"""A company's own field map stands beside its policy; without one, that of the policy it extends is read, and else the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.vocabulary import PERSONAL_FIELDS
from mappings.compile import conditions_of, leaves
from mappings.fields import FieldMapError
from mappings.load import SHIPPED, field_map_of, load_policy, mapped_fields, personal_fields
from tests.mappings.policy_folder import change, copy_policy, problems_of

_SEATS = "  contacts:\n    seats: {name: seats_wanted, type: number}\n"


def own_map(folder: Path, system: str = "hubspot", old: str = "  contacts:\n", new: str = _SEATS) -> Path:
    """The shipped map with one passage changed, in `folder`."""
    path = folder / f"{system}.yaml"
    text = (SHIPPED / path.name).read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_a_folders_own_map_is_the_one_that_is_read(tmp_path: Path) -> None:
    own_map(tmp_path)
    assert field_map_of(tmp_path, "hubspot").fields("contacts")["seats"].name == "seats_wanted"


def test_without_one_the_shipped_map_is_read(tmp_path: Path) -> None:
    assert field_map_of(tmp_path, "salesforce") == field_map_of(SHIPPED, "salesforce")


def test_an_overlay_has_the_map_of_the_policy_it_extends(tmp_path: Path) -> None:
    own_map(copy_policy(tmp_path))
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "policy.yaml").write_text("extends: ../mappings\n", encoding="utf-8")
    assert "seats" in field_map_of(overlay, "hubspot").fields("contacts")


def test_rules_may_use_the_fields_of_the_folders_own_map(tmp_path: Path) -> None:
    """Otherwise docs/add-a-crm.md would promise a field that no rule can ask for."""
    folder = copy_policy(tmp_path)
    change(folder, "scope", "leave_alone:\n", "leave_alone:\n  - {name: many_seats, kind: partner, when: {seats: {at_least: 50}}}\n")
    assert any("seats" in str(problem) for problem in problems_of(folder))
    own_map(folder)
    assert mapped_fields(folder)["seats"] == "int"
    assert any(rule.name == "many_seats" for rule in load_policy(folder).scope)


def test_a_rule_over_a_personal_field_of_the_folders_own_map_knows_that_it_is_one(tmp_path: Path) -> None:
    """Otherwise its value would stand in the trace of every decision. An account's field is asked for with its prefix."""
    folder = own_map(copy_policy(tmp_path), new=f"{_SEATS}    nickname: {{name: nick, type: text, personal: true}}\n")
    own_map(folder, "salesforce", "  Account:\n", "  Account:\n    matron: {name: Matron__c, type: text, personal: true}\n")
    asked = "{any: [{seats: {at_least: 50}}, {nickname: ace}, {account_matron: ace}]}"
    change(folder, "scope", "leave_alone:\n", f"leave_alone:\n  - {{name: aces, kind: partner, when: {asked}}}\n")
    (rule,) = [rule for rule in load_policy(folder).scope if rule.name == "aces"]
    assert {test.field: test.personal for test in leaves(rule.when)} == {"seats": False, "nickname": True, "account_matron": True}
    assert personal_fields(folder) == {*PERSONAL_FIELDS, "nickname", "matron"}
    assert personal_fields(folder, ["hubspot"]) == {*PERSONAL_FIELDS - {"lead_name"}, "nickname"}  # Lead objects alone have that


def test_the_fields_that_are_always_personal_need_no_mark() -> None:
    """So the digest of a policy without personal fields of its own is what it was before there were marks."""
    assert personal_fields() == PERSONAL_FIELDS
    assert not any(test.personal for condition in conditions_of(load_policy()) for test in leaves(condition))


def test_silence_may_go_by_a_source_of_the_folders_own_map(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    change(folder, "sweep", "hubspot: [", "hubspot: [chats, ")
    assert any("chats" in str(problem) for problem in problems_of(folder))
    own_map(folder, old="objects:\n", new="objects:\n  chats:\n    type: {name: hs_chat_type, type: text}\n")
    assert "chats" in load_policy(folder).silence.sources["hubspot"]


def test_a_mistake_in_the_folders_own_map_is_named_there(tmp_path: Path) -> None:
    folder = own_map(copy_policy(tmp_path), new="  contacts:\n    seats: {name: seats_wanted, tpye: number}\n")
    with pytest.raises(FieldMapError, match=r"mappings/hubspot.yaml:\d+  contacts.seats: unknown key 'tpye'"):
        load_policy(folder)
