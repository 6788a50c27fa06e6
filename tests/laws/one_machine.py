"""One of two machines: `one_machine.py FOLDER PAGE_ROWS SHARD_SIZE` lives a fortnight of a made-up company and prints what it decided.

Printed is JSON: decision -> digest, and what people then see in the CRMs. Hash seed, time zone and language come with the process.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import replace
from pathlib import Path

from engine_worlds import REPS, Place, place
from replaying import stored

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.sweep import sweep
from engine.sync import sync
from handoff.digest import digest
from handoff.facts import Actor, Kind, Ref

PEOPLE = 24
DAYS = 14
STATUSES = {
    "salesforce": ("Open - Not Contacted", "Working - Contacted", "Nurture", "Closed - Not Converted"),
    "hubspot": ("NEW", "OPEN", "IN_PROGRESS", "UNQUALIFIED"),
}
TITLES = ("VP Sales", "Head of Operations", "Intern", "Directeur Général", "İşletme Müdürü")


def main(folder: Path, page_rows: int, shard_size: int) -> None:
    """The same company whatever the machine: chance is drawn by a fixed seed."""
    company, chance = place(folder), random.Random(7)
    company.settings = replace(company.settings, shard_size=shard_size)
    for crm in company.crms.values():
        crm.page_rows = page_rows
    refs = [_somebody(company, number, chance) for number in range(PEOPLE)]
    made = adopt(company.engine)
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    for day in range(DAYS):
        company.world.advance(hours=24)
        for ref in chance.sample(refs, 3):
            _acts(company, ref, chance)
        (sweep if day % 4 == 3 else sync)(company.engine, "apply")
    decisions = {f"{one.lead} in run {one.run}": digest(json.loads(one.body)) for one in stored(company.engine)}
    sys.stdout.write(json.dumps({"decisions": decisions, "frames": sorted({one.frame for one in stored(company.engine)})}))


def _somebody(company: Place, number: int, chance: random.Random) -> Ref:
    fields = {
        "title": chance.choice(TITLES),
        "employees": str(chance.choice((12, 240, 5000))),
        "country": chance.choice(("Spain", "Türkiye", "US", "Österreich")),
        "consent": "yes",
    }
    old, owner = chance.randint(0, 120), chance.choice((*REPS[:3], "zoe"))
    status = {system: names[chance.randrange(len(names))] for system, names in STATUSES.items()}
    name = f"p{number:02d}"
    ref = company.contact(name, days_old=old, owner=f"h-{owner}", status=status["hubspot"], **fields)
    if number % 3:
        company.lead(name, days_old=old, owner=f"s-{owner}", status=status["salesforce"], **fields)
    for days in {chance.randint(0, 60) for _ in range(3)}:
        if days <= old:
            chance.choice((company.asks, company.calls, company.sends))(ref, days)
    return ref


def _acts(company: Place, ref: Ref, chance: random.Random) -> None:
    what = chance.randrange(5)
    if what == 0:
        company.asks(ref)
    elif what == 1:
        company.calls(ref, outcome=chance.choice(("connected", "no answer")))
    elif what == 2:
        company.hubspot.act(ref, Kind.CLICK, Actor.LEAD, at=company.world.now)
    elif what == 3:
        company.hubspot.edit(ref, {"owner": f"h-{chance.choice(REPS)}"})
    else:
        company.sends(ref)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
