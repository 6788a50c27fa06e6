"""A CRM that makes its records up as they are asked for: however many leads it has, it holds one page of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from fake_crm import FakeCrm

from connectors.protocol import Change, Cursor, Fate, NewRecord, Outcome, Page, Verified
from handoff.facts import Activity, Actor, Kind, Record, Ref

OWNERS = ("ann", "bob", "cat", "zoe")
SURNAMES = ("Moreau", "Tanaka", "Okafor", "Lindgren", "Costa")


@dataclass
class MadeUpCrm(FakeCrm):
    """`people` records with a few activities each. Of what is written it remembers the last batch, which is read back next."""

    people_there: int = 0
    last: dict[Ref, Record] = field(default_factory=dict)

    def pull(self, stream: str, cursor: Cursor | None, now: object) -> Iterator[Page]:
        """Everything once; an increment brings nothing."""
        start = int(cursor.position) if cursor else 0
        for first in [*range(start, self.people_there, self.page_rows)] or [start]:
            numbers = range(first, min(first + self.page_rows, self.people_there))
            self._call(f"pull {stream}")
            done = numbers.stop if numbers else start
            yield Page(
                stream,
                tuple(self._made_up(number) for number in numbers if self._has(number)) if stream == "leads" else (),
                tuple(one for number in numbers if self._has(number) for one in self._did(number)) if stream == "activity" else (),
                (),
                Cursor(self.system, stream, "made up", str(done)),
                self.world.now if done >= self.people_there else None,
            )

    def _has(self, number: int) -> bool:
        """Every fourth person is in HubSpot alone."""
        return self.system == "hubspot" or number % 4 != 0

    def _made_up(self, number: int) -> Record:
        at = self.world.now - timedelta(days=40 + number % 50)
        fields = {
            "email": f"p{number}@company-{number}.example",
            "first_name": "Pat",
            "last_name": SURNAMES[number % len(SURNAMES)],
            "company": f"Company {number}",
            "title": "Head of Operations",
            "status": "NEW" if self.system == "hubspot" else "Open - Not Contacted",
            "owner": f"{self.system[0]}-{OWNERS[number % len(OWNERS)]}",
            "consent": "yes",
        }
        if self.system == "salesforce":
            fields["hubspot_id"] = f"h{number:07d}"
        return Record(self._ref(number), fields, at, at, self.world.now)

    def _did(self, number: int) -> Iterator[Activity]:
        """Clicks by everybody; every second person asked for a demo, at HubSpot."""
        for day in range(3):
            at = self.world.now - timedelta(days=31 + day)
            yield Activity(f"{self.system}:click:{number}:{day}", Kind.CLICK, Actor.LEAD, self._ref(number), at, at)
        if self.system == "hubspot" and number % 2 == 0:
            at = self.world.now - timedelta(days=20)
            yield Activity(f"form:{number}", Kind.FORM, Actor.LEAD, self._ref(number), at, at, subject="demo")

    def _ref(self, number: int) -> Ref:
        return Ref(self.system, self.lead_object, f"{self.system[0]}{number:07d}")

    def read(self, refs: Sequence[Ref], fields: Sequence[str]) -> Mapping[Ref, Record]:
        """As they were made up, or as they were written just now."""
        self._call("read")
        return {ref: self.last.get(ref) or self._made_up(int(ref.id[1:])) for ref in refs}

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """Takes everything."""
        self._call("write")
        self.last = {change.ref: self._written(change) for change in changes}
        self.writes += len(changes)
        return tuple(Outcome(Fate.DONE, change.ref) for change in changes)

    def _written(self, change: Change) -> Record:
        before = self._made_up(int(change.ref.id[1:]))
        fields = {name: value for name, value in {**before.fields, **change.values}.items() if value}
        return Record(change.ref, fields, before.created_at, self.world.stamp(), self.world.now)

    def verify(self, refs: Sequence[Ref], fields: Sequence[str], since: object) -> Mapping[Ref, Verified]:
        """What was written just now, and nobody else's edits."""
        self._call("verify")
        return {ref: Verified(self.last[ref]) for ref in refs}

    def create(self, records: Sequence[NewRecord]) -> tuple[Outcome, ...]:
        """Makes every record; a lead is read back next."""
        self._call("create")
        refs = [Ref(self.system, self.lead_object if new.object == "lead" else self.task_object, f"n{self._next()}") for new in records]
        at = self.world.stamp()
        self.last = {
            ref: Record(ref, {name: value for name, value in new.values.items() if value}, at, at, self.world.now)
            for ref, new in zip(refs, records, strict=True)
        }
        self.writes += len(records)
        return tuple(Outcome(Fate.DONE, ref) for ref in refs)

    def _next(self) -> int:
        self.seq += 1
        return self.seq
