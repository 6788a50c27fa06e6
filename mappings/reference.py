"""The policy reference for readers: `docs/policy-reference.md`, made from the vocabulary and a compiled policy.

`python -m mappings.reference` writes it anew. What the page says is what the loader accepts and what the rules do; nothing is typed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from handoff.condition import Condition, Operator, Test
from handoff.policy import Policy, Stage, Transition
from handoff.vocabulary import CONTAMINATED, FIELDS, MOVES, SIGNAL_VALUES, SIGNALS, TEMPLATE_VALUES
from mappings.load import SHIPPED, load_policy, mapped_fields
from mappings.schema import condition_schema
from mappings.shapes import FILES

PAGE = Path(__file__).parent.parent / "docs" / "policy-reference.md"
_HEAD = """\
# Policy reference

For whoever edits `mappings/`. Made by `python -m mappings.reference` from the code and the shipped policy ({name} {version}); do not edit
it by hand. `handoff policy check` compiles a folder and names every mistake with file, line and mend.
"""


def reference_text(policy: Policy) -> str:
    """The whole page, Markdown."""
    parts = (_HEAD.format(name=policy.name, version=policy.version), *_sections(policy))
    return "\n".join(parts)


def _sections(policy: Policy) -> Iterator[str]:
    yield _section("Files", "Each has a JSON Schema in `mappings/schema/`, so that an editor completes and checks it.")
    yield table(("file", "what it decides"), ((f"`{name}.yaml`", _purpose(name)) for name in FILES))
    yield _section("Conditions", _CONDITIONS)
    yield table(("operator", "holds when the value is"), _operators())
    yield _section("Signals", "Computed from what is known of a lead. Unknown is a third value: a test on it neither holds nor fails.")
    yield table(("signal", "type", "what it says"), ((f"`{name}`", kind, _says(name, says)) for name, (kind, says) in SIGNALS.items()))
    yield _section("Fields", "Our names. Which property or field of a CRM each one is stands in `hubspot.yaml` and `salesforce.yaml`.")
    yield table(("field", "type"), ((f"`{name}`", kind) for name, kind in _fields()))
    yield _section("Fields a rule may not read", "Our own tasks and notes move them, so they are no evidence of what people did.")
    yield table(("field", "use instead"), ((f"`{name}`", instead) for name, instead in CONTAMINATED.items()))
    yield _section("Texts", "What `{…}` in `next_step`, `reason` and task texts may name. None of it is personal.")
    yield table(("value", "what it says"), ((f"`{{{name}}}`", says) for name, says in TEMPLATE_VALUES.items()))
    yield _section("Kinds of move", "What `guard.yaml` can limit: " + ", ".join(f"`{move}`" for move in MOVES) + ".")
    yield _section("Stages of the shipped policy", "The responsible side owes the next step.")
    yield table(("stage", "side", "owner", "the CRMs show", "meaning"), (_stage(stage) for stage in policy.stages.values()))
    yield _section("Rules of the shipped policy", _RULES)
    rows = ((str(number), *_rule(rule, policy)) for number, rule in enumerate(policy.transitions, 1))
    yield table(("#", "rule", "from", "to", "when", "and"), rows)


_CONDITIONS = """\
A condition is `always`, or tests by name: `fit.passes: true`, `country: [Spain, France]`, `untouched_days: {at_least: 21}`. Tests side by
side must all hold; `all`, `any` and `none` group them. Text compares without case, numbers as whole numbers.
"""
_RULES = """\
Read from the top: the first rule whose stage fits and whose condition holds fires. *adoption* means: only while a backlog is taken over.
*needs an owner* means: the lead enters the stage when a rep is found. *over a person's …* names the fields that the rule may change
although a person set them, and then only on a newer fact. *any* means every stage but the final ones; *same*, a new entry into the stage.
"""


def _section(title: str, text: str) -> str:
    return f"\n## {title}\n\n{text.strip()}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [list(head), ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _purpose(name: str) -> str:
    """What the shipped file says of itself, in the whole sentences of its second line."""
    second = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[1].removeprefix("# ")
    return second if second.endswith(".") else f"{second.rpartition('. ')[0]}."


def _operators() -> Iterator[tuple[str, str]]:
    described = condition_schema()["Test"]["anyOf"][-1]["properties"]
    yield from ((f"`{operator}`", str(described[str(operator)]["description"])) for operator in Operator)


def _fields() -> Iterator[tuple[str, str]]:
    known = {**mapped_fields(), **FIELDS}
    yield from sorted((name, kind) for name, kind in known.items() if name not in CONTAMINATED)


def _says(name: str, says: str) -> str:
    values = SIGNAL_VALUES.get(name)
    return says if values is None or values[0] in says else f"{says}: {', '.join(values)}"


def _stage(stage: Stage) -> tuple[str, ...]:
    values = ((system, field, value) for system, fields in stage.project.items() for field, value in fields.items())
    shown = "; ".join(f"{system} {field} = {value or 'blank'}" for system, field, value in values)
    label = f"`{stage.name}` {stage.label}" + (" (final)" if stage.final else "")
    return label, str(stage.side), stage.owner, shown or "as it is", stage.meaning


def _rule(rule: Transition, policy: Policy) -> tuple[str, ...]:
    return f"`{rule.name}`", _from(rule, policy), rule.to, words(rule.when), ", ".join(_marks(rule))


def _from(rule: Transition, policy: Policy) -> str:
    leaving = {name for name, stage in policy.stages.items() if not stage.final}
    return "any" if set(rule.from_stages) == leaving else ", ".join(rule.from_stages)


def _marks(rule: Transition) -> Iterator[str]:
    yield from ("adoption",) if rule.adoption_only else ()
    yield from ("needs an owner",) if rule.ready else ()
    yield from ("to the previous owner",) if rule.to_previous_owner else ()
    yield from (f"pool `{rule.pool}`",) if rule.pool else ()
    yield from ("releases the owner",) if rule.release_owner else ()
    yield from ("counts as a re-route",) if rule.counts_as_reroute else ()
    yield from (f"over a person's {' and '.join(rule.may_override_person)}",) if rule.may_override_person else ()
    yield from ("nurture group or hold",) if rule.nurture else ()
    yield from (f"review in {rule.review_days} days",) if rule.review_days is not None else ()
    yield from ("a task",) if rule.task is not None else ()


def words(condition: Condition | Test) -> str:
    """A condition as one line: `fit.passes and (bounced or not email known)`."""
    if isinstance(condition, Test):
        return _test(condition)
    if condition.always:
        return "always"
    every = [_inner(one) for one in condition.all]
    some = " or ".join(_inner(one) for one in condition.any)
    never = [f"not {_inner(one)}" for one in condition.none]
    alone = not every and not never
    return " and ".join([*every, *([some if alone else _grouped(some, len(condition.any))] if some else []), *never])


def _inner(condition: Condition | Test) -> str:
    parts = len(condition.all) + len(condition.any) + len(condition.none) if isinstance(condition, Condition) else 1
    return _grouped(words(condition), parts)


def _grouped(text: str, parts: int) -> str:
    return f"({text})" if parts > 1 else text


def _test(test: Test) -> str:
    name = test.signal or test.field
    if test.op is Operator.IS and isinstance(test.value, bool):
        return f"`{name}`" if test.value else f"`{name}` is false"
    if test.op in (Operator.KNOWN, Operator.UNKNOWN):
        return f"`{name}` {test.op}"
    value = ", ".join(str(one) for one in test.value) if isinstance(test.value, tuple) else str(test.value)
    return f"`{name}` {str(test.op).replace('_', ' ')} {value}"


def write_reference(page: Path = PAGE) -> None:
    """Writes the page of the shipped policy."""
    page.write_text(reference_text(load_policy()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_reference()
