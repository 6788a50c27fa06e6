"""The first ledger: facts, people and leads."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def only(condition: str, on_postgresql: str = "") -> dict[str, Any]:
    """A partial index: SQLite has no booleans, so the condition may differ."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(on_postgresql or condition)}


def upgrade() -> None:
    op.create_table(
        "leads",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("merged_into", ID),
        sa.Column("facts_rev", sa.Integer, server_default="1", nullable=False),
        sa.Column("decided_rev", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_look_at", sa.BigInteger),
        sa.Column("policy_digest", sa.Text),
        sa.Column("roster_digest", sa.Text),
        sa.Column("sales", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("ready", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("in_scope", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("stage", sa.Text, server_default="", nullable=False),
        sa.Column("owner", sa.Text, server_default="", nullable=False),
        sa.Column("rev", sa.Integer, server_default="0", nullable=False),
        sa.Column("prior", sa.Text),
        sa.Column("pending", sa.Text),
        sa.Column("pending_plan", ID),
        sa.Column("erased_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["merged_into"], ["leads.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("leads_dirty", "leads", ["id"], **only("facts_rev <> decided_rev"))
    op.create_index("leads_merged", "leads", ["merged_into"])
    op.create_index("leads_next_look", "leads", ["next_look_at", "id"])
    op.create_index("leads_owner", "leads", ["owner"], **only("sales = 1", "sales"))
    op.create_index("leads_policy", "leads", ["policy_digest", "id"])
    op.create_index("leads_ready", "leads", ["id"], **only("ready = 1", "ready"))
    op.create_index("leads_roster", "leads", ["roster_digest", "id"], **only("sales = 1", "sales"))
    op.create_table(
        "sources",
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("last_known_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("system", "kind"),
    )
    op.create_table(
        "streams",
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("fields_digest", sa.Text, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("covered_until", sa.BigInteger),
        sa.Column("stored_seq", ID, nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "fields_digest"),
    )
    op.create_table(
        "ticks",
        sa.Column("seq", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ticks_at", "ticks", ["at"])
    op.create_table(
        "records",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("lead_id", ID),
        sa.Column("role", sa.Text, server_default="", nullable=False),
        sa.Column("version_id", ID),
        sa.Column("modified_at", sa.BigInteger),
        sa.Column("digest", sa.Text, server_default="", nullable=False),
        sa.Column("account_ref", sa.Text),
        sa.Column("stored_rev", sa.Integer, server_default="0", nullable=False),
        sa.Column("resolved_rev", sa.Integer, server_default="0", nullable=False),
        sa.Column("erased", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ref"),
    )
    op.create_index("records_account", "records", ["account_ref"])
    op.create_index("records_lead", "records", ["lead_id"])
    op.create_index("records_touched", "records", ["id"], **only("stored_rev <> resolved_rev"))
    op.create_table(
        "activities",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("known_seq", ID, nullable=False),
        sa.Column("gone_seq", ID),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, server_default="", nullable=False),
        sa.Column("outcome", sa.Text, server_default="", nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("by", sa.Text, server_default="", nullable=False),
        sa.Column("ours", sa.Boolean, nullable=False),
        sa.Column("automated", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("activities_current", "activities", ["record_id", "key"], unique=True, **only("gone_seq IS NULL"))
    op.create_index("activities_key", "activities", ["key"])
    op.create_index("activities_record", "activities", ["record_id", "occurred_at"])
    op.create_table(
        "edits",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, server_default="person", nullable=False),
        sa.Column("known_seq", ID, nullable=False),
        sa.Column("gone_seq", ID),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("edits_record", "edits", ["record_id", "field"])
    op.create_table(
        "identifiers",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
    )
    op.create_index("identifiers_record", "identifiers", ["record_id"])
    op.create_index("identifiers_value", "identifiers", ["field", "value"])
    op.create_table(
        "links",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("known_seq", ID, nullable=False),
        sa.Column("gone_seq", ID),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("links_lead", "links", ["lead_id"])
    op.create_index("links_record", "links", ["record_id"])
    op.create_table(
        "own_writes",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_table(
        "people",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("record_id", ID),
        sa.Column("lead_id", ID),
        sa.Column("email", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("people_email", "people", ["email"])
    op.create_index("people_lead", "people", ["lead_id"])
    op.create_index("people_record", "people", ["record_id"])
