"""The first ledger: runs, decisions, plans and what they did."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def only(condition: str, on_postgresql: str = "") -> dict[str, Any]:
    """A partial index: SQLite has no booleans, so the condition may differ."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(on_postgresql or condition)}


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "exceptions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, server_default="", nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("resolved_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("exceptions_open", "exceptions", ["subject", "reason"], unique=True, **only("resolved_at IS NULL"))
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "runs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("policy_digest", sa.Text, server_default="", nullable=False),
        sa.Column("frame_digest", sa.Text, server_default="", nullable=False),
        sa.Column("by", sa.Text, server_default="", nullable=False),
        sa.Column("summary", sa.Text, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "switches", sa.Column("name", sa.Text, nullable=False), sa.Column("value", sa.Text, nullable=False), sa.PrimaryKeyConstraint("name")
    )
    op.create_table(
        "turn_counts",
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("rep", sa.Text, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pool", "rep"),
    )
    op.create_table(
        "turns",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("rep", sa.Text, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("lead", sa.Text),
        sa.Column("episode", sa.Integer),
        sa.Column("run_id", ID),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pool", "lead", "episode", name="turns_once"),
    )
    op.create_index("turns_at", "turns", ["at"])
    op.create_table(
        "decisions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("seq", ID, nullable=False),
        sa.Column("policy_digest", sa.Text, nullable=False),
        sa.Column("frame_digest", sa.Text, nullable=False),
        sa.Column("unchanged", sa.Boolean, nullable=False),
        sa.Column("prior", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decisions_lead", "decisions", ["lead_id", "decided_at"])
    op.create_index("decisions_run", "decisions", ["run_id", "lead_id"])
    op.create_index("decisions_unchanged", "decisions", ["lead_id"], **only("unchanged = 1", "unchanged"))
    op.create_table(
        "plans",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, server_default="", nullable=False),
        sa.Column("summary", sa.Text, server_default="{}", nullable=False),
        sa.Column("left_out", sa.Integer, server_default="0", nullable=False),
        sa.Column("approved_by", sa.Text, server_default="", nullable=False),
        sa.Column("approved_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("plans_state", "plans", ["state"])
    op.create_table(
        "creations",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("unique_key", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("person_id", ID),
        sa.Column("about", sa.Text, server_default="[]", nullable=False),
        sa.Column("after_key", sa.Text, server_default="", nullable=False),
        sa.Column("transition", sa.Text, server_default="", nullable=False),
        sa.Column("move", sa.Text, server_default="", nullable=False),
        sa.Column("because", sa.Text, server_default="", nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ref", sa.Text),
        sa.Column("detail", sa.Text, server_default="", nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("creations_lead", "creations", ["lead_id"])
    op.create_index("creations_live_lead", "creations", ["lead_id"], **only("state IN ('proposed', 'open', 'in_flight')"))
    op.create_index(
        "creations_once", "creations", ["system", "unique_key"], unique=True, **only("state IN ('proposed', 'open', 'in_flight', 'done')")
    )
    op.create_index("creations_open", "creations", ["system", "object", "id"], **only("state = 'open'"))
    op.create_index("creations_plan", "creations", ["plan_id"])
    op.create_table(
        "effects",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("transition", sa.Text, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("plan_id", ID),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("person_id", ID),
        sa.Column("carried", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, server_default="", nullable=False),
        sa.Column("detail", sa.Text, server_default="", nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "lead_id", "transition", "episode", name="effects_once"),
    )
    op.create_index("effects_lead", "effects", ["lead_id"])
    op.create_index("effects_plan", "effects", ["plan_id"])
    op.create_index("effects_state", "effects", ["state", "kind", "id"])
    op.create_table(
        "lines",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("transition", sa.Text, server_default="", nullable=False),
        sa.Column("because", sa.Text, server_default="", nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("moves", sa.Text, server_default="", nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, server_default="", nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("fates", sa.Text, server_default="", nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lines_lead", "lines", ["lead_id"])
    op.create_index("lines_one_open", "lines", ["record_id"], unique=True, **only("state IN ('proposed', 'open', 'in_flight')"))
    op.create_index("lines_open", "lines", ["system", "object", "record_id"], **only("state = 'open'"))
    op.create_index("lines_plan", "lines", ["plan_id"])
    op.create_table(
        "record_versions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("known_seq", ID, nullable=False),
        sa.Column("gone_seq", ID),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("modified_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, server_default="live", nullable=False),
        sa.Column("left_at", sa.BigInteger),
        sa.Column("follows", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("person_id", ID),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("record_versions_current", "record_versions", ["record_id"], unique=True, **only("gone_seq IS NULL"))
    op.create_index("record_versions_record", "record_versions", ["record_id", "known_seq"])
