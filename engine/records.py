"""Our canonical names of what is created, and the vendors' objects behind them."""

from __future__ import annotations

TASKS = {"hubspot": "tasks", "salesforce": "Task"}
LEAD, TASK, DEAL = "lead", "task", "deal"
EFFECTS = frozenset({TASK, DEAL})  # created last: they belong to a record that must say first what was decided
