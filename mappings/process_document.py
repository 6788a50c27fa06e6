"""The agreed process, written from the policy: what `handoff docs` prints.

Nothing in it is typed twice; a change of a rule changes the page.

The page is Markdown; `mappings.process_page` makes one self-contained HTML page of it. Numbers in brackets are requirements
(`requirements.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator

from handoff.decision import Side
from handoff.policy import Policy, Stage
from handoff.vocabulary import MOVES
from mappings.process_agreement import agreement_part
from mappings.process_capacity import capacity_part
from mappings.process_matrix import matrix_part, personas_part
from mappings.process_notices import notices_part
from mappings.process_rules import enters, leaves_by, rule_rows
from mappings.process_scores import fit_part, intent_part
from mappings.process_work import cadence_part, nurture_part, reasons_part, routing_part, scope_part
from mappings.reference import table
from mappings.shapes_routing import ExpectsShape

DIAGRAM = "[diagram]"
"""Where the diagram goes; each kind of page draws it its own way."""

SIDES = {Side.MARKETING: "marketing", Side.SALES: "sales", Side.NOBODY: "nobody"}
_MOVES = {
    "to_sales": "leads handed to sales",
    "to_nurture": "leads returned to marketing",
    "owner_taken": "leads taken from a rep who still works here",
    "suppressed": "leads closed or put on hold",
    "created": "records created",
    "task": "tasks created",
    "field": "corrections of our own fields",
}


def process_text(policy: Policy, expects: ExpectsShape | None = None) -> str:
    """The whole document, Markdown; the diagram's place is the line DIAGRAM. `expects`: the people and leads of the month's sum."""
    return "\n".join(_parts(policy, expects)) + "\n"


def _parts(policy: Policy, expects: ExpectsShape | None) -> Iterator[str]:
    yield f"# How leads pass between marketing and sales at {policy.company.name}\n"
    named = f"*{policy.name}*, version {policy.version}, digest `{policy.digest[:12]}`"
    yield f"Policy {named}. Made from the policy files; the files decide. [R14, R120]\n"
    yield from _signatures(policy)
    yield from _in_short(policy)
    yield from agreement_part(policy)
    yield from _stages(policy)
    yield from fit_part(policy)
    yield from personas_part(policy)
    yield from intent_part(policy)
    yield from matrix_part(policy)
    yield from routing_part(policy)
    yield from capacity_part(policy, expects)
    yield from cadence_part(policy)
    yield from reasons_part(policy)
    yield from nurture_part(policy)
    yield from notices_part(policy)
    yield from scope_part(policy)
    yield from _limits(policy)
    yield from _rules(policy)


def section(title: str, numbers: str, text: str = "") -> str:
    """A heading with its requirements, and a paragraph."""
    return f"\n## {title}\n\n{text.strip()}{' ' if text else ''}[{numbers}]\n"


def _signatures(policy: Policy) -> Iterator[str]:
    yield section(
        "Signed by", "R13, R75, R123", "Both teams have read and signed this version. A change of a rule needs both signatures again."
    )
    yield table(("team", "signed by", "on"), ((one.team, one.by, one.on.isoformat()) for one in policy.approvals))


def _in_short(policy: Policy) -> Iterator[str]:
    silence = ", ".join(f"{days} days as {policy.stages[stage].label.lower()}" for stage, days in policy.silence.days.items())
    raised = policy.hand_raise
    yield section("In short", "R3, R35, R67")
    yield f"- **Qualified** is who fits ({policy.fit.bar} of 100) and is looking (intent {policy.intent.bar} of 100). Fit comes first."
    yield f"- **Who asks** for a demo, a call or a price goes to a person at once, due in {raised.respond_minutes} business minutes."
    yield f"- **A silent lead** goes back to marketing after {silence}, when the agreed touches were made and nothing is planned."
    yield "- **A lead that the rep neglects** goes to another rep, never to nurture."
    yield "- **Every lead** has one responsible side, one stage and a next look, or stands on the list of exceptions with its reason."
    yield "- **What a person typed** stands, until a newer fact and a rule that says so."


def _stages(policy: Policy) -> Iterator[str]:
    yield section(
        "Stages", "R1, R2, R3, R6, R7, R8, R11, R15, R67", "Who owes the next step, what leads in, what leads out, and what the CRM shows."
    )
    yield f"{DIAGRAM}\n"
    head = ("stage", "responsible", "what it means", "in by", "out by", "the CRM shows")
    yield table(head, (_stage_row(stage, policy) for stage in policy.stages.values()))


def _stage_row(stage: Stage, policy: Policy) -> tuple[str, ...]:
    owner = {"rep": "a rep", "queue": f"queue {policy.nurture_queue}", "keep": "as it is", "none": "nobody"}[stage.owner]
    shown = [f"{system}: {value}" for system, fields in stage.project.items() for name, value in fields.items() if name == "status"]
    return (
        f"**{stage.label}**",
        f"{SIDES[stage.side]} ({owner})",
        stage.meaning,
        ", ".join(enters(stage.name, policy)) or "first sight",
        "; ".join(leaves_by(stage.name, policy)) or "final",
        "; ".join(shown) or "as it is",
    )


def _limits(policy: Policy) -> Iterator[str]:
    guard = policy.guard
    yield section(
        "How much one run may change",
        "R51",
        "More than this in one run or in 24 hours waits for a person's approval; hand-raises are still routed.",
    )
    rows = (
        (_MOVES[move], f"{guard.per_mille[move] / 10:g} % of the leads in scope, at least {guard.floor[move]}")
        for move in MOVES
        if move in guard.per_mille
    )
    yield table(("kind of move", "limit"), [*rows, ("new tasks per rep and day", str(guard.tasks_per_rep_per_day))])


def _rules(policy: Policy) -> Iterator[str]:
    yield section(
        "Every rule, in order",
        "R2, R3, R4, R92, R93",
        "The first rule whose stage fits and whose condition holds moves the lead, and no other.",
    )
    yield table(("#", "rule", "from", "to", "when", "then"), rule_rows(policy))
