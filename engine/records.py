"""The vendors' objects that are routed, and how our canonical object names relate to them."""

from __future__ import annotations

ROUTED = {"hubspot": "contacts", "salesforce": "Lead"}
TASKS = {"hubspot": "tasks", "salesforce": "Task"}
LEAD, TASK, DEAL = "lead", "task", "deal"
EFFECTS = frozenset({TASK, DEAL})  # created last: they belong to a record that must say first what was decided
