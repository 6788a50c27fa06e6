"""Tables of runs, decisions, plans and what they did. Times are whole microseconds since 1970 UTC."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from ledger.columns import ID, flag, metadata, needs, only, own_id, words

_LIVE_LINE = text("state IN ('proposed', 'open', 'in_flight')")
_OPEN_LINE = text("state = 'open'")


def live(table: FromClause) -> ColumnElement[bool]:
    """Rows of `lines` or `creations` that still stand for a write to come. Literal, because a partial index does not match parameters."""
    return table.c.state.in_([literal_column("'proposed'"), literal_column("'open'"), literal_column("'in_flight'")])


def waiting(table: FromClause) -> ColumnElement[bool]:
    """Rows of `lines` or `creations` that may be claimed. Literal for the same reason."""
    return table.c.state == literal_column("'open'")


runs = Table(
    "runs",
    metadata,
    own_id(),
    Column("kind", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    words("policy_digest"),
    words("frame_digest"),
    words("by"),
    words("summary", "{}"),
)

decisions = Table(
    "decisions",
    metadata,
    own_id(),
    needs("lead_id", "leads.id"),
    needs("run_id", "runs.id"),
    Column("decided_at", BigInteger, nullable=False),
    Column("seq", ID, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("frame_digest", Text, nullable=False),
    Column("unchanged", Boolean, nullable=False),
    Column("prior", Text),
    Column("body", Text, nullable=False),
    Column("digest", Text, nullable=False),
)
Index("decisions_lead", decisions.c.lead_id, decisions.c.decided_at)
Index("decisions_run", decisions.c.run_id, decisions.c.lead_id)
Index("decisions_unchanged", decisions.c.lead_id, **flag("unchanged"))

plans = Table(
    "plans",
    metadata,
    own_id(),
    needs("run_id", "runs.id"),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    words("digest"),
    words("summary", "{}"),
    Column("left_out", Integer, nullable=False, server_default="0"),
    words("approved_by"),
    Column("approved_at", BigInteger),
)
Index("plans_state", plans.c.state)

lines = Table(
    "lines",
    metadata,
    own_id(),
    needs("plan_id", "plans.id"),
    needs("run_id", "runs.id"),
    needs("lead_id", "leads.id"),
    needs("record_id", "records.id"),
    Column("system", Text, nullable=False),
    Column("object", Text, nullable=False),
    words("transition"),
    words("because"),
    Column("due_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    words("moves"),
    Column("size", Integer, nullable=False),
    Column("state", Text, nullable=False),
    words("detail"),
    Column("finished_at", BigInteger),
    words("fates"),
)
# Every partial index on `state` is written again with each step of a row, so there are two: the rule, and the queue.
Index("lines_one_open", lines.c.record_id, unique=True, **only(_LIVE_LINE))
Index("lines_open", lines.c.system, lines.c.object, lines.c.record_id, **only(_OPEN_LINE))
Index("lines_plan", lines.c.plan_id)
Index("lines_lead", lines.c.lead_id)

creations = Table(
    "creations",
    metadata,
    own_id(),
    needs("plan_id", "plans.id"),
    needs("run_id", "runs.id"),
    needs("lead_id", "leads.id"),
    Column("system", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("unique_key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("person_id", ID),
    words("about", "[]"),
    words("after_key"),
    words("transition"),
    words("move"),
    words("because"),
    Column("due_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("ref", Text),
    words("detail"),
    Column("finished_at", BigInteger),
)
_CREATED = text("state IN ('proposed', 'open', 'in_flight', 'done')")
Index("creations_once", creations.c.system, creations.c.unique_key, unique=True, **only(_CREATED))
Index("creations_live_lead", creations.c.lead_id, **only(_LIVE_LINE))
Index("creations_open", creations.c.system, creations.c.object, creations.c.id, **only(_OPEN_LINE))
Index("creations_plan", creations.c.plan_id)
Index("creations_lead", creations.c.lead_id)

effects = Table(
    "effects",
    metadata,
    own_id(),
    Column("kind", Text, nullable=False),
    needs("lead_id", "leads.id"),
    Column("transition", Text, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("plan_id", ID, ForeignKey("plans.id")),
    Column("due_at", BigInteger),
    Column("person_id", ID),
    Column("carried", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, nullable=False),
    words("ref"),
    words("detail"),
    Column("finished_at", BigInteger),
    UniqueConstraint("kind", "lead_id", "transition", "episode", name="effects_once"),
)
Index("effects_state", effects.c.state, effects.c.kind, effects.c.id)
Index("effects_lead", effects.c.lead_id)
Index("effects_plan", effects.c.plan_id)

turns = Table(
    "turns",
    metadata,
    own_id(),
    Column("pool", Text, nullable=False),
    Column("rep", Text, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("lead", Text),
    Column("episode", Integer),
    Column("run_id", ID),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("pool", "lead", "episode", name="turns_once"),
)

Index("turns_at", turns.c.at)

turn_counts = Table(
    "turn_counts",
    metadata,
    Column("pool", Text, primary_key=True),
    Column("rep", Text, primary_key=True),
    Column("taken", Integer, nullable=False),
)

exceptions = Table(
    "exceptions",
    metadata,
    own_id(),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    words("detail"),
    Column("run_id", ID, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
)
_UNRESOLVED = text("resolved_at IS NULL")
Index("exceptions_open", exceptions.c.subject, exceptions.c.reason, unique=True, **only(_UNRESOLVED))

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

switches = Table("switches", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

documents = Table(
    "documents",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
)
