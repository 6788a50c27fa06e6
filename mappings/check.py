"""What a policy must fulfil beyond its shape: names exist, no dead ends, no gaps, no vague criteria. Else it does not load."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from handoff.policy import Policy
from mappings.check_clocks import clocks_hold_together
from mappings.check_intake import field_reps_are_spared, intake_holds
from mappings.check_matrix import cells_have_rules, matrix_is_total
from mappings.check_names import names_exist
from mappings.check_notices import notices_are_set_off
from mappings.check_numbers import numbers_add_up
from mappings.check_recycle import recycling_holds
from mappings.check_rules import rules_are_specific
from mappings.check_scoring import counts_are_read, personas_and_counts_hold
from mappings.check_stages import no_dead_ends
from mappings.check_statuses import options_have_meanings
from mappings.check_vague import criteria_are_specific
from mappings.compile import Files
from mappings.problems import Problem
from mappings.rule_space import routes_count

Check = Callable[[Policy, Files], Iterator[Problem]]
OF_NAMES: tuple[Check, ...] = (
    *(names_exist, options_have_meanings, numbers_add_up, matrix_is_total),
    *(personas_and_counts_hold, recycling_holds, clocks_hold_together, intake_holds),
)
OF_CONDITIONS: tuple[Check, ...] = (
    *(no_dead_ends, rules_are_specific, routes_count),
    *(criteria_are_specific, cells_have_rules, counts_are_read, field_reps_are_spared, notices_are_set_off),
)
"""These read conditions, so they would be misled by one that did not compile."""


def check_policy(policy: Policy, files: Files, *, conditions_compiled: bool = True) -> list[Problem]:
    """Every problem that the checks find."""
    checks = (*OF_NAMES, *OF_CONDITIONS) if conditions_compiled else OF_NAMES
    return [problem for check in checks for problem in check(policy, files)]
