"""Accounts, rollout, freeze and stopped sources through the whole engine: what stands on the CRM records afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from engine_worlds import Place
from read_only import no_writes

from engine.context import NotApplicable
from engine.look import look
from engine.report import Status
from engine.sources import resume_source, stopped_sources
from handoff.policy import Freeze, Rollout
from handoff.rollout import SHADOW, share_of
from mappings.digest import with_digest
from mappings.people import PersonRow, account_names

ACTED_ON = ("owner", "status", "lifecycle", "handoff_stage", "handoff_nurture_group", "handoff_due", "handoff_review")


def switch(company: Place, **rollout: object) -> None:
    """Both teams sign the next step of the rollout."""
    company.policy = with_digest(company.policy.model_copy(update={"rollout": Rollout(**rollout)}))  # type: ignore[arg-type]


def seen(company: Place, *fields: str) -> dict[str, dict[str, str]]:
    """Some fields of every record."""
    return {key: {name: value for name, value in row.items() if name in fields} for key, row in company.picture().items()}


@pytest.mark.requirement("R59", "R111")
def test_the_second_person_of_an_account_gets_the_first_ones_owner(company: Place) -> None:
    """First within one run, then run after run, whatever the turns say."""
    company.adopted()
    names = ["ada", "ben", "cleo", "dirk", "ella"]
    refs = [company.person(name, days_old=0, owner="", email=f"{name}@eu.firm.example", company="Firm") for name in names[:2]]
    for ref in refs:
        company.asks(ref)
    company.sync()
    (owner,) = {company.main.value(ref, "owner") for ref in refs}
    assert owner
    for name in names[2:]:
        ref = company.person(name, days_old=0, owner="", email=f"{name}@firm.example", company="Firm")
        company.asks(ref)
        stranger = company.person(f"{name}x", days_old=0, owner="")
        company.asks(stranger)
        company.sync()
        assert company.main.value(ref, "owner") == owner
    assert company.sync().counts.lines == 0


def test_a_shadow_writes_our_own_reason_line_and_nothing_that_anybody_acts_on(company: Place) -> None:
    switch(company, mode="shadow")
    refs = [company.person(name, owner=owner) for name, owner in (("anna", "ann"), ("bert", "zoe"), ("carl", "bob"))]
    company.asks(refs[0], days_ago=20)
    before = seen(company, *ACTED_ON)
    company.adopted()
    made = company.sync()
    assert seen(company, *ACTED_ON) == before
    assert company.tasks() == []
    assert all(company.main.value(ref, "handoff_reason").startswith(SHADOW) for ref in refs)
    assert company.sync().counts.lines == 0
    assert made.status in (Status.DONE, Status.NOTHING_TO_DO)


def test_after_the_shadow_the_leads_are_taken_over_as_a_backlog(company: Place) -> None:
    """Nobody is paged about what happened meanwhile: a request of last week has its own brief and its turn."""
    switch(company, mode="shadow")
    company.adopted()
    ref = company.person("nina", days_old=0, owner="")
    company.asks(ref)
    told = company.sync()
    assert told.counts.outside == {"hand_raise": 1}
    assert any("outside the rollout (shadow) 1 leads would have moved" in note for note in told.notes)
    company.world.advance(days=6)
    company.sync()
    switch(company, mode="all")
    company.sync()
    assert company.main.value(ref, "handoff_stage") == "offered"
    assert company.main.value(ref, "handoff_reason").startswith("Sent a demo")
    (key,) = company.tasks()
    assert "hand_raise_backlog" in key
    assert company.sync().counts.lines == 0


def test_outside_the_share_nothing_is_written_at_all(company: Place) -> None:
    switch(company, mode="share", percent=1)
    company.adopted()
    outside = [name for name in (f"p{number}" for number in range(20)) if share_of(f"hubspot:contacts:h-{name}") >= 1][:6]
    for name in outside:
        company.asks(company.person(name, days_old=0, owner=""))
    with no_writes(company):
        made = company.sync()
    assert made.counts.outside == {"hand_raise": 6}


def test_a_freeze_says_how_many_wait(company: Place) -> None:
    company.adopted()
    ref = company.lead("otto", days_old=3, owner="s-zoe", status="Working - Contacted")
    today = company.world.now.date()
    freezes = (Freeze(name="quarter end", first=today, last=date(2026, 11, 6)),)
    moved = company.policy.company.model_copy(update={"freezes": freezes})
    company.policy = with_digest(company.policy.model_copy(update={"company": moved}))
    made = company.sync()
    assert company.main.value(ref, "owner") == "s-zoe"
    assert made.counts.frozen == 1
    assert any("1 leads wait for the end of the freeze 'quarter end'" in note for note in made.notes)


def test_a_source_that_brings_far_too_many_is_stopped_and_reported_once(company: Place) -> None:
    company.adopted()
    company.world.advance(hours=1)
    for number in range(51):
        company.contact(f"bot{number}", days_old=0, source="PAID_SOCIAL")
    asks = company.contact("real", days_old=0, source="PAID_SOCIAL")
    company.asks(asks)
    company.contact("other", days_old=0, source="ORGANIC_SEARCH")
    made = company.sync()
    assert stopped_sources(company.engine) == ("paid_social",)
    assert made.exceptions["source_stopped"] == 51
    assert made.exceptions["source_surged"] == 1
    assert company.hubspot.value(asks, "handoff_stage") == "offered"
    assert sum("is stopped" in text for text in made.needs_you) == 1
    assert not any("is stopped" in text for text in company.sync().needs_you)
    resume_source(company.engine, "PAID_SOCIAL")
    company.world.advance(days=1)
    assert company.sync().exceptions.get("source_stopped", 0) == 0
    with pytest.raises(NotApplicable, match="is not stopped"):
        resume_source(company.engine, "PAID_SOCIAL")


def test_who_is_left_alone_is_counted_by_name(company: Place) -> None:
    company.adopted()
    company.person("carla", relationship="customer")
    company.person("sven", email="sven@mailinator.com")
    made = company.sync()
    assert made.counts.left_alone == {"customer": 1, "spam": 1}
    assert any("left alone 1 customer · 1 spam" in line for line in made.lines())


@pytest.mark.requirement("R57")
def test_the_look_counts_senior_people_of_named_accounts_nobody_has_called(company: Place) -> None:
    boss = company.person("boss", title="Chief Financial Officer", company="Big Works, Inc.", owner="")
    company.person("clerk", title="Accountant", company="Big Works", owner="")
    company.person("chief", title="Chief Financial Officer", company="Somebody Else", owner="")
    named = (PersonRow("ivy@acme.example", accounts=tuple(account_names("other.example; Big Works"))),)
    engine = replace(company.engine, people=named)
    assert look(engine).senior_untouched == 1
    assert "1 senior people of your named accounts" in look(engine).lines()[1]
    company.calls(boss, outcome="attempted")
    assert look(engine).senior_untouched == 0
