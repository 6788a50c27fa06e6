"""A small policy with every kind of rule, for tests that need to know each line of it."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decision import Side
from handoff.policy import (
    Approval,
    Band,
    Cadence,
    Company,
    Condition,
    Fit,
    FitAttribute,
    Guard,
    HoldRule,
    Intent,
    IntentKind,
    Meaning,
    NurtureGroup,
    Operator,
    Policy,
    Pool,
    ReasonCode,
    RouteRule,
    ScopeRule,
    Silence,
    Stage,
    TaskBrief,
    Test,
    Transition,
)

COMPANY = Company(
    name="Test", time_zone="America/New_York", opens=time(9), closes=time(17), holidays=(date(2026, 12, 25),), placeholders=("n/a",)
)


def signal(name: str, value: Any = True, op: Operator = Operator.IS) -> Test:
    """A test of a signal."""
    return Test(signal=name, op=op, value=value)


def known(name: str, value: Any, op: Operator = Operator.IS) -> Test:
    """A test of a field."""
    return Test(field=name, op=op, value=value)


def at_least(name: str, value: int) -> Test:
    """A signal of at least `value`."""
    return signal(name, value, Operator.AT_LEAST)


def every(*tests: Test | Condition) -> Condition:
    """All of them."""
    return Condition(all=tests)


def some(*tests: Test | Condition) -> Condition:
    """Any of them."""
    return Condition(any=tests)


def no(*tests: Test | Condition) -> Condition:
    """None of them."""
    return Condition(none=tests)


ALWAYS = Condition(always=True)
TASK = TaskBrief(subject="Call: {company}", lines=("Fit {fit}: {fit_why}", "Lately: {signals}"), due="business_minutes", amount=5)
SALES = ("offered", "sal", "sql")
ALL = ("lead", "mql", "offered", "sal", "sql", "nurture", "low_fit", "disqualified")


def _stage(name: str, side: Side, owner: Any, **project: str) -> Stage:
    shown = {"salesforce": {"status": project["status"]}, "hubspot": {"status": project["status"].upper()}} if project else {}
    return Stage(name=name, label=name.upper(), side=side, meaning=name, owner=owner, project=shown)


STAGES = {
    stage.name: stage
    for stage in (
        _stage("lead", Side.MARKETING, "keep"),
        _stage("mql", Side.MARKETING, "keep"),
        _stage("offered", Side.SALES, "rep", status="Open"),
        _stage("sal", Side.SALES, "rep", status="Working"),
        _stage("sql", Side.SALES, "rep", status="Qualified"),
        _stage("nurture", Side.MARKETING, "queue", status="Nurture"),
        _stage("low_fit", Side.MARKETING, "queue", status="Nurture"),
        _stage("customer", Side.NOBODY, "keep"),
        _stage("disqualified", Side.NOBODY, "keep", status="Closed"),
    )
}


def _row(name: str, sources: tuple[str, ...], to: str, when: Condition, **more: Any) -> Transition:
    return Transition(name=name, from_stages=sources, to=to, when=when, next_step=f"{name}: next", reason=f"{name} {{fit}}", **more)


NURTURED: dict[str, Any] = {"nurture": True, "release_owner": True, "may_override_person": ("stage", "owner", "status")}
TRANSITIONS = (
    _row(
        "person_disqualified", (*SALES, "lead", "nurture"), "disqualified", every(signal("status.event", "disqualified")), review_days=180
    ),
    _row(
        "person_returned",
        SALES,
        "nurture",
        every(signal("status.event", "nurture")),
        nurture=True,
        release_owner=True,
        may_override_person=("owner",),
    ),
    _row("person_qualified", ("offered", "sal"), "sql", every(signal("status.event", "qualified"), signal("owner.state", "active"))),
    _row(
        "hand_raise_aged",
        ALL,
        "offered",
        every(signal("hand_raise.waiting"), at_least("hand_raise.age_days", 15)),
        ready=True,
        lead_type="aged_hand_raise",
        task=TASK.model_copy(update={"due": "staggered"}),
    ),
    _row(
        "hand_raise",
        ALL,
        "offered",
        every(signal("hand_raise.waiting")),
        ready=True,
        lead_type="hand_raise",
        task=TASK,
        may_override_person=("stage",),
    ),
    _row("silent", SALES, "nurture", every(signal("silence.due")), **NURTURED),
    _row(
        "adopted_limbo",
        ("lead", "mql", *SALES, "nurture"),
        "nurture",
        every(
            signal("adopting"),
            signal("nurture.planned", False),
            at_least("untouched_days", 30),
            no(every(signal("owner.state", "active"), some(signal("task.open"), signal("next_step.open")))),
        ),
        adoption_only=True,
        **NURTURED,
    ),
    _row(
        "owner_gone",
        SALES,
        "offered",
        every(signal("owner.state", ("departed", "none", "unknown"), Operator.ANY_OF)),
        ready=True,
        release_owner=True,
        may_override_person=("owner",),
        task=TASK,
    ),
    _row("accepted", ("offered",), "sal", every(signal("owner.state", "active"), signal("touch.human_since_offer"))),
    _row(
        "neglected",
        SALES,
        "offered",
        every(signal("neglect.due"), signal("reroutes", 1, Operator.AT_MOST)),
        ready=True,
        release_owner=True,
        counts_as_reroute=True,
        may_override_person=("owner",),
        task=TASK,
    ),
    _row(
        "neglected_again",
        SALES,
        "offered",
        every(signal("neglect.due"), at_least("reroutes", 2)),
        ready=True,
        release_owner=True,
        pool="managers",
        may_override_person=("owner",),
        task=TASK,
    ),
    _row(
        "scored_mql",
        ("lead", "nurture", "low_fit"),
        "offered",
        every(signal("fit.passes"), signal("fit.disqualified", False), signal("intent.passes"), signal("intent.new")),
        ready=True,
        nurture=True,
        lead_type="mql",
        task=TASK,
        wait_next_step="Wait: {group}",
        wait_reason="waits {fit}",
    ),
    _row("mql_expired", ("mql",), "nurture", every(at_least("stage_days", 30)), **NURTURED),
    _row("mql_release", ("mql",), "offered", every(signal("fit.passes")), ready=True, lead_type="mql", task=TASK, wait_next_step="Wait"),
    _row("known_low_fit", ("lead", "mql"), "low_fit", some(signal("fit.disqualified"), signal("fit.passes", False)), **NURTURED),
    _row("enrolled", ("lead",), "nurture", every(at_least("stage_days", 2)), **NURTURED),
    _row(
        "wake",
        ("nurture",),
        "offered",
        every(signal("review.due"), signal("nurture.enrolled"), signal("previous_owner.active")),
        ready=True,
        to_previous_owner=True,
        lead_type="returning",
        task=TASK,
    ),
    _row("review_passed", ("nurture", "low_fit"), "same", every(signal("review.due")), nurture=True),
    _row("hold_began", ("nurture", "low_fit"), "same", every(signal("nurture.enrolled"), signal("contactable", False)), nurture=True),
    _row("nurture_joined", ("nurture", "low_fit"), "same", every(signal("nurture.planned", False)), nurture=True),
    _row("closed_review", ("disqualified",), "same", some(signal("review.due"), signal("nurture.planned", False)), review_days=180),
)

FIT = Fit(
    bar=60,
    known_per_mille=500,
    attributes=(
        FitAttribute(
            name="title",
            weight=30,
            reads=("title",),
            otherwise=10,
            bands=(
                Band(when=every(known("title", ("vp", "chief", "director"), Operator.CONTAINS_ANY)), points=30),
                Band(when=every(known("title", ("manager",), Operator.CONTAINS_ANY)), points=20),
            ),
        ),
        FitAttribute(
            name="industry",
            weight=20,
            reads=("industry", "account_industry"),
            otherwise=5,
            bands=(
                Band(
                    when=some(known("industry", ("software", "finance"), Operator.ANY_OF), known("account_industry", "software")), points=20
                ),
            ),
        ),
        FitAttribute(
            name="size",
            weight=20,
            reads=("employees",),
            bands=(
                Band(when=every(known("employees", (200, 5000), Operator.BETWEEN)), points=20),
                Band(when=every(known("employees", 20, Operator.AT_LEAST)), points=10),
            ),
        ),
        FitAttribute(
            name="geography", weight=10, reads=("country",), bands=(Band(when=every(known("country", "united states")), points=10),)
        ),
        FitAttribute(name="budget", weight=10, reads=("budget",), bands=(Band(when=every(known("budget", "confirmed")), points=10),)),
    ),
    disqualifiers={"student": every(known("title", ("student",), Operator.CONTAINS_ANY))},
)
INTENT = Intent(
    bar=50,
    rearm_below=35,
    kinds=(
        IntentKind(
            name="demo", activity="form", subjects=("demo", "pricing"), points=50, half_life_hours=336, breaks_silence=True, hand_raise=True
        ),
        IntentKind(name="trial", activity="form", subjects=("trial",), points=50, half_life_hours=336, breaks_silence=True),
        IntentKind(name="download", activity="form", subjects=("content",), points=10, cap=20, half_life_hours=720, breaks_silence=True),
        IntentKind(
            name="pricing_page", activity="visit", subjects=("pricing",), points=15, cap=30, half_life_hours=336, breaks_silence=True
        ),
        IntentKind(name="click", activity="click", points=3, cap=9, half_life_hours=168),
        IntentKind(name="reply", activity="reply", points=5, cap=10, half_life_hours=168, breaks_silence=True),
    ),
)
SALESFORCE = {
    "Open": Meaning(stage="offered", later="lead"),
    "Working": Meaning(event="accepted", stage="sal"),
    "Qualified": Meaning(event="qualified", stage="sql"),
    "Nurture": Meaning(event="nurture", stage="nurture", reason="unresponsive"),
    "Later": Meaning(event="nurture", stage="nurture", reason="bad_timing"),
    "Closed": Meaning(event="disqualified", stage="disqualified", reason="not_a_fit"),
}
POLICY = Policy(
    name="test",
    version="1",
    approvals=(Approval(team="sales", by="a", on=date(2026, 1, 1)), Approval(team="marketing", by="b", on=date(2026, 1, 1))),
    company=COMPANY,
    systems=("salesforce", "hubspot"),
    stages=STAGES,
    transitions=TRANSITIONS,
    statuses={"salesforce": SALESFORCE, "hubspot": {name.upper(): meaning for name, meaning in SALESFORCE.items()}},
    lifecycle={"customer": "customer"},
    scope=(
        ScopeRule(name="hands_off", kind="hands_off", when=every(known("handoff_hands_off", True))),
        ScopeRule(name="customer", kind="customer", when=some(known("lifecycle", "customer"), signal("deal.won"))),
        ScopeRule(name="open_opportunity", kind="open_opportunity", when=every(signal("deal.open"))),
    ),
    holds=(
        HoldRule(name="no_address", when=every(Test(field="email", op=Operator.UNKNOWN)), review_days=90),
        HoldRule(name="opted_out", when=every(known("opted_out", True)), review_days=180),
    ),
    groups=(NurtureGroup(name="warm", when=every(signal("fit.passes"))), NurtureGroup(name="newsletter", when=ALWAYS)),
    nurture_queue="Nurture",
    fit=FIT,
    intent=INTENT,
    pools={
        "sdr": Pool(name="sdr", roles=("sdr",), new_per_day=3),
        "ae": Pool(name="ae", roles=("ae",)),
        "managers": Pool(name="managers", roles=("manager",)),
    },
    routes=(
        RouteRule(name="named", when=every(signal("target_account")), pool="ae", to_account_owner=True),
        RouteRule(name="everybody", when=ALWAYS, pool="sdr"),
    ),
    cadences=(Cadence(lead_type="", touches=2, idle_business_days=5), Cadence(lead_type="hand_raise", touches=4, idle_business_days=1)),
    silence=Silence(days={"sal": 21, "sql": 30}, sources={"salesforce": ("Task",), "hubspot": ("calls",)}, target_account_days=45),
    guard=Guard(per_mille={}, floor={}),
    reasons={
        "bad_timing": ReasonCode(name="bad_timing", label="bad timing", action="nurture", wake_days=90),
        "unresponsive": ReasonCode(name="unresponsive", label="no answer", action="nurture"),
        "not_a_fit": ReasonCode(name="not_a_fit", label="not a fit", action="suppress"),
    },
    digest="0" * 64,
)


def compiled(**changes: Any) -> CompiledPolicy:
    """The small policy, with changes."""
    return compile_policy(POLICY.model_copy(update=changes))
