"""A ledger that is up to date opens without Alembic; one that is not is migrated, whatever it says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from ledger_makers import lead_of, load, record
from sqlalchemy import create_engine

import ledger.connection
from ledger.connection import HEAD, normalised
from ledger.ledger import open_ledger

ROOT = Path(__file__).parents[2]
_OPENED = """
import sys
from ledger.ledger import open_ledger
open_ledger(sys.argv[1]).close()
print("alembic" in sys.modules)
"""


def _opened_with_alembic(url: str) -> bool:
    """Whether a process that opens this ledger imports Alembic."""
    told = subprocess.run([sys.executable, "-c", _OPENED, url], cwd=ROOT, capture_output=True, text=True, check=True)
    return told.stdout.strip() == "True"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(ledger.connection.__file__).parent / "migrations"))
    return config


def test_the_head_that_is_known_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(_config()).get_heads() == [HEAD]


def test_alembic_is_imported_for_a_new_ledger_and_not_for_one_that_is_up_to_date(empty_url: str) -> None:
    assert _opened_with_alembic(empty_url)
    assert not _opened_with_alembic(empty_url)


def test_an_older_ledger_is_brought_to_the_newest_migration(empty_url: str) -> None:
    """Where the first migration left it; the others come by themselves."""
    config, engine = _config(), create_engine(normalised(empty_url))
    with engine.begin() as config.attributes["connection"]:
        command.upgrade(config, "0001")
    engine.dispose()
    with open_ledger(empty_url) as opened:
        lead_of(opened, record(status="new", email="ana@example.com"))
        assert load(opened).facts.fields["status"] == "new"
        opened.switches.save_document("policy", "d1", "{}")  # into a table of the second migration
        assert opened.switches.document("d1") == "{}"
