"""Fixtures of the Salesforce side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from salesforce_company import Company, Rest

from sandbox.core import Sandbox


@pytest.fixture(scope="module")
def company(sandbox: Sandbox, sandbox_url: str) -> Company:
    """An org with two reps, a departed one, a queue and the four apps."""
    org = sandbox.salesforce
    rep = org.add_user("rep@acme.example", "Rita", "Rep", time_zone="Europe/Madrid")
    other = org.add_user("other@acme.example", "Otto", "Other")
    departed = org.add_user("gone@acme.example", "Gus", "Gone", active=False)
    queue = org.add_queue("Inbound Leads", members=[rep])
    apps = {role: org.add_app(role) for role in ("product", "admin", "auditor", "reader")}
    return Company(sandbox, sandbox_url, rep, other, departed, queue, apps)


@pytest.fixture(scope="module")
def rest(company: Company) -> Rest:
    """The product's client."""
    return company.rest()


@pytest.fixture
def switch(sandbox: Sandbox) -> Iterator[Callable[[str, Any], None]]:
    """Sets switches and puts all back afterwards."""
    set_switch: Callable[[str, Any], None] = sandbox.switches.set
    yield set_switch
    sandbox.switches.reset()
