"""Tells people what the plan says they are to be told, once: at once, or put together for the morning, and never in their quiet hours.

A notice is taken before it is sent. Whether one that was taken by a run that died ever arrived cannot be known, so it is not sent again:
it goes to the exceptions list. One that could not be sent waits for the next run and is listed when it is an hour late. [R79, R80, R85]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.context import Engine, Message, NoChannel, NotSent
from engine.frame import reps_now
from engine.runs import Run
from handoff.decision import EffectKind, Rep
from handoff.policy import Notice, Telling
from ledger.values import PLANNED, EffectRow

Reps = Mapping[str, Rep]
LATE = timedelta(hours=1)
OLD = timedelta(days=2)
PAGE = 500
MOST_LINES = 12
UNCERTAIN, TOO_LATE = "notice_uncertain", "notice_late"


def deliver(run: Run) -> None:
    """Sends what is due. Without a notifier (the command line) everything stays for the next scheduled run."""
    engine = run.engine
    if engine.notifier is None or run.mode != "apply" or engine.ledger.switches.paused():
        return
    reps = reps_now(engine)
    _left_by_the_dead(run)
    digests: dict[str, list[EffectRow]] = {}
    after = 0
    while rows := engine.ledger.effects.ready(EffectKind.NOTIFY, after, PAGE):
        after = rows[-1].id
        for row in rows:
            if _too_old(run, row) or not _is_time(engine, reps, row):
                continue
            if row.effect.how == "digest":
                digests.setdefault(row.effect.to, []).append(row)
            else:
                _send(run, reps, [row], row.effect.subject, row.effect.text)
    for _, rows_of_one in sorted(digests.items()):
        number = "1 lead" if len(rows_of_one) == 1 else f"{len(rows_of_one)} leads"
        _send(run, reps, rows_of_one, f"{number} for you today", digest_text(rows_of_one))


def digest_text(rows: Sequence[EffectRow]) -> str:
    """One line per notice, at most MOST_LINES, then how many more."""
    lines = [f"- {row.effect.subject}" for row in rows[:MOST_LINES]]
    return "\n".join([*lines, *([f"and {len(rows) - MOST_LINES} more"] if len(rows) > MOST_LINES else [])])


def _send(run: Run, reps: Reps, rows: Sequence[EffectRow], subject: str, text: str) -> None:
    engine = run.engine
    taken = engine.ledger.effects.take([row.id for row in rows], run.token)
    mine = [row for row in rows if row.id in taken]
    if not mine or engine.notifier is None:
        return
    to = mine[0].effect.to
    try:
        engine.notifier.send(Message(to, audience_of(to, reps), subject, text))
        state, detail = "done", ""
    except NoChannel as error:
        state, detail = "refused", str(error)
        run.add(run.counts, "unheard", len(mine))
    except NotSent as error:
        state, detail = PLANNED, str(error)
        _late(run, mine)
    run.add(run.counts, "told", len(mine) if state == "done" else 0)
    for row in mine:
        engine.ledger.effects.mark(row.effect.key, state, engine.clock(), detail=detail)


def _too_old(run: Run, row: EffectRow) -> bool:
    """What nobody could be told for as long as OLD, because no channel was there, is not poured out at once when there is one."""
    made, effects = row.effect.due_at, run.engine.ledger.effects
    if made is None or run.engine.clock() - made < OLD:
        return False
    if effects.take([row.id], run.token):
        effects.mark(row.effect.key, "refused", run.engine.clock(), detail="too old to tell")
        run.add(run.counts, "unheard")
    return True


def _late(run: Run, rows: Sequence[EffectRow]) -> None:
    for row in rows:
        made = row.effect.due_at
        if made is not None and run.engine.clock() - made >= LATE:
            run.report(row.effect.lead, TOO_LATE, f"the notice {row.effect.transition} could not be sent for an hour")


def _left_by_the_dead(run: Run) -> None:
    effects = run.engine.ledger.effects
    for row in effects.in_flight():
        if row.effect.kind is EffectKind.NOTIFY:
            effects.mark(row.effect.key, "refused", run.engine.clock(), detail="the run that sent it died")
            run.report(row.effect.lead, UNCERTAIN, f"whether the notice {row.effect.transition} arrived is not known: tell them yourself")


def audience_of(to: str, reps: Reps) -> str:
    """Which channel a notice takes: rep, manager, or the audience itself."""
    rep = reps.get(to)
    if rep is None:
        return to
    return "manager" if rep.role == "manager" else "rep"


def _is_time(engine: Engine, reps: Reps, row: EffectRow) -> bool:
    telling = engine.policy.telling
    rep = reps.get(row.effect.to)
    zone = ZoneInfo(rep.time_zone if rep is not None else engine.policy.company.time_zone)
    local = engine.clock().astimezone(zone)
    if row.effect.how == "digest":
        made = (row.effect.due_at or engine.clock()).astimezone(zone)
        return local >= _next_digest(made, telling.digest_at)
    notice = _notice(telling, row.effect.transition)
    return (notice is not None and not notice.quiet) or not is_quiet(local.time(), telling)


def _notice(telling: Telling, name: str) -> Notice | None:
    return next((notice for notice in telling.notices if notice.name == name), None)


def _next_digest(made: datetime, at: time) -> datetime:
    """The first digest after a notice was made, in the person's zone."""
    today = made.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if made <= today else today + timedelta(days=1)


def is_quiet(local: time, telling: Telling) -> bool:
    """Whether a time of day lies in the quiet hours, which may pass midnight."""
    begin, end = telling.quiet_from, telling.quiet_until
    return begin <= local < end if begin <= end else local >= begin or local < end
