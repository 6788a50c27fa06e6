"""How we talk to Salesforce: simple-salesforce under our own session, login, retries and counting.

simple-salesforce's own refresh loses extra headers (an update would be sent again without `Sforce-Auto-Assign: FALSE`, and an assignment
rule could take the owner away) and is not single-flight; so it is given a ready token, and what happens after a 401 is decided here.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import requests
import urllib3
from simple_salesforce.exceptions import SalesforceError

from connectors.account import SalesforceAccount
from connectors.broken import in_words
from connectors.loop_guard import LoopGuard
from connectors.protocol import CrmError, Refused
from connectors.retry import Retry, Sending
from connectors.salesforce import errors
from connectors.salesforce.login import Login, RawSalesforce

# Without FALSE an active assignment rule may replace the owner on any create or update (REST API guide, "Assignment Rule Header").
NO_ASSIGNMENT = {"Sforce-Auto-Assign": "FALSE"}
# allowSave saves although an alerting duplicate rule matches; blocking rules still block (REST API guide, "Duplicate Rule Header").
SAVE_DUPLICATES = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true"}
REFUSE_DUPLICATES = {"Sforce-Duplicate-Rule-Header": "allowSave=false; includeRecordDetails=false; runAsCurrentUser=true"}
_PAGE = {"Sforce-Query-Options": "batchSize=2000"}  # a hint: real pages may be smaller

Row = Mapping[str, Any]


class SalesforceClient:
    """One org's transport; safe for several threads."""

    def __init__(self, account: SalesforceAccount, wall: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self.login = Login(account, self._count, wall)
        self._retry = Retry(sleep, account.attempts)
        self._calls: Counter[str] = Counter()
        self._usage: tuple[int, int] | None = None
        self._lock = threading.Lock()

    def pages(self, family: str, soql: str) -> Iterator[Sequence[Row]]:
        """Pages of a query, deleted and archived rows included. Raises errors.LocatorExpired when the walk must start again."""
        guard = LoopGuard(f"Salesforce {family}")
        reply = self._call(family, _page(family, lambda sf: sf.query(soql, include_deleted=True, headers=_PAGE)), Sending.READ)
        while True:
            yield reply["records"]
            following = reply.get("nextRecordsUrl")
            if reply.get("done", True) or not following:
                return
            guard.step(following)
            reply = self._call(f"{family}.more", _page(family, _page_at(following)), Sending.READ)

    def rows(self, family: str, soql: str) -> list[Row]:
        """All rows of a query."""
        return [row for page in self.pages(family, soql) for row in page]

    def get(self, family: str, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The parsed reply of a GET under /services/data/vXX.0/; None for an empty one."""
        return self._call(family, lambda sf: sf.restful(path, params=dict(params or {})), Sending.READ)

    def save(self, family: str, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str], sending: Sending) -> Any:
        """The parsed reply of a write; assignment rules never run."""
        data, sent = orjson.dumps(body), {**NO_ASSIGNMENT, **headers}
        return self._call(family, lambda sf: sf.restful(path, method=method, data=data, headers=sent), sending)

    def deploy(self, family: str, path: str, parts: Mapping[str, Any]) -> Any:
        """A multipart POST (metadata deploy). Sent once."""
        return self._call(family, lambda sf: _multipart(sf, path, parts), Sending.CREATE)

    def calls_made(self) -> Mapping[str, int]:
        """Requests sent per route family, retries and token calls included."""
        with self._lock:
            return dict(self._calls)

    def quota_left(self) -> float | None:
        """Share of the org's daily requests that is left (Sforce-Limit-Info); None before the first call."""
        usage = self._usage
        return 1 - usage[0] / usage[1] if usage and usage[1] else None

    def close(self) -> None:
        """Release connections."""
        self.login.session.close()

    def _count(self, family: str) -> None:
        with self._lock:
            self._calls[family] += 1

    def _call(self, family: str, send: Callable[[RawSalesforce], Any], sending: Sending) -> Any:
        return self._retry.call(lambda: self._with_token(family, send, sending), sending)

    def _with_token(self, family: str, send: Callable[[RawSalesforce], Any], sending: Sending) -> Any:
        """Send; after one 401 send again with a new token. A 401 says that nothing was done, so creates may be sent again too."""
        client = self.login.current()
        try:
            return self._send_once(family, client, send, sending)
        except errors.SessionExpired:
            fresh = self.login.renew(client)
        try:
            return self._send_once(family, fresh, send, sending)
        except errors.SessionExpired as error:
            raise Refused(f"{error}; a new token is not accepted either: check the integration user", "expired") from None

    def _send_once(self, family: str, client: RawSalesforce, send: Callable[[RawSalesforce], Any], sending: Sending) -> Any:
        self._count(family)
        try:
            reply = send(client)
        except SalesforceError as error:
            raise errors.of_reply(family, int(error.status), error.content, sending) from None
        except requests.RequestException as error:
            raise errors.lost(family, in_words(error), sending, sent=_was_sent(error)) from None
        except orjson.JSONDecodeError:
            raise _unreadable(family, sending) from None
        usage = client.api_usage.get("api-usage")
        if usage is not None:
            self._usage = int(usage.used), int(usage.total)
        return reply


def _page(family: str, send: Callable[[RawSalesforce], Any]) -> Callable[[RawSalesforce], Any]:
    """A page without records is a lost one: read as an empty page it would move the cursor past what was never read."""

    def checked(client: RawSalesforce) -> Any:
        reply = send(client)
        if not isinstance(reply, dict) or not isinstance(reply.get("records"), list):
            raise errors.lost(family, "a reply without records", Sending.READ, sent=True)
        return reply

    return checked


def _page_at(url: str) -> Callable[[RawSalesforce], Any]:
    return lambda sf: sf.query_more(url, identifier_is_url=True)


def _multipart(client: RawSalesforce, path: str, parts: Mapping[str, Any]) -> Any:
    """requests sets the multipart boundary itself, so simple-salesforce's JSON content type must not be sent."""
    headers = {"Authorization": client.headers["Authorization"]}
    reply = client.session.post(f"{client.base_url}{path}", files=dict(parts), headers=headers)
    content = client.parse_result_to_json(reply)
    if reply.status_code >= 300:
        raise SalesforceError(reply.url, reply.status_code, path, content)
    return content


def _was_sent(error: requests.RequestException) -> bool:
    """Whether Salesforce may have got the request: not when no connection came about."""
    if isinstance(error, requests.ConnectTimeout):
        return False
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return not isinstance(
        reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.SSLError)
    )


def _unreadable(family: str, sending: Sending) -> CrmError:
    return errors.lost(family, "a reply that is not JSON", sending, sent=True)
