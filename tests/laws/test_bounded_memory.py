"""Law 11: memory does not grow with the number of leads, from the first pull to the last task.

Measured is what Python allocates (tracemalloc), while the same engine in one thread works through a small company and one four times as
large. The CRMs make their records up as they are asked for, so that whatever grows is the engine's or the ledger's.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from engine_worlds import Place, place
from made_up_crm import MadeUpCrm

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.bounds import Rows
from engine.pull import pull
from engine.resolve import resolve
from engine.sync import sync

SMALL, LARGE = 100, 400
SHARD = 25
"""Leads in memory at once: both companies fill a shard, a page and a batch several times."""
KEPT_PER_LEAD = 1000
"""Bytes of growth per added lead. What is measured is what caches take until they are warm; between 800 and 3,200 leads it is below 110.

One decision with its trace takes about 4,000, the facts of one lead more.
"""


@contextmanager
def company(leads: int) -> Iterator[Place]:
    """Both CRMs with `leads` people; half of them asked for a demo, a quarter has no Salesforce record."""
    with tempfile.TemporaryDirectory() as folder:
        made = place(Path(folder))
        for system, crm in made.crms.items():
            made.crms[system] = MadeUpCrm(system, made.world, crm.staff, page_rows=SHARD, batch_rows=SHARD, people_there=leads)
        made.settings = replace(made.settings, shard_size=SHARD)
        yield made
        made.ledger.close()


def peak_of(work: Callable[[], object]) -> int:
    """Bytes allocated at most while `work` ran, over what was there before."""
    gc.collect()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    work()
    return tracemalloc.get_traced_memory()[1] - before


def peaks(leads: int) -> dict[str, int]:
    """Peak of every verb in the life of a company."""
    with company(leads) as there:
        found = {"pull": peak_of(lambda: pull(there.engine, Rows()))}
        found["resolve"] = peak_of(lambda: resolve(there.engine))
        found["adopt"] = peak_of(lambda: adopt(there.engine))
        found["sync while the plan waits"] = peak_of(lambda: sync(there.engine, "apply"))
        plan = there.ledger.outbox.plan(*there.ledger.outbox.plans_of(1))
        found["approve"] = peak_of(lambda: there.ledger.outbox.approve(plan.id, "me", plan.digest, there.world.now))
        found["apply"] = peak_of(lambda: apply_plan(there.engine, plan.id, "me"))
        found["sync"] = peak_of(lambda: sync(there.engine, "apply"))
        assert there.ledger.leads.count() == leads
        assert all(crm.writes >= leads // 2 for crm in there.crms.values())
    return found


def told() -> None:
    """Prints both companies' peaks. The larger one runs once before anything is measured: compiled queries, templates and bounded caches
    are kept for good, and they fill with what comes first."""
    peaks(LARGE)
    tracemalloc.start()
    print(json.dumps([peaks(SMALL), peaks(LARGE)]))  # noqa: T201 - read by the test


@pytest.fixture(scope="module")
def measured() -> tuple[dict[str, int], dict[str, int]]:
    """In a process of its own: what other tests leave behind decides what is garbage and when Python collects it."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, __file__], env=env, capture_output=True, text=True, check=True)
    small, large = json.loads(done.stdout)
    return small, large


def test_law_11_memory_stays_level_as_leads_are_added(measured: tuple[dict[str, int], dict[str, int]]) -> None:
    small, large = measured
    growth = {verb: (large[verb] - small[verb]) // (LARGE - SMALL) for verb in small}
    assert {verb: per_lead for verb, per_lead in growth.items() if per_lead > KEPT_PER_LEAD} == {}, growth


if __name__ == "__main__":
    told()
