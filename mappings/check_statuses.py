"""Every option a CRM has means exactly one thing, and every reason leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import Policy
from mappings import shapes
from mappings.check_names import unknown
from mappings.compile import Files, conditions_of, leaves
from mappings.problems import Problem, did_you_mean

NEEDS_REASON = ("nurture", "disqualified")
SYSTEM_FIELDS = {"hubspot": ("status", "lifecycle"), "hubspot_leads": ("status",), "salesforce": ("status",)}


def options_have_meanings(policy: Policy, files: Files) -> Iterator[Problem]:
    """The option snapshot, the meanings and what the stages show agree with one another."""
    snapshot: shapes.OptionsFile = files.shapes["options"]
    for system in policy.systems:
        options = snapshot.options.get(system, {}).get("status", [])
        if not options:
            what = f"no status options of {system} are listed, so nobody can tell whether all have a meaning"
            yield Problem(files.where("options", "options"), "options", what, f"run 'handoff look' and write the options of {system} here")
            continue
        yield from _of_system(policy, files, system, options)
    yield from _meanings(policy, files)
    yield from _lifecycle(policy, files, snapshot.options.get("hubspot", {}).get("lifecycle", []))
    yield from _shown(policy, files, snapshot)
    yield from _reasons(policy, files)
    yield from _compared(policy, snapshot)


def _of_system(policy: Policy, files: Files, system: str, options: list[str]) -> Iterator[Problem]:
    meanings = policy.statuses.get(system, {})
    for option in options:
        if option not in meanings:
            what = f"option '{option}' of {system} has no meaning"
            yield Problem(
                files.where("statuses", "statuses", system), f"statuses.{system}", what, f"add '{option}: {{means: none, stage: ...}}'"
            )
    for option, meaning in meanings.items():
        if option not in options:
            what = f"{system} has no option '{option}' in options.yaml"
            yield Problem(meaning.where, f"statuses.{system}.{option}", what, did_you_mean(option, options, 14))


def _meanings(policy: Policy, files: Files) -> Iterator[Problem]:
    for system, meanings in policy.statuses.items():
        if system not in policy.systems:
            yield unknown(files.where("statuses", "statuses", system), "statuses", "system", system, policy.systems)
        for option, meaning in meanings.items():
            path = f"statuses.{system}.{option}"
            for stage in (meaning.stage, meaning.later):
                if stage and stage not in policy.stages:
                    yield unknown(meaning.where, path, "stage", stage, policy.stages)
            if meaning.reason and meaning.reason not in policy.reasons:
                yield unknown(meaning.where, path, "reason", meaning.reason, policy.reasons)
            if meaning.event in NEEDS_REASON and not meaning.reason:
                yield Problem(
                    meaning.where, path, f"means {meaning.event}, but no reason", f"add reason: one of {', '.join(policy.reasons)}"
                )


def _lifecycle(policy: Policy, files: Files, options: list[str]) -> Iterator[Problem]:
    if "hubspot" not in policy.systems:
        return
    for option, stage in policy.lifecycle.items():
        where = files.where("statuses", "lifecycle", option)
        if stage not in policy.stages:
            yield unknown(where, f"lifecycle.{option}", "stage", stage, policy.stages)
        if option not in options:
            yield Problem(
                where, f"lifecycle.{option}", f"hubspot has no lifecycle stage '{option}' in options.yaml", did_you_mean(option, options)
            )
    for option in options:
        if option not in policy.lifecycle:
            what = f"lifecycle stage '{option}' of hubspot has no meaning"
            yield Problem(files.where("statuses", "lifecycle"), "lifecycle", what, f"add '{option}: stage'")


def _shown(policy: Policy, files: Files, snapshot: shapes.OptionsFile) -> Iterator[Problem]:
    for name, stage in policy.stages.items():
        for system, values in stage.project.items():
            where = files.where("stages", "stages", name, "show", system)
            path = f"stages.{name}.show.{system}"
            if system not in policy.systems:
                yield unknown(where, path, "system", system, policy.systems)
                continue
            for field, value in values.items():
                if field not in SYSTEM_FIELDS[system]:
                    yield unknown(where, path, "field", field, SYSTEM_FIELDS[system])
                elif value and value not in snapshot.options.get(system, {}).get(field, []):
                    options = snapshot.options.get(system, {}).get(field, [])
                    yield Problem(where, f"{path}.{field}", f"{system} has no option '{value}'", did_you_mean(value, options, 14))


def _compared(policy: Policy, snapshot: shapes.OptionsFile) -> Iterator[Problem]:
    """A rule that compares status or lifecycle with an option no CRM has would never fire (a field that no CRM here has is skipped)."""
    for test in (test for condition in conditions_of(policy) for test in leaves(condition) if test.field in ("status", "lifecycle")):
        options = [option for system in policy.systems for option in snapshot.options.get(system, {}).get(test.field, [])]
        for word in test.value if isinstance(test.value, tuple) else (test.value,):
            if options and isinstance(word, str) and word.casefold() not in {option.casefold() for option in options}:
                yield Problem(test.where, test.field, f"no CRM has the option '{word}'", did_you_mean(word, options, 14))


def _reasons(policy: Policy, files: Files) -> Iterator[Problem]:
    if "bad" in {name.casefold() for name in policy.reasons}:
        name = next(name for name in policy.reasons if name.casefold() == "bad")
        mend = "say what was bad: timing, budget, fit ... so that marketing can learn from it"
        yield Problem(files.where("reasons", "reasons", name), f"reasons.{name}", "'bad' is not a reason", mend)
    for name, reason in policy.reasons.items():
        if reason.wake_days is not None and reason.action != "nurture":
            what = f"has a wake date, but its action is '{reason.action}'"
            yield Problem(reason.where, f"reasons.{name}", what, "take wake_days out, or make the action nurture")
