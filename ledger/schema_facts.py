"""Tables of facts and leads. Times are whole microseconds since 1970 UTC; `seq` columns are ticks of the ledger's own counter.

Versions are append-only: a row is current while `gone_seq` is null, and was known at tick s when `known_seq <= s < gone_seq`.
Every personal value lives in `people` and nowhere else; the other tables point there and survive its deletion.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from ledger.columns import ID, flag, metadata, needs, only, own_id, words

ticks = Table("ticks", metadata, Column("seq", ID, primary_key=True, autoincrement=True), Column("at", BigInteger, nullable=False))
Index("ticks_at", ticks.c.at)

leads = Table(
    "leads",
    metadata,
    own_id(),
    Column("key", Text, nullable=False, unique=True),
    Column("merged_into", ID, ForeignKey("leads.id")),
    Column("facts_rev", Integer, nullable=False, server_default="1"),
    Column("decided_rev", Integer, nullable=False, server_default="0"),
    Column("next_look_at", BigInteger),
    Column("policy_digest", Text),
    Column("roster_digest", Text),
    Column("sales", Boolean, nullable=False, server_default=text("false")),
    Column("ready", Boolean, nullable=False, server_default=text("false")),
    Column("in_scope", Boolean, nullable=False, server_default=text("false")),
    words("stage"),
    words("owner"),
    Column("rev", Integer, nullable=False, server_default="0"),
    Column("prior", Text),
    Column("pending", Text),
    Column("pending_plan", ID),
    Column("erased_at", BigInteger),
)
Index("leads_dirty", leads.c.id, **only(text("facts_rev <> decided_rev")))
Index("leads_next_look", leads.c.next_look_at, leads.c.id)
Index("leads_policy", leads.c.policy_digest, leads.c.id)
Index("leads_roster", leads.c.roster_digest, leads.c.id, **flag("sales"))
Index("leads_owner", leads.c.owner, **flag("sales"))
Index("leads_ready", leads.c.id, **flag("ready"))
Index("leads_merged", leads.c.merged_into)

records = Table(
    "records",
    metadata,
    own_id(),
    Column("ref", Text, nullable=False, unique=True),
    Column("lead_id", ID, ForeignKey("leads.id")),
    words("role"),
    Column("version_id", ID),
    Column("modified_at", BigInteger),
    words("digest"),
    Column("account_ref", Text),
    Column("stored_rev", Integer, nullable=False, server_default="0"),
    Column("resolved_rev", Integer, nullable=False, server_default="0"),
    Column("erased", Boolean, nullable=False, server_default=text("false")),
)
Index("records_lead", records.c.lead_id)
Index("records_account", records.c.account_ref)
Index("records_touched", records.c.id, **only(text("stored_rev <> resolved_rev")))

people = Table(
    "people",
    metadata,
    own_id(),
    Column("record_id", ID, ForeignKey("records.id")),
    Column("lead_id", ID, ForeignKey("leads.id")),
    Column("email", Text),
    Column("body", Text, nullable=False),
    # An id must never be given again: the rows that pointed to an erased person would point to somebody else.
    sqlite_autoincrement=True,
)
Index("people_email", people.c.email)
Index("people_record", people.c.record_id)
Index("people_lead", people.c.lead_id)

versions = Table(
    "record_versions",
    metadata,
    own_id(),
    needs("record_id", "records.id"),
    Column("known_seq", ID, nullable=False),
    Column("gone_seq", ID),
    Column("known_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    words("state", "live"),
    Column("left_at", BigInteger),
    Column("follows", Text),
    Column("body", Text, nullable=False),
    Column("person_id", ID),
)
Index("record_versions_record", versions.c.record_id, versions.c.known_seq)
Index("record_versions_current", versions.c.record_id, unique=True, **only(versions.c.gone_seq.is_(None)))

identifiers = Table(
    "identifiers",
    metadata,
    needs("record_id", "records.id"),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
)
Index("identifiers_value", identifiers.c.field, identifiers.c.value)
Index("identifiers_record", identifiers.c.record_id)

activities = Table(
    "activities",
    metadata,
    own_id(),
    needs("record_id", "records.id"),
    Column("key", Text, nullable=False),
    Column("known_seq", ID, nullable=False),
    Column("gone_seq", ID),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("known_at", BigInteger, nullable=False),
    words("subject"),
    words("outcome"),
    Column("due_at", BigInteger),
    words("by"),
    Column("ours", Boolean, nullable=False),
    Column("automated", Boolean, nullable=False),
)
Index("activities_current", activities.c.record_id, activities.c.key, unique=True, **only(activities.c.gone_seq.is_(None)))
Index("activities_record", activities.c.record_id, activities.c.occurred_at)
Index("activities_key", activities.c.key)

links = Table(
    "links",
    metadata,
    own_id(),
    needs("record_id", "records.id"),
    needs("lead_id", "leads.id"),
    Column("role", Text, nullable=False),
    Column("known_seq", ID, nullable=False),
    Column("gone_seq", ID),
)
Index("links_record", links.c.record_id)
Index("links_lead", links.c.lead_id)

edits = Table(
    "edits",
    metadata,
    own_id(),
    needs("record_id", "records.id"),
    Column("field", Text, nullable=False),
    Column("value", Text),
    Column("at", BigInteger, nullable=False),
    words("author", "person"),
    Column("known_seq", ID, nullable=False),
    Column("gone_seq", ID),
)
Index("edits_record", edits.c.record_id, edits.c.field)

own_writes = Table(
    "own_writes",
    metadata,
    Column("record_id", ID, ForeignKey("records.id"), primary_key=True),
    # field -> [value, modified time]; one row per record, because a batch writes a dozen fields of each of its records.
    Column("body", Text, nullable=False),
)

streams = Table(
    "streams",
    metadata,
    Column("system", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("fields_digest", Text, primary_key=True),
    Column("position", Text, nullable=False),
    Column("covered_until", BigInteger),
    Column("stored_seq", ID, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("system", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("seen", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("last_known_at", BigInteger, nullable=False),
)
