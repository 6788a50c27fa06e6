"""Leads: who belongs together, who is due, what they are, and the history of what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update

from handoff.decision import Decision, Prior
from handoff.facts import Ref, State
from ledger.codec import load_decision, load_prior, loads, micros, moment
from ledger.connection import Database, tick
from ledger.due import due_shards, ready_shards
from ledger.edits import FOUND, note_found
from ledger.history import Made, add_decisions, decision_row, forget_looks, found_ids, moves_of, past_of, prior_texts, seq_at
from ledger.identity import lead_ids, merge, store_links
from ledger.load import Order, load_leads
from ledger.people import Keeping
from ledger.schema import leads, records, versions
from ledger.settling import await_settling, pending_text, prior_columns, settle
from ledger.values import Link, Loaded, Mark, Moved, Past, Replay, Role, Unknown

_LIVING = leads.c.merged_into.is_(None)
_AS_FOUND = (
    select(records.c.id, versions.c.body, versions.c.modified_at)
    .join(versions, versions.c.id == records.c.version_id)
    .where(records.c.id > bindparam("after"), records.c.lead_id.is_not(None), versions.c.state == State.LIVE.value)
    .order_by(records.c.id)
    .limit(bindparam("most"))
)


class Leads:
    """Everything about leads. Each method is one transaction, except the iterators: one per shard."""

    def __init__(self, database: Database, keeping: Keeping) -> None:
        self._database, self._keeping = database, keeping

    def link(self, links: Sequence[Link], now: datetime) -> None:
        """Say which lead each record belongs to; leads that are new begin here, leads that changed are due."""
        if links:
            with self._database.write() as connection:
                store_links(connection, links, tick(connection, now))

    def alias(self, old_key: str, new_key: str, now: datetime) -> None:
        """Two leads are one human: `old_key` means `new_key` from now on; records, history and effect keys unite."""
        with self._database.write() as connection:
            merge(connection, old_key, new_key, tick(connection, now))

    def due(self, now: datetime, policy_digest: str, roster_digest: str, size: int = 2000) -> Iterator[tuple[str, ...]]:
        """Shards of leads whose facts changed, whose next look has come, or whose policy (sales side: roster) changed."""
        return due_shards(self._database, micros(now), policy_digest, roster_digest, size)

    def ready(self, size: int = 2000) -> Iterator[tuple[str, ...]]:
        """Shards of leads that are ready for sales and wait for an owner."""
        return ready_shards(self._database, size)

    def load(
        self,
        keys: Sequence[str],
        now: datetime,
        systems: tuple[str, ...],
        sources: Mapping[str, tuple[str, ...]],
        as_of: datetime | None = None,
    ) -> list[Loaded]:
        """Prior, facts and mark in the order of `keys`; unknown keys are left out. `as_of`: the facts known then."""
        with self._database.read() as connection:
            seq = None if as_of is None else seq_at(connection, as_of)
            return load_leads(connection, self._keeping, lead_ids(connection, keys), keys, now, Order(systems, sources), seq)

    def take_as_found(self, shard: int) -> Iterator[int]:
        """Keep status and owner of every record as they stand: from now on another value is somebody's edit. Yields how many, per shard."""
        after = 0
        while True:
            with self._database.write() as connection:
                rows = connection.execute(_AS_FOUND, {"after": after, "most": shard}).all()
                values = {row.id: (loads(row.body), row.modified_at) for row in rows}
                note_found(connection, {key: {name: (says.get(name), at) for name in FOUND} for key, (says, at) in values.items()})
            if not rows:
                return
            after = rows[-1].id
            yield len(rows)

    def ambiguous(self) -> tuple[Ref, ...]:
        """Records whose links contradict each other, as far as was resolved."""
        with self._database.read() as connection:
            refs = connection.execute(select(records.c.ref).where(records.c.role == Role.AMBIGUOUS.value).order_by(records.c.id)).scalars()
            return tuple(map(Ref.parse, refs))

    def save_decisions(
        self,
        run_id: int,
        made: Sequence[Decision],
        marks: Mapping[str, Mark],
        policy_digest: str,
        roster_digest: str,
        frame_digest: str,
        now: datetime,
    ) -> None:
        """Add to the history, and keep what the lead will be as pending. The lead stays due until its plan is approved or `settle`."""
        with self._database.write() as connection:
            ids = lead_ids(connection, [decision.lead for decision in made], strict=True)
            priors = prior_texts(connection, ids.values())
            forget_looks(connection, run_id, [(ids[decision.lead], decision.unchanged) for decision in made])
            rows = [(decision, ids[decision.lead], priors[ids[decision.lead]], marks[decision.lead].seq) for decision in made]
            add_decisions(connection, Made(run_id, micros(now), policy_digest, frame_digest), rows)
            digests = (policy_digest, roster_digest)
            await_settling(connection, {ids[made_one.lead]: pending_text(made_one, marks[made_one.lead], *digests) for made_one in made})

    def settle(self, keys: Iterable[str]) -> int:
        """Put pending decisions in force for leads with nothing left to write; returns how many. The others wait for their lines."""
        with self._database.write() as connection:
            return settle(connection, set(lead_ids(connection, keys).values()))

    def open_by_owner(self) -> dict[str, int]:
        """Rep -> leads on the sales side by their settled decision; queues and nobody are left out."""
        query = select(leads.c.owner, func.count()).where(leads.c.sales, leads.c.owner != "", ~leads.c.owner.startswith("queue:"))
        with self._database.read() as connection:
            return dict(connection.execute(query.group_by(leads.c.owner).order_by(leads.c.owner)).tuples().all())

    def prior(self, keys: Iterable[str]) -> dict[str, Prior]:
        """What each lead is now; leads never settled are absent."""
        with self._database.read() as connection:
            ids = lead_ids(connection, keys)
            texts = prior_texts(connection, ids.values())
        return {key: load_prior(text) for key, lead_id in ids.items() if (text := texts[lead_id]) is not None}

    def set_prior(self, priors: Mapping[str, Prior]) -> None:
        """Say what leads are, from outside a plan (adoption, undo, reconciliation). They are due again."""
        if not priors:
            return
        with self._database.write() as connection:
            ids = lead_ids(connection, priors, strict=True)
            values = [
                {"the_id": ids[key], **{f"new_{name}": value for name, value in prior_columns(prior).items()}}
                for key, prior in priors.items()
            ]
            query = update(leads).where(leads.c.id == bindparam("the_id"))
            new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("prior", "rev", "stage", "owner")}
            connection.execute(query.values(**new, pending=None, pending_plan=None, facts_rev=leads.c.facts_rev + 1), values)

    def decision(self, lead_key: str, as_of: datetime | None = None) -> Decision | None:
        """The latest decision, or the latest at `as_of`; None before the first. Texts of effects are blank here."""
        with self._database.read() as connection:
            row = decision_row(connection, lead_ids(connection, [lead_key], strict=True)[lead_key], as_of)
        return None if row is None else load_decision(row.body)

    def moves(self, lead_key: str, limit: int = 5) -> tuple[Moved, ...]:
        """The latest decisions that changed something, newest first, and what became of each."""
        with self._database.read() as connection:
            return moves_of(connection, lead_ids(connection, [lead_key], strict=True)[lead_key], limit)

    def past(self, keys: Iterable[str]) -> dict[str, tuple[Past, ...]]:
        """Every lead's decisions that took force and changed something, oldest first; leads without one are absent."""
        with self._database.read() as connection:
            ids = lead_ids(connection, keys)
            found = past_of(connection, ids.values())
        return {key: found[lead_id] for key, lead_id in ids.items() if lead_id in found}

    def replay(
        self, lead_key: str, systems: tuple[str, ...], sources: Mapping[str, tuple[str, ...]], as_of: datetime | None = None
    ) -> Replay:
        """Everything the latest decision (at `as_of`) was made of, as it was known then. Raises Unknown when there is none."""
        with self._database.read() as connection:
            row = decision_row(connection, lead_ids(connection, [lead_key], strict=True)[lead_key], as_of)
            if row is None:
                raise Unknown(f"nothing was decided about {lead_key} yet")
            key = connection.execute(select(leads.c.key).where(leads.c.id == row.lead_id)).scalar_one()
            decided_at, order = moment(row.decided_at), Order(systems, sources)
            loaded = load_leads(connection, self._keeping, {key: row.lead_id}, [key], decided_at, order, row.seq)[0]
        prior = None if row.prior is None else load_prior(row.prior)
        return Replay(load_decision(row.body), prior, loaded.facts, decided_at, row.policy_digest, row.frame_digest, row.run_id)

    def find(self, text: str) -> tuple[str, ...]:
        """Keys of the leads that a key, a record (`system:object:id` or its bare id) or an e-mail address means."""
        words = text.strip()
        with self._database.read() as connection:
            ids = set(lead_ids(connection, [words]).values()) or found_ids(connection, words)
            keys = connection.execute(select(leads.c.key).where(leads.c.id.in_(ids)).order_by(leads.c.id)).scalars()
            return tuple(keys)

    def all_keys(self, after: str = "", limit: int = 2000) -> tuple[str, ...]:
        """Lead keys in their order after `after`, at most `limit`; empty at the end."""
        query = select(leads.c.key).where(_LIVING, leads.c.key > after).order_by(leads.c.key).limit(limit)
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def shards(self, size: int) -> Iterator[tuple[str, ...]]:
        """The keys of all leads in their order, at most `size` at once."""
        after = ""
        while keys := self.all_keys(after, size):
            yield keys
            after = keys[-1]

    def first_seen_since(self, at: datetime) -> int:
        """How many leads have no record that was created before `at`."""
        made = select(func.min(versions.c.created_at).label("first")).join(records, records.c.id == versions.c.record_id)
        made = made.join(leads, leads.c.id == records.c.lead_id).where(_LIVING, versions.c.gone_seq.is_(None)).group_by(records.c.lead_id)
        first = made.subquery()
        with self._database.read() as connection:
            query = select(func.count()).select_from(first).where(first.c.first >= micros(at))
            return int(connection.execute(query).scalar_one())

    def count(self) -> int:
        """How many leads there are."""
        return self._count(_LIVING)

    def in_scope(self) -> int:
        """How many leads are in scope by their settled decision: the base of the guard's shares."""
        return self._count(_LIVING & leads.c.in_scope)

    def _count(self, condition: ColumnElement[bool]) -> int:
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(leads).where(condition)).scalar_one())
