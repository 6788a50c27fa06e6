"""A week of Company A in the sandbox, with the product at work in it: people act, runs decide and write, and everything said is kept."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import requests
from test_doctor_sandbox import ROOT, Stage

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine
from engine.doctor import doctor
from engine.explain import explain
from engine.look import look
from engine.setup import setup
from engine.sweep import sweep
from engine.sync import sync
from handoff.facts import Ref

LEADS = 200  # the smallest world there is
DAYS = 6
HOUR = 3600


@dataclass(frozen=True)
class Human:
    """Personal values that are typed into both CRMs and are found nowhere else."""

    first: str
    last: str
    email: str
    phone: str
    title: str = "Vice President Bathyscaphes"

    @property
    def values(self) -> tuple[str, ...]:
        """What must not be said, however it is written."""
        return self.first, self.last, self.email, self.phone, "".join(sign for sign in self.phone if sign.isdigit())[-9:], self.title


HUMANS = (
    Human("Xanthippe", "Vanderquux", "xanthippe.vanderquux@quuxmail.example", "+34 600 987 654"),
    Human("Zbigniewa", "Oglethorpe", "z.oglethorpe@ogle.example", "+48 601 234 987"),
    Human("Thelonius", "Brambleby", "tb@brambleby.example", "(415) 555-0187"),
)


@dataclass
class Life:
    """One Company A, its ledger in `folder`, and everything that was said: logs, printed words, summaries, explanations, failures."""

    stage: Stage
    folder: Path
    said: StringIO = field(default_factory=StringIO)
    humans: dict[str, tuple[Ref, Ref]] = field(default_factory=dict)
    after_run: list[Callable[[Engine], None]] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.db"

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """The control plane."""
        reply = requests.post(f"{self.stage.url}/_sandbox/{path}", json=body, timeout=60)
        assert reply.ok, reply.text
        made: dict[str, Any] = reply.json()
        return made

    def passes(self, hours: float) -> None:
        """The business clock moves; marketing mails and the company's other automation writes."""
        self.post("clock", advance_seconds=hours * HOUR)

    def run(self, verb: Callable[[Engine], Any]) -> Any:
        """One verb of a new process; whatever it says, and what it fails with, is kept."""
        with self.stage.engine(self.folder) as engine, self.listening():
            try:
                made = verb(engine)
            except Exception as error:
                self.say(f"{error!r} {error}")
                raise
            self.say(*(made.lines() if hasattr(made, "lines") else [repr(made)]))
            self.say(repr(made))
            for look_on in self.after_run:
                look_on(engine)
            return made

    def say(self, *words: str) -> None:
        """Keeps words."""
        self.said.write("\n".join(words) + "\n")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Every printed word, and every log record of every library, down to the least whatever level it set itself. SQLAlchemy alone is
        left as it is: further down it says every row, by design.
        """
        handler, root = logging.StreamHandler(self.said), logging.getLogger()
        loggers = (one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger))
        known = [root, *(one for one in loggers if not one.name.startswith("sqlalchemy"))]
        before = [(one, one.level) for one in known]
        database = logging.getLogger("sqlalchemy")
        before.append((database, database.level))
        database.setLevel(logging.WARNING)
        root.addHandler(handler)
        for one in known:
            one.setLevel(logging.DEBUG)
        try:
            with redirect_stdout(self.said), redirect_stderr(self.said):
                yield
        finally:
            for one, level in before:
                one.setLevel(level)
            root.removeHandler(handler)


@contextmanager
def company_a(folder: Path) -> Iterator[Life]:
    """A sandbox process of its own with the product's fields made in it."""
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "7", "--leads", str(LEADS), "--ready-file", str(ready), "--die-with-parent"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            while not ready.exists():
                assert process.poll() is None, "the sandbox did not start"
                time.sleep(0.05)
            url = json.loads(ready.read_text())["url"]
            life = Life(Stage(url, requests.get(f"{url}/_sandbox/manifest", timeout=30).json()), folder)
            wide = {"hubspot.ten_secondly": 100_000, "hubspot.searches_per_second": 100_000}
            requests.put(f"{url}/_sandbox/limits", json=wide, timeout=30).raise_for_status()
            with life.stage.engine(folder) as engine, life.stage.engine(folder / "..", role="admin") as admin:
                setup(engine, admin.crms, apply=True)
            yield life
        finally:
            process.terminate()


def lived(life: Life) -> None:
    """The look, the adoption and a working week: forms, clicks, calls, edits, declines, a refusal and an outage in between."""
    life.run(look)
    _plant(life)
    made = life.run(adopt)
    life.passes(0.5)
    _meets_trouble(life)
    for _ in range(2):  # the first time both CRMs refuse
        life.run(lambda engine: apply_plan(engine, made.plan_id, "revops@acme.example"))
    for day in range(DAYS):
        life.passes(20)
        _day(life, day)
        life.run((lambda engine: sweep(engine, "apply")) if day % 3 == 2 else (lambda engine: sync(engine, "apply")))
        life.passes(3.5)
    life.run(lambda engine: [check.line() for check in doctor(engine)])
    life.run(_told_of_everybody)


def _plant(life: Life) -> None:
    """Three leads that stand in both CRMs get a human's values, typed by a colleague."""
    with life.stage.engine(life.folder) as engine:
        pairs = _in_both(engine)
    assert len(pairs) >= len(HUMANS)
    rep = life.stage.manifest["people"][0]["email"]
    for human, (contact, lead) in zip(HUMANS, pairs, strict=False):
        life.humans[human.email] = (contact, lead)
        hubspot = {"firstname": human.first, "lastname": human.last, "email": human.email, "phone": human.phone, "jobtitle": human.title}
        salesforce = {"FirstName": human.first, "LastName": human.last, "Email": human.email, "Phone": human.phone, "Title": human.title}
        life.post("act/rep", vendor="hubspot", object="contacts", id=contact.id, rep=rep, action="edit", fields=hubspot)
        life.post("act/rep", vendor="salesforce", object="Lead", id=lead.id, rep=rep, action="edit", fields=salesforce)


def _in_both(engine: Engine) -> list[tuple[Ref, Ref]]:
    """(contact, Salesforce Lead) of leads in scope, in the order of their keys."""
    found = []
    for one in engine.ledger.leads.load(engine.ledger.leads.all_keys(), engine.clock(), engine.policy.systems, engine.policy.sources):
        live = [record.ref for record in one.facts.records if record.state.value == "live"]
        contact = next((ref for ref in live if ref.object == "contacts"), None)
        lead = next((ref for ref in live if ref.object == "Lead"), None)
        if contact is not None and lead is not None and len(live) == 2:
            found.append((contact, lead))
    return found


def _day(life: Life, day: int) -> None:
    """What people do between two runs. The three humans are always among them."""
    rep = life.stage.manifest["people"][0]["email"]
    human = HUMANS[day % len(HUMANS)]
    contact, lead = life.humans[human.email]
    greeting = f"{human.first} {human.last} <{human.email}>, {human.phone}"
    life.post("act/lead", vendor="hubspot", id=contact.id, action="form", form="demo", message=greeting)
    life.post("act/lead", vendor="hubspot", id=contact.id, action="reply", text=greeting, subject=f"Re: {human.first}")
    life.passes(0.2)
    life.post("act/rep", vendor="salesforce", object="Lead", id=lead.id, rep=rep, action="log_call", outcome="connected", text=greeting)
    if day == 1:
        life.post("act/rep", vendor="salesforce", object="Lead", id=lead.id, rep=rep, action="decline", reason="Bad timing")
    if day == 3:
        life.post("act/rep", vendor="hubspot", object="contacts", id=contact.id, rep=rep, action="edit", fields={"hs_lead_status": "OPEN"})
    if day == 4:
        life.post("act/lead", vendor="hubspot", id=contact.id, action="opt_out")


def _meets_trouble(life: Life) -> None:
    """Both CRMs refuse the next write in their own words, which quote people who are written: a rule of the company's, a value refused."""
    quoted = "; ".join(f"{human.first} {human.last} <{human.email}> {human.phone}" for human in HUMANS)
    rule = json.dumps([{"message": f"Region required for {quoted}", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION"}])
    life.post("faults", vendor="salesforce", method="PATCH", path="*/composite/sobjects*", action="status", status=400, body=rule)
    told = json.dumps({"status": "error", "category": "VALIDATION_ERROR", "message": f"Property values were not valid: {quoted}"})
    life.post("faults", vendor="hubspot", method="POST", path="*/contacts/batch/update", action="status", status=400, body=told)


def _told_of_everybody(engine: Engine) -> list[str]:
    """The explanation of every lead, and the list of exceptions."""
    listed = [f"{row.subject} {row.reason} {row.detail}" for row in engine.ledger.exceptions.open_exceptions()]
    return [*(explain(engine, key) for key in engine.ledger.leads.all_keys()), *listed]
