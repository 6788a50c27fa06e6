"""A database file can be opened again, and reset empties it."""

from datetime import timedelta
from pathlib import Path

from sandbox.core import Sandbox
from sandbox.hubspot import object_types


def test_a_world_in_a_file_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    """Manifest, credentials, records and clock."""
    path = str(tmp_path / "world.db")
    first = Sandbox(db_path=path)
    manifest = first.control.seed(seed=2, leads=200)
    first.control.advance(3600)
    moment = first.clock.now()
    first.close()
    second = Sandbox(db_path=path)
    assert second.control.manifest["planted"] == manifest["planted"]
    assert second.clock.now() >= moment
    assert second.clock.now() - moment < timedelta(seconds=5)
    token = manifest["credentials"]["hubspot"]["tokens"]["product"]
    grant = second.apps.grant(token)
    assert grant is not None
    assert grant.app.name == "product"
    assert second.apps.by_client("salesforce", manifest["credentials"]["salesforce"]["apps"]["product"]["client_id"]) is not None
    second.control.reset()
    assert second.control.manifest == {}
    assert second.hubspot.records.count(object_types.CONTACTS) == 0
    assert second.apps.grant(token) is None
    assert second.control.seed(seed=2, leads=200)["planted"] == manifest["planted"]
    second.close()


def test_reset_brings_defaults_back() -> None:
    """Switches, limits, faults, rules and records."""
    box = Sandbox()
    box.control.seed(seed=2, leads=200, crms=("hubspot",))
    box.switches.set("core.latency_ms", 5)
    box.control.marketing.teach([{"vendor": "hubspot", "property": "email"}])
    box.control.reset()
    assert box.switches.get("core.latency_ms") == 0
    assert box.control.marketing.describe() == []
    assert box.hubspot.records.count(object_types.CONTACTS) == 0
    box.close()


def test_a_ticking_clock_is_caught_up_with() -> None:
    """With a clock that follows the wall, what came due since the last look is done at the next one, at most once a minute."""
    box = Sandbox()
    box.control.seed(seed=2, leads=200)
    script = box.control.manifest["automation"]["script"]
    box.clock.follow_wall()
    box.control.catch_up()
    assert box.journal.read(author="automation") == []
    box.clock.advance(86_400)
    box.control.catch_up()
    assert {entry["id"] for entry in box.journal.read(author="automation")} == {step["id"] for step in script}
    written = len(box.journal.read(author="automation"))
    box.control.catch_up()
    assert len(box.journal.read(author="automation")) == written
    box.close()


def test_a_snapshot_of_another_world_brings_its_manifest_along() -> None:
    """People and credentials are those of the records that are there."""
    box = Sandbox()
    first = box.control.seed(seed=2, leads=200, crms=("hubspot",))
    box.snapshot("first")
    box.control.seed(seed=3, leads=210, crms=("salesforce",))
    box.control.restore("first")
    assert box.control.manifest["leads"] == 200
    assert box.apps.grant(first["credentials"]["hubspot"]["tokens"]["product"]) is not None
    box.close()
