"""Sources that suddenly bring far too many leads: stopped when it happens, reported once, let go on by a person.

A day is a date of the company. A source is stopped when today has brought more than so many times the median of the 28 days before, and
more than a least number (scope.yaml, surge). The switch stays on after midnight: an attack that pauses at night is still one.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from statistics import median_low
from zoneinfo import ZoneInfo

from engine.context import Engine, NotApplicable
from engine.runs import Run

STOPPED, RESUMED = "stopped_sources", "resumed_sources"
USUAL_DAYS = 28


def stopped_sources(engine: Engine) -> tuple[str, ...]:
    """Sources that are stopped now, case-folded and sorted."""
    return tuple(sorted(_kept(engine, STOPPED)))


def note_surges(run: Run) -> None:
    """Stops what surges today. Each source is reported once, when it is stopped."""
    engine = run.engine
    stopped, today = _kept(engine, STOPPED), _today(engine)
    resumed = {name for name, day in _kept(engine, RESUMED).items() if date.fromisoformat(day) > today - timedelta(days=USUAL_DAYS)}
    for source, (number, usual) in sorted(surging(engine).items()):
        if source in stopped or source in resumed:
            continue
        stopped[source] = today.isoformat()
        engine.ledger.switches.set(STOPPED, stopped)
        told = f"{number:,} leads today, {usual:,} on a usual day; handoff sources resume '{source}' lets it go on"
        run.report(f"source {source}", "source_surged", told)
        run.needs_you.append(f"source {source} is stopped: {told}")


def surging(engine: Engine) -> dict[str, tuple[int, int]]:
    """Source -> (leads created today, the median day of the 28 before), for sources beyond the policy's bound."""
    intake, zone, today = engine.policy.intake, ZoneInfo(engine.policy.company.time_zone), _today(engine)
    if sum(1 for _ in engine.ledger.accounts.arrivals(datetime.combine(today, time.min, zone))) <= intake.surge_least:
        return {}
    days: dict[str, dict[date, set[int]]] = defaultdict(lambda: defaultdict(set))
    for lead, created, source in engine.ledger.accounts.arrivals(datetime.combine(today - timedelta(days=USUAL_DAYS), time.min, zone)):
        days[source.casefold()][created.astimezone(zone).date()].add(lead)
    found: dict[str, tuple[int, int]] = {}
    for source, counted in days.items():
        usual = median_low([len(counted.get(today - timedelta(days=back), ())) for back in range(1, USUAL_DAYS + 1)])
        number = len(counted.get(today, ()))
        if number > max(intake.surge_times * usual, intake.surge_least):
            found[source] = (number, usual)
    return found


def resume_source(engine: Engine, name: str) -> None:
    """Lets a stopped source go on; for 28 days it is not stopped again, for so long its usual day takes to follow. Raises NotApplicable."""
    stopped, source = _kept(engine, STOPPED), name.strip().casefold()
    if source not in stopped:
        raise NotApplicable(f"source '{name}' is not stopped; stopped are: {', '.join(sorted(stopped)) or 'none'}")
    del stopped[source]
    engine.ledger.switches.set(STOPPED, stopped)
    engine.ledger.switches.set(RESUMED, {**_kept(engine, RESUMED), source: _today(engine).isoformat()})
    engine.ledger.exceptions.resolve_missing(0, [f"source {source}"], engine.clock())


def _kept(engine: Engine, switch: str) -> dict[str, str]:
    kept = engine.ledger.switches.get(switch)
    return {str(name): str(day) for name, day in kept.items()} if isinstance(kept, dict) else {}


def _today(engine: Engine) -> date:
    return engine.clock().astimezone(ZoneInfo(engine.policy.company.time_zone)).date()
