"""Lead keys: which row a key means, after merges too; which records belong to a lead; how two leads become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, func, select, update

from ledger.bulk import insert_rows, update_rows
from ledger.codec import load_prior
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.schema import creations, decisions, effects, leads, lines, links, people, records
from ledger.settling import prior_columns
from ledger.values import PLANNED, LineState, Link, Unknown
from ledger.versions import ensure_ids, raise_marks

_MEANT = select(leads.c.key, func.coalesce(leads.c.merged_into, leads.c.id)).where(among(leads.c.key, "keys"))
_STANDS = select(records.c.id, records.c.lead_id, records.c.role).where(among(records.c.id, "ids"))
_UNLINKED = update(links).where(among(links.c.record_id, "ids"), links.c.gone_seq.is_(None)).values(gone_seq=bindparam("the_seq"))

_GONE = {
    **dict.fromkeys(("next_look_at", "policy_digest", "roster_digest", "prior", "pending", "pending_plan")),
    **dict.fromkeys(("sales", "ready", "in_scope"), False),
}
"""What a lead's row says once the lead has become another: nothing of it is due or waits."""


def lead_ids(connection: Connection, keys: Iterable[str], *, strict: bool = False) -> dict[str, int]:
    """Key -> row id; a key that was merged away means the lead it went to. Unknown keys are absent, or raise Unknown when `strict`."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, int] = {}
    for part in in_chunks(wanted):
        found.update(connection.execute(_MEANT, {"keys": part}).tuples().all())
    if strict and len(found) < len(wanted):
        missing = next(key for key in wanted if key not in found)
        raise Unknown(f"there is no lead {missing} in this ledger; pull first, or find it by e-mail or record id")
    return found


def ensure_leads(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """As `lead_ids`; keys never seen become leads."""
    wanted = list(dict.fromkeys(keys))
    found = lead_ids(connection, wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        insert_rows(connection, leads, ("key",), [(key,) for key in missing])
        found |= lead_ids(connection, missing)
    return found


def store_links(connection: Connection, wanted: Sequence[Link], seq: int) -> None:
    """Say which lead each record belongs to from now on; both the old and the new lead are due."""
    targets = ensure_leads(connection, [link.lead for link in wanted])
    ids = ensure_ids(connection, [str(link.ref) for link in wanted])
    stands = {row.id: row for part in in_chunks(ids.values()) for row in connection.execute(_STANDS, {"ids": part}).all()}
    new: dict[int, tuple[int, str]] = {}
    moved: set[int] = set()
    for link in wanted:
        row, target = stands[ids[str(link.ref)]], (targets[link.lead], str(link.role))
        if (row.lead_id, row.role) != target:
            new[row.id] = target
            moved |= {target[0]} if row.lead_id is None else {row.lead_id, target[0]}
    _relink(connection, new, seq, over=[record_id for record_id in new if stands[record_id].lead_id is not None])
    raise_marks(connection, moved)


def _relink(connection: Connection, new: Mapping[int, tuple[int, str]], seq: int, over: Iterable[int]) -> None:
    """`new` is record id -> (lead id, role); `over` are those among them that belonged to a lead before."""
    for part in in_chunks(over):
        connection.execute(_UNLINKED, {"ids": part, "the_seq": seq})
    names = ("record_id", "lead_id", "role", "known_seq")
    insert_rows(connection, links, names, [(record_id, lead, role, seq) for record_id, (lead, role) in new.items()])
    update_rows(connection, records, ("lead_id", "role"), ("id",), [(lead, role, record_id) for record_id, (lead, role) in new.items()])


def merge(connection: Connection, old_key: str, new_key: str, seq: int) -> None:
    """`old_key` means `new_key` from now on: records, effect keys, history and personal values unite; open lines of the old are void."""
    ids = ensure_leads(connection, [old_key, new_key])
    old, new = ids[old_key], ids[new_key]
    if old == new:
        return
    moved = connection.execute(select(records.c.id, records.c.role).where(records.c.lead_id == old)).all()
    _relink(connection, {row.id: (new, row.role) for row in moved}, seq, over=[row.id for row in moved])
    _unite_effects(connection, old, new)
    _withdraw(connection, old)
    _unite_priors(connection, old, new)
    for table in (decisions, people, lines, creations):
        connection.execute(update(table).where(table.c.lead_id == old).values(lead_id=new))
    connection.execute(update(leads).where(leads.c.merged_into == old).values(merged_into=new))
    connection.execute(update(leads).where(leads.c.id == old).values(merged_into=new, decided_rev=leads.c.facts_rev, **_GONE))
    raise_marks(connection, [new])


def _unite_effects(connection: Connection, old: int, new: int) -> None:
    """A key done for either lead is done for both: of two rows with one key, the one that was only planned goes."""
    rows = connection.execute(select(effects).where(effects.c.lead_id.in_([old, new]))).all()
    taken = {(row.kind, row.transition, row.episode): row for row in rows if row.lead_id == new}
    moved, dropped = [], []
    for row in rows:
        twin = taken.get((row.kind, row.transition, row.episode))
        if row.lead_id == new:
            continue
        if twin is None:
            moved.append(row.id)
        elif row.state == PLANNED:
            dropped.append(row.id)
        elif twin.state == PLANNED:
            dropped.append(twin.id)
            moved.append(row.id)
    connection.execute(delete(effects).where(effects.c.id.in_(dropped)))
    connection.execute(update(effects).where(effects.c.id.in_(moved)).values(lead_id=new))


def _withdraw(connection: Connection, lead_id: int) -> None:
    waiting = (LineState.PROPOSED, LineState.OPEN)
    for table in (lines, creations):
        query = update(table).where(table.c.lead_id == lead_id, table.c.state.in_(waiting))
        connection.execute(query.values(state=LineState.SUPERSEDED))


def _unite_priors(connection: Connection, old: int, new: int) -> None:
    """The surviving lead keeps its stage; its episode and revision continue after the higher of the two, and what people did with either
    counts: who declined it or let it lapse does not get it again.
    """
    query = select(leads.c.id, leads.c.prior).where(leads.c.id.in_([old, new]))
    texts = {row.id: row.prior for row in connection.execute(query)}
    if texts[old] is None:
        return
    prior, kept = load_prior(texts[old]), texts[new]
    if kept is not None:
        survivor = load_prior(kept)
        larger = {name: max(getattr(prior, name), getattr(survivor, name)) for name in ("episode", "rev", "reroutes", "keeps")}
        prior = survivor._replace(tried=tuple(dict.fromkeys((*survivor.tried, *prior.tried))), **larger)
    connection.execute(update(leads).where(leads.c.id == new).values(prior_columns(prior)))
