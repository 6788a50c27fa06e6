"""The vendors' objects that are routed, and how our canonical object names relate to them."""

from __future__ import annotations

ROUTED = {"hubspot": "contacts", "salesforce": "Lead"}
TASKS = {"hubspot": "tasks", "salesforce": "Task"}
LEAD, TASK = "lead", "task"
