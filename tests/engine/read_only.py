"""A guard for tests: inside it no CRM may be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine_worlds import Place


@contextmanager
def no_writes(company: Place) -> Iterator[None]:
    """Fails when any CRM's records, tasks or write counter changed."""
    before = company.picture(), company.tasks(), [crm.writes for crm in company.crms.values()]
    yield
    assert (company.picture(), company.tasks(), [crm.writes for crm in company.crms.values()]) == before
