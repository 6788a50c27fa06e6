"""query, queryAll, their locators, and the tooling query."""

from __future__ import annotations

import re

from sandbox.salesforce.calls import Call, Reply
from sandbox.salesforce.exceptions import ApiError, not_served
from sandbox.salesforce.queries import Page

_BATCH = re.compile(r"batchsize\s*=\s*(\d+)", re.IGNORECASE)
_SMALLEST_BATCH, _LARGEST_BATCH = 200, 2000


def query(call: Call) -> Reply:
    """GET query?q=."""
    return _run(call, "query", all_rows=False)


def query_all(call: Call) -> Reply:
    """GET queryAll?q=: deleted and archived records too."""
    return _run(call, "query", all_rows=True)


def tooling_query(call: Call) -> Reply:
    """GET tooling/query?q=."""
    return _run(call, "tooling/query", all_rows=False)


def more(call: Call) -> Reply:
    """GET query/{locator}."""
    return _reply(call, "query", call.model.queries.more(call.parts["locator"], call.access))


def _run(call: Call, path: str, *, all_rows: bool) -> Reply:
    if "explain" in call.query:
        raise not_served(f"{path}?explain=")
    if not call.query.get("q"):
        raise ApiError(400, "MALFORMED_QUERY", "unexpected token: '<EOF>'")
    tooling = path.startswith("tooling")
    page = call.model.queries.run(
        call.query["q"], call.access, version=call.version, batch=_batch_size(call), all_rows=all_rows, tooling=tooling
    )
    return _reply(call, path, page)


def _batch_size(call: Call) -> int | None:
    match = _BATCH.search(call.headers.get("sforce-query-options", ""))
    if match is None:
        return None
    return min(max(int(match[1]), _SMALLEST_BATCH), _LARGEST_BATCH)


def _reply(call: Call, path: str, page: Page) -> Reply:
    payload = {"totalSize": page.total, "done": page.locator is None, "records": page.records}
    if page.locator is not None:
        payload["nextRecordsUrl"] = f"/services/data/{call.version}/{path}/{page.locator}"
    return Reply(200, payload)
