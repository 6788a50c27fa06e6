"""Overlays: only what differs is written down; the rest comes from the policy below, and a mistake is named where it stands."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from cli.policy_verbs import check
from cli.sandbox_control import Sandbox, environment
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.look import look
from engine.report import Status
from engine.sync import sync
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.facts import Kind, LeadFacts
from mappings.cases import PolicyCase, load_cases, play
from mappings.load import SHIPPED, load_policy
from runtime.open import open_engine
from runtime.settings import Settings
from tests.handoff.makers import NOW, activity, decided, form, lead, prior, record
from tests.handoff.shipped import settle
from tests.mappings.policy_folder import problems_of

OVERLAYS = SHIPPED / "overlays"
NAMES = tuple(sorted(folder.name for folder in OVERLAYS.iterdir() if (folder / "policy.yaml").exists()))
ROOT = SHIPPED.parent
OWN = """extends: {base}
name: Ours
version: 1
approvals:
  - {{team: sales, by: Ruth, on: 2026-10-30}}
  - {{team: marketing, by: Bianca, on: 2026-10-30}}
"""
PERSON = {"email": "p@lead.example", "legal_basis": "consent"}
FITS = {**PERSON, "title": "VP Sales", "industry": "Technology", "employees": "300", "country": "United States"}
UNFIT = {**PERSON, "title": "Receptionist", "industry": "Education", "employees": "5", "country": "Peru"}


@pytest.fixture(scope="module")
def policies() -> dict[str, CompiledPolicy]:
    """Every shipped overlay, compiled."""
    return {name: compile_policy(load_policy(OVERLAYS / name)) for name in NAMES}


CASES = [(folder.parent.parent.name, case) for folder in OVERLAYS.glob("*/cases/*.yaml") for case in load_cases(folder)]


@pytest.mark.requirement("R4", "R5", "R9", "R10", "R20", "R43", "R45", "R62", "R103")
@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.shape.case}" for name, case in CASES])
def test_the_cases_of_an_overlay_hold_and_fail_without_their_part(name: str, case: PolicyCase, policies: dict[str, CompiledPolicy]) -> None:
    """Each overlay has its own cases beside it."""
    (played,) = play((case,), policies[name].policy)
    assert not played.misses, f"{case.where}: {played.misses}"
    assert not played.idle, f"{case.where}: holds without {case.shape.without}, too"


def overlay(folder: Path, **files: str) -> Path:
    """An overlay of the shipped policy with these files besides policy.yaml."""
    made = folder / "ours"
    made.mkdir(exist_ok=True)
    (made / "policy.yaml").write_text(OWN.format(base=SHIPPED), encoding="utf-8")
    for name, text in files.items():
        (made / f"{name}.yaml").write_text(text, encoding="utf-8")
    return made


def test_the_dialects_and_companies_that_ship_as_overlays() -> None:
    assert NAMES == ("hubspot-leads", "s0-dialect", "s2-hubspot-only", "s3-building-products", "salesforce-contacts")


@pytest.mark.requirement("R2")
@pytest.mark.parametrize("name", NAMES)
def test_policy_check_works_for_an_overlay(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(OVERLAYS / name) == 0
    assert "compiles" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_an_overlay_brings_only_what_differs(name: str) -> None:
    """A file of the base is never copied, and the rules that are not named are the base's own."""
    base, made = load_policy(), load_policy(OVERLAYS / name)
    assert made.digest != base.digest
    assert made.silence.days == base.silence.days
    assert made.reasons == base.reasons
    assert {rule.name for rule in made.transitions} >= {"hand_raise", "silent", "scored_mql", "person_disqualified"}


def test_nothing_said_is_nothing_changed(tmp_path: Path) -> None:
    base, made = load_policy(), load_policy(overlay(tmp_path))
    assert made.model_copy(update={"name": base.name}).model_dump(exclude={"digest", "approvals"}) == base.model_dump(
        exclude={"digest", "approvals"}
    )


def test_mappings_unite_by_key_and_lists_by_name(tmp_path: Path) -> None:
    rules = "rules:\n  - {name: silent, reason: 'Ours: {silent_days} days'}\n  - {name: mql_expired, remove: true}\n"
    untold = "notices:\n  - {name: no_room_in_sales, remove: true}\n"  # it names the rule that goes
    more = "groups:\n  - {name: partners, when: {source: partner}}\n"
    made = load_policy(overlay(tmp_path, stages=rules, notices=untold, sweep=more + "silence:\n  days: {sal: 14}\n"))
    base = load_policy()
    assert [rule.name for rule in made.transitions] == [rule.name for rule in base.transitions if rule.name != "mql_expired"]
    silent = next(rule for rule in made.transitions if rule.name == "silent")
    assert (silent.reason, silent.to) == ("Ours: {silent_days} days", "nurture")
    assert [group.name for group in made.groups][-2:] == ["partners", "general"]  # a new one joins before the catch-all
    assert dict(made.silence.days) == {**base.silence.days, "sal": 14}


def test_a_new_entry_goes_where_before_says(tmp_path: Path) -> None:
    made = load_policy(overlay(tmp_path, sweep="groups:\n  - {name: partners, before: named-accounts, when: {source: partner}}\n"))
    names = [group.name for group in made.groups]
    assert names[names.index("partners") + 1] == "named-accounts"


def test_engagements_of_one_name_are_told_apart_by_activity(tmp_path: Path) -> None:
    kinds = "intent:\n  kinds:\n    - {name: free trial, activity: form, points: 55}\n"
    points = {(kind.name, kind.activity): kind.points for kind in load_policy(overlay(tmp_path, scoring=kinds)).intent.kinds}
    assert (points["free trial", "form"], points["free trial", "campaign"]) == (55, 50)


@pytest.mark.parametrize(
    ("file", "text", "line", "what"),
    [
        ("sweep", "silence:\n  days: {sall: 14}\n", 2, "unknown stage 'sall'"),
        ("sweep", "groups:\n  - {name: genral, remove: true}\n", 2, "there is no 'genral' to remove"),
        ("sweep", "groups:\n  - name: vips\n    before: nobody\n    when: {source: x}\n", 3, "nothing here is named 'nobody'"),
        ("stages", "rules:\n  - name: silent\n    when: {silense.due: true}\n", 3, "unknown signal 'silense.due'"),
        ("stages", "rules:\n  - name: silent\n    too: nurture\n", 3, "unknown key 'too'"),
        ("scoring", "\nfit:\n  bar: 65\n", 3, "lies inside a band"),
        ("stages", "rules:\n\n  - name: scored_mql\n    when: {intent.passes: true}\n", 3, "hands leads to sales past the fit bar"),
    ],
)
def test_a_mistake_is_named_in_the_overlays_own_file_and_line(tmp_path: Path, file: str, text: str, line: int, what: str) -> None:
    found = [problem for problem in problems_of(overlay(tmp_path, **{file: text})) if what in problem.what]
    assert [problem.where for problem in found] == [f"ours/{file}.yaml:{line}"]
    assert found[0].mend


def test_a_mistake_of_the_base_is_named_in_the_base(tmp_path: Path) -> None:
    """An overlay that takes a stage's last way out is told which stage, where the stage is written."""
    folder = overlay(tmp_path, sweep="cadences:\n  - {lead_type: returning, remove: true}\n")
    (problem,) = problems_of(folder)
    assert problem.where.startswith("mappings/stages.yaml:")
    assert "lead type 'returning' has no cadence" in problem.what


@pytest.mark.requirement("R13")
def test_name_version_and_signatures_are_never_inherited(tmp_path: Path) -> None:
    """A changed agreement is signed anew."""
    folder = overlay(tmp_path)
    (folder / "policy.yaml").write_text(f"extends: {SHIPPED}\n", encoding="utf-8")
    assert {problem.what for problem in problems_of(folder)} == {f"'{key}' is missing" for key in ("name", "version", "approvals")}


def test_a_policy_that_extends_itself_or_nothing_is_refused(tmp_path: Path) -> None:
    folder = overlay(tmp_path)
    for base in (".", "nowhere"):
        (folder / "policy.yaml").write_text(OWN.format(base=base), encoding="utf-8")
        assert [problem.where for problem in problems_of(folder) if "where no other policy is" in problem.what] == ["ours/policy.yaml:1"]


def test_two_policies_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.yaml").write_text(OWN.format(base=f"../{other}"), encoding="utf-8")
    assert [problem.what for problem in problems_of(tmp_path / "a")] == ["extends '../a', which extends this one"]


# --- the dialects ---


def click(days: float, mail: str) -> object:
    """A click in a named mail."""
    return activity(Kind.CLICK, NOW - timedelta(days=days), mail)


def visit(days: float, page: str) -> object:
    """A visit of a page."""
    return activity(Kind.VISIT, NOW - timedelta(days=days), page)


def stage_after(policy: CompiledPolicy, did: tuple[object, ...], fields: dict[str, str], since_days: float = 5) -> str:
    """Where a new lead of these fields goes that did these things; every rep is away so that nobody has room."""
    facts = lead(record(policy.policy.systems[0], created=NOW - timedelta(days=since_days), fields=fields), activities=did)  # type: ignore[arg-type]
    decision = decided(policy, prior("lead", since_days, rev=0), facts)
    return "offered" if decision.ready else decision.stage


TWO_MAILS_AND_A_PAGE = (click(3, "june news"), click(2, "case study"), visit(1, "https://x.example/landing/a"))


@pytest.mark.requirement("R4", "R5", "R9")
@pytest.mark.parametrize(
    ("did", "stage"),
    [
        (TWO_MAILS_AND_A_PAGE, "mql"),
        (TWO_MAILS_AND_A_PAGE[:2], "low_fit"),  # no landing page
        ((click(3, "june news"), click(2, "june news"), visit(1, "landing")), "low_fit"),  # one mail, twice
        ((form(2, "trial"),), "mql"),
        ((visit(2, "pricing"),), "mql"),
        ((form(2, "content"),), "low_fit"),  # a lead book makes a marketing lead
    ],
)
def test_s0_interest_alone_makes_an_mql(policies: dict[str, CompiledPolicy], did: tuple[object, ...], stage: str) -> None:
    """Whatever the fit: two e-mails and a landing page, or a trial, or the pricing page."""
    assert stage_after(policies["s0-dialect"], did, UNFIT) == stage


@pytest.mark.requirement("R9")
def test_s0_fit_and_activity_decide_the_handover(policies: dict[str, CompiledPolicy]) -> None:
    trial = (form(0.5, "trial"),)
    assert stage_after(policies["s0-dialect"], trial, FITS) == "offered"
    assert stage_after(policies["s0-dialect"], trial, UNFIT) == "mql"


@pytest.mark.requirement("R9", "R10")
def test_s2_fit_alone_makes_an_mql_and_the_decision_stage_is_the_handover(policies: dict[str, CompiledPolicy]) -> None:
    policy = policies["s2-hubspot-only"]
    decide = (form(0.5, "trial"), visit(0.4, "pricing"))
    assert stage_after(policy, (), FITS) == "mql"
    assert stage_after(policy, decide[:1], FITS) == "mql"  # a trial alone is not the decision stage
    assert stage_after(policy, decide, FITS) == "offered"
    assert stage_after(policy, decide, UNFIT) == "watch"
    assert policy.policy.stages["offered"].project["hubspot"]["lifecycle"] == "salesqualifiedlead"


@pytest.mark.requirement("R9", "R46")
def test_s4_the_default_asks_for_fit_first_and_then_intent() -> None:
    policy = compile_policy(load_policy())
    assert stage_after(policy, (), FITS) == "nurture"
    assert stage_after(policy, (form(0.5, "trial"),), FITS) == "offered"
    assert stage_after(policy, (form(0.5, "trial"),), UNFIT) == "watch"


@pytest.mark.requirement("R122")
def test_s2_knows_no_salesforce(policies: dict[str, CompiledPolicy]) -> None:
    policy = policies["s2-hubspot-only"].policy
    told = (policy.systems, tuple(policy.statuses), tuple(policy.silence.sources), {s for one in policy.sources.values() for s in one})
    assert told == (("hubspot",), ("hubspot",), ("hubspot",), {"hubspot"})
    assert all("salesforce" not in stage.project for stage in policy.stages.values())


@pytest.mark.requirement("R62", "R43")
@pytest.mark.parametrize(
    ("fields", "pool"),
    [
        ({"region": "Northeast"}, "east"),
        ({"state": "California"}, "west"),
        ({"region": "Southwest", "title": "Architect"}, "specification_team"),  # by type before geography
        ({"region": "Atlantis"}, "development_reps"),
    ],
)
def test_s3_routes_by_geography_or_type(policies: dict[str, CompiledPolicy], fields: dict[str, str], pool: str) -> None:
    asks = lead(record(fields={"email": "p@lead.example", "country": "United States", **fields}), activities=(form(0.1),))
    decision = decided(policies["s3-building-products"], prior("nurture"), asks)
    assert (decision.ready, decision.pool) == (True, pool)


@pytest.mark.requirement("R43", "R103")
def test_s3_each_trade_has_its_own_group(policies: dict[str, CompiledPolicy]) -> None:
    fields = {**FITS, "industry": "Construction", "employees": "300", "country": "United States", "legal_basis": "consent"}
    groups = [
        decided(policies["s3-building-products"], prior("lead", 3, rev=0), lead(record(fields={**fields, "title": title}))).nurture_group
        for title in ("Site Manager", "Category Manager", "Director")
    ]
    assert groups == ["contractors", "merchants", "good-fit"]


@pytest.mark.requirement("R20")
def test_s3_excludes_where_it_cannot_deliver(policies: dict[str, CompiledPolicy]) -> None:
    policy = policies["s3-building-products"]
    away = decided(policy, prior("lead", 3, rev=0), lead(record(fields={**FITS, "country": "Peru"})))
    unknown = decided(policy, prior("lead", 3, rev=0), lead(record(fields={k: v for k, v in FITS.items() if k != "country"})))
    assert (away.stage, unknown.stage) == ("low_fit", "nurture")


# --- in the sandbox ---


@contextmanager
def world(folder: Path, crms: str) -> Iterator[Sandbox]:
    """A sandbox process with 200 people of Company A."""
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "7", "--leads", "200", "--crms", crms, "--ready-file", str(ready)]
    with subprocess.Popen([*command, "--die-with-parent"], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not ready.exists():
            assert process.poll() is None, "the sandbox did not start"
            time.sleep(0.05)
        yield Sandbox(json.loads(ready.read_text())["url"])
        process.terminate()


@pytest.mark.requirement("R2", "R62", "R122")
@pytest.mark.parametrize("name", NAMES)
def test_an_overlay_runs_in_the_sandbox(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look, adopt, apply; nobody waits, and the second run finds nothing to do."""
    with world(tmp_path, "hubspot" if name in ("s2-hubspot-only", "hubspot-leads") else "hubspot,salesforce") as sandbox:
        manifest = requests.get(f"{sandbox.url}/_sandbox/manifest", timeout=30).json()
        for key in ("product", "admin"):
            values = environment(manifest, sandbox, tmp_path, role=key)
            for variable, value in values.items():
                monkeypatch.setenv(variable if key == "product" else variable.replace("HANDOFF_", "HANDOFF_ADMIN_", 1), value)
        monkeypatch.setenv("HANDOFF_MAPPINGS", str(OVERLAYS / name))
        _prepare()
        with open_engine(Settings()) as engine:
            assert engine.policy.name == load_policy(OVERLAYS / name).name
            before = look(engine).figures
            made = adopt(engine)
            done = apply_plan(engine, made.plan_id, "revops@acme.example") if made.plan_id else made
            again = sync(engine, "apply")
            after = look(engine).figures
    assert done.counts.lines > 50
    assert before.hot_never_followed_up > 0
    assert after.hot_never_followed_up == after.without_owner == after.inactive_owner == 0
    assert (again.status, again.counts.lines, again.counts.effects) == (Status.NOTHING_TO_DO, 0, 0)


def _prepare() -> None:
    """Our own fields are made with the administrator's credentials."""
    from cli.verbs import setup

    assert setup(apply=True) == 0


@pytest.mark.requirement("R2", "R10")
@pytest.mark.parametrize("name", NAMES)
def test_no_two_stages_of_a_dialect_go_by_one_name(name: str) -> None:
    """What stands in brackets behind a label tells nobody two stages apart."""
    labels = [stage.label.partition(" (")[0] for stage in load_policy(OVERLAYS / name).stages.values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.requirement("R10")
def test_in_s2_the_date_of_qualification_is_that_of_the_handover_and_no_acceptance(policies: dict[str, CompiledPolicy]) -> None:
    """There "sales qualified" is the decision stage, with which sales gets the lead; it accepts with its first call."""
    made = {name: settle(prior("nurture", 20), asked(), policy=policies[name]) for name in ("s0-dialect", "s2-hubspot-only")}
    assert {name: (one.stage, one.sql_at, one.sal_at) for name, one in made.items()} == {
        "s0-dialect": ("offered", None, None),
        "s2-hubspot-only": ("offered", NOW, None),
    }


def asked() -> LeadFacts:
    """Somebody asks for a demo, in HubSpot."""
    return lead(record("hubspot", fields=FITS), activities=(form(0.1),))
