"""Doctor: what must hold before the first write, walked in order per CRM.

A failed check ends that CRM's walk, because the rest would only repeat it.

Reads only. Every line says what was looked at, how it stands and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from connectors.protocol import Crm, CrmError, FieldInfo, Identity, Person, Refused
from engine.context import Engine
from engine.other_writers import OF_THE_INTEGRATION, other_writers
from engine.pull import absent_switch
from engine.records import TASKS
from engine.report import Check, Verdict

OWN_NEEDED = ("handoff_stage", "handoff_stage_since", "handoff_episode", "handoff_rev", "handoff_reason", "handoff_next_step")
READ_NEEDED = ("email", "contact_id", "status", "owner")
QUOTA_LOW = 0.2  # share of the day's requests
QUEUED = "Lead"  # a Salesforce Lead always has an owner: with marketing that is a queue, which cannot own Contacts
WRITE_SCOPES = {"hubspot": ("crm.objects.contacts.write",), "hubspot_leads": ("crm.objects.leads.write",)}
DEAL_SCOPES = {"hubspot": ("crm.objects.deals.write",)}  # needed only where the policy makes Stage 0 deals
READ_SCOPES = {"hubspot": ("crm.objects.contacts.read", "crm.objects.owners.read"), "hubspot_leads": ("crm.objects.leads.read",)}
MENDS = {
    "credentials": "make a new token or key, and put it where the settings say",
    "expired": "make a new token; this one has expired",
    "scope": "grant the missing right to the integration's user or key (docs/permissions.md lists them)",
    "wrong_account": "use this installation's token, or change the pinned id",
}


def doctor(engine: Engine) -> list[Check]:
    """Every check of every CRM, then of the policy and the ledger. Never raises for what a CRM answers: that is what a check is for."""
    checks = [check for system in engine.crms for check in _crm_checks(engine, engine.crms[system])]
    return [*checks, *_policy_checks(engine), *_ledger_checks(engine)]


def _crm_checks(engine: Engine, crm: Crm) -> list[Check]:
    walk: tuple[Callable[[Engine, Crm], Iterator[Check]], ...] = (_account, _quota, _fields, _tasks, _people, _sources, other_writers)
    found: list[Check] = []
    for step in walk:
        try:
            found += step(engine, crm)
        except CrmError as error:
            reason = error.reason if isinstance(error, Refused) else "reach"
            mend = MENDS.get(reason, "look at the message; try again when the CRM answers")
            found.append(Check(crm.system, step.__name__.strip("_").replace("_", " "), Verdict.FAIL, str(error), mend))
        if any(check.verdict is Verdict.FAIL for check in found):
            break
    return found


def _account(engine: Engine, crm: Crm) -> Iterator[Check]:
    identity = crm.identity()
    pinned = engine.settings.pinned.get(crm.system)
    bound = engine.ledger.switches.pinned().get(crm.system, identity.account_id)
    if bound != identity.account_id:
        words = f"opens {identity.account_id}, this ledger was made with {bound}"
        yield Check(crm.system, "account", Verdict.FAIL, words, "use that account's token, or start with a new ledger")
        return
    if pinned is None:
        mend = f"pin account {identity.account_id} in the settings, so that another token can never write"
        yield Check(crm.system, "account", Verdict.WARN, f"{identity.account_id} ({identity.kind}) is not pinned", mend)
    elif pinned != identity.account_id:
        yield Check(crm.system, "account", Verdict.FAIL, f"opens {identity.account_id}, pinned is {pinned}", MENDS["wrong_account"])
        return
    else:
        yield Check(crm.system, "account", Verdict.OK, f"{identity.account_id} ({identity.kind}, {identity.time_zone})")
    if identity.kind == "production" and crm.system not in engine.settings.production:
        yield Check(crm.system, "account kind", Verdict.FAIL, "this is a production account", "allow it by name in the settings")
    yield from _scopes(engine, identity)


def _scopes(engine: Engine, identity: Identity) -> Iterator[Check]:
    needed = [*READ_SCOPES.get(identity.system, ())]
    if engine.settings.writes == "on":
        needed += WRITE_SCOPES.get(identity.system, ())
        needed += DEAL_SCOPES.get(identity.system, ()) if engine.policy.opportunity.create else ()
    if not identity.scopes:
        yield Check(identity.system, "scopes", Verdict.OK, "the CRM does not list them; the field checks below show what is granted")
        return
    missing = [scope for scope in needed if scope not in identity.scopes]
    if missing:
        yield Check(identity.system, "scopes", Verdict.FAIL, f"missing {', '.join(missing)}", MENDS["scope"])
    else:
        yield Check(identity.system, "scopes", Verdict.OK, f"{len(identity.scopes)} granted, the {len(needed)} needed among them")


def _quota(_engine: Engine, crm: Crm) -> Iterator[Check]:
    """What is left of the day's requests, which all of the account's tools share."""
    left = crm.quota_left()
    if left is None:
        yield Check(crm.system, "quota", Verdict.OK, "the CRM does not say how many requests are left today")
    elif left < QUOTA_LOW:
        mend = "find the tool that uses them up, or wait for the next day: a run that reaches the limit stops half way"
        yield Check(crm.system, "quota", Verdict.WARN, f"{left:.0%} of the day's requests are left", mend)
    else:
        yield Check(crm.system, "quota", Verdict.OK, f"{left:.0%} of the day's requests are left")


def _fields(engine: Engine, crm: Crm) -> Iterator[Check]:
    fields = crm.fields(engine.policy.carriers[crm.system])
    usual = [name for name in fields if not name.startswith("handoff_") and name not in OF_THE_INTEGRATION]
    absent = {name: fields[name].vendor_name for name in usual if not fields[name].exists}
    if absent:
        needed = any(name in READ_NEEDED for name in absent)
        words = f"not there or not readable: {', '.join(sorted(absent.values()))}"
        mend = (
            "correct mappings/, or grant read access"
            if needed
            else "nothing to do where it is not used; else correct mappings/, or grant access"
        )
        yield Check(crm.system, "fields", Verdict.FAIL if needed else Verdict.WARN, words, mend)
    else:
        yield Check(crm.system, "fields", Verdict.OK, f"{len(fields)} mapped fields are readable")
    yield from _own_fields(engine, crm, fields)
    yield from _options(engine, crm, fields)
    yield from _history(crm, fields)


def _own_fields(engine: Engine, crm: Crm, fields: Mapping[str, FieldInfo]) -> Iterator[Check]:
    missing = [name for name in OWN_NEEDED if name not in fields or not fields[name].exists]
    locked = [name for name in ("status", "owner", *OWN_NEEDED) if name in fields and fields[name].exists and not fields[name].writable]
    bad = Verdict.FAIL if engine.settings.writes == "on" else Verdict.WARN
    if missing:
        yield Check(crm.system, "own fields", bad, f"missing: {', '.join(missing)}", "run handoff setup with an admin's credentials")
    else:
        yield Check(crm.system, "own fields", Verdict.OK, "all there")
    if locked:
        yield Check(crm.system, "write access", bad, f"read-only for us: {', '.join(locked)}", MENDS["scope"])


def _options(engine: Engine, crm: Crm, fields: Mapping[str, FieldInfo]) -> Iterator[Check]:
    status = fields.get("status")
    options = set(status.options) if status else set()
    if not options:
        return
    meanings = engine.policy.statuses.get(crm.system, {})
    unmapped = sorted(options - set(meanings))
    projected = {s.project.get(crm.system, {}).get("status", "") for s in engine.policy.stages.values()} - {""}
    if absent := sorted(projected - options):
        yield Check(
            crm.system, "options", Verdict.FAIL, f"the policy writes statuses that do not exist: {', '.join(absent)}", "correct stages.yaml"
        )
    elif unmapped:
        mend = "give each a meaning in mappings/; until then a lead in one of them is held and reported"
        yield Check(crm.system, "options", Verdict.WARN, f"no meaning for: {', '.join(unmapped)}", mend)
    else:
        yield Check(crm.system, "options", Verdict.OK, f"{len(options)} statuses, each with a meaning")


def _history(crm: Crm, fields: Mapping[str, FieldInfo]) -> Iterator[Check]:
    untracked = [name for name in ("status", "owner") if name in fields and not fields[name].tracked]
    if untracked:
        mend = "switch field history on; without it an edit that falls inside one of our writes cannot be told"
        yield Check(crm.system, "history", Verdict.WARN, f"no history of {', '.join(untracked)}", mend)
    else:
        yield Check(crm.system, "history", Verdict.OK, "status and owner are tracked")


def _tasks(_engine: Engine, crm: Crm) -> Iterator[Check]:
    if crm.system not in TASKS:
        return  # they are made where the person's record is
    key = crm.fields(TASKS[crm.system]).get("handoff_key")
    if key is None or not key.exists:
        mend = "run handoff setup; until then a task is found again by a marker in its text"
        yield Check(crm.system, "tasks", Verdict.WARN, "the key field of tasks is missing", mend)
    elif not key.unique:
        yield Check(
            crm.system, "tasks", Verdict.WARN, "the key field of tasks is not unique", "a task is looked up by its key before it is made"
        )
    else:
        yield Check(crm.system, "tasks", Verdict.OK, "tasks carry a unique key")


def _people(engine: Engine, crm: Crm) -> Iterator[Check]:
    people = crm.people()
    active = {person.key for person in people if person.active and person.type == "person"}
    queues = {person.name for person in people if person.type == "queue"}
    yield Check(crm.system, "people", Verdict.OK if active else Verdict.FAIL, f"{len(active)} active, {len(people) - len(active)} others")
    named = {key for pool in engine.policy.pools.values() for key in pool.keys}
    if gone := sorted(named & {person.key for person in people} - active):
        yield Check(crm.system, "pools", Verdict.WARN, f"{len(gone)} pool members no longer work here", "take them out of the pools")
    if engine.policy.carriers[crm.system] == QUEUED and engine.policy.nurture_queue not in queues:
        mend = f"make a lead queue named {engine.policy.nurture_queue}, or name an existing one in the policy"
        yield Check(crm.system, "queue", Verdict.FAIL, f"no queue {engine.policy.nurture_queue}", mend)
    yield from _time_zones(crm.system, people)


def _time_zones(system: str, people: tuple[Person, ...]) -> Iterator[Check]:
    unknown = sum(1 for person in people if person.active and person.type == "person" and not person.time_zone)
    if unknown:
        yield Check(
            system, "time zones", Verdict.WARN, f"{unknown} active people have none", "the company's own time zone is used for them"
        )


def _sources(_engine: Engine, crm: Crm) -> Iterator[Check]:
    """Whether every object that is pulled is there and may be read. An object that is not there is a state of its own, never silence."""
    objects = tuple(dict.fromkeys(stream.partition(".")[0] for stream in crm.streams()))
    absent: list[str] = []
    for object_name in objects:
        try:
            crm.fields(object_name)
        except Refused as refusal:
            if refusal.reason != "object":
                raise
            absent.append(object_name)
    if absent:
        mend = "nothing to do where the company does not use them; else grant read access"
        yield Check(crm.system, "sources", Verdict.WARN, f"not there or not readable: {', '.join(absent)}", mend)
    else:
        yield Check(crm.system, "sources", Verdict.OK, f"all {len(objects)} objects are readable")


def _policy_checks(engine: Engine) -> Iterator[Check]:
    teams = {approval.team for approval in engine.policy.approvals}
    missing = sorted({"sales", "marketing"} - teams)
    title = f"{engine.policy.name} {engine.policy.version} {engine.policy.digest[:7]}"
    if missing:
        yield Check(
            "policy", "approval", Verdict.WARN, f"{title} is not signed by {' and '.join(missing)}", "let both teams read and sign it"
        )
    else:
        yield Check("policy", "approval", Verdict.OK, f"{title} is signed by both teams")


def _ledger_checks(engine: Engine) -> Iterator[Check]:
    for crm in engine.crms.values():
        yield _coverage(engine, crm)
    writes = engine.settings.writes
    yield Check("settings", "writes", Verdict.OK, f"writes are {writes}" + ("" if writes == "on" else ": runs plan and write nothing"))


def _coverage(engine: Engine, crm: Crm) -> Check:
    """How far each stream was read; `silence.sources` may name one that this CRM does not have, which is never covered."""
    lag = timedelta(hours=engine.policy.silence.max_lag_hours)
    needed = engine.policy.silence.sources.get(crm.system, ())
    covered = engine.ledger.facts.coverage()
    absent = {stream for stream in crm.streams() if engine.ledger.switches.get(absent_switch(crm.system, stream))}
    asked = dict.fromkeys((*(stream for stream in crm.streams() if stream not in absent), *needed))
    streams = {stream: covered.get(f"{crm.system}:{stream}") for stream in asked}
    late = [_until(stream, at) for stream, at in streams.items() if at is None or at < engine.clock() - lag]
    if late:
        mend = "run handoff look or a sync; until it is covered nobody is called silent"
        if unread := [stream for stream in needed if stream in absent]:
            mend = f"grant read access to {', '.join(unread)}, or take it out of silence.sources in sweep.yaml"
        return Check(crm.system, "coverage", Verdict.WARN, f"not covered for {lag}: {', '.join(late)}", mend)
    oldest = min((at, stream) for stream, at in streams.items() if at is not None)
    return Check(crm.system, "coverage", Verdict.OK, f"all {len(streams)} streams; the least far is {_until(oldest[1], oldest[0])}")


def _until(stream: str, at: datetime | None) -> str:
    return f"{stream} (never)" if at is None else f"{stream} ({at:%Y-%m-%d %H:%M} UTC)"


def failed(checks: list[Check]) -> bool:
    """Whether anything must be mended before a write."""
    return any(check.verdict is Verdict.FAIL for check in checks)
