"""Business units: whose leads are nobody's, and whose are two units'; and a policy leaves another unit's leads alone."""

from __future__ import annotations

import pytest

from cli.units import takes
from handoff.compiled import compile_policy
from handoff.condition import Condition, Operator, Test
from handoff.decide import decide
from handoff.match import compile_condition
from mappings.load import load_policy
from tests.handoff.makers import NOW, form, frame, lead, prior, record

EMEA = Condition(all=(Test(field="region", op=Operator.ANY_OF, value=("EMEA",)),))


@pytest.mark.requirement("R61")
def test_another_units_lead_is_left_alone_and_counted_as_such() -> None:
    policy = compile_policy(load_policy().model_copy(update={"takes": EMEA}))
    for region, reason in (("EMEA", ""), ("AMER", "other_unit"), ("", "other_unit")):
        fields = {"email": "p@firm.example", **({"region": region} if region else {})}
        facts = lead(record(fields=fields), activities=(form(0.01),))
        assert decide(prior("nurture"), facts, policy, frame(), NOW).out_of_scope == reason


def test_a_unit_takes_by_what_is_known() -> None:
    check = compile_condition(EMEA)
    assert takes(check, lead(record(fields={"region": "emea"})))
    assert not takes(check, lead(record()))
    assert takes(None, lead(record()))
