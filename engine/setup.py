"""Setup: makes the fields that are ours, with an administrator's credentials. Writes to no lead, and works while writes are off."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.protocol import Crm
from engine.context import Engine
from engine.report import NAMES


def setup(engine: Engine, admin_crms: Mapping[str, Crm], apply: bool) -> list[str]:
    """What is missing per CRM, one line each; with `apply` it is made and the lines say what was done.

    `admin_crms` are connectors opened with an administrator's credentials. Raises Refused(reason="scope") when these may not.
    """
    lines: list[str] = []
    for system, admin in admin_crms.items():
        name = NAMES.get(system, system)
        missing = admin.missing_own_fields()
        if not missing:
            lines.append(f"{name}: all own fields are there")
        elif apply:
            run_time = engine.crms.get(system, admin)
            lines += [f"{name}: {done}" for done in admin.create_own_fields(run_time.identity().user_id)]
        else:
            lines += [f"{name}: {object_name} has no {field}" for object_name, field in missing]
    return lines
