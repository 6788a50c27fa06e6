"""How we talk to HubSpot: the official SDK's low-level door, raw replies, our own retries, throttling and counting.

The SDK's model classes are never used: they take 14 to 52 times as long as parsing the JSON, and they know one API version only.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import orjson
import urllib3
from hubspot.crm.contacts import ApiClient, Configuration
from hubspot.crm.contacts.exceptions import ApiException

from connectors.account import HubSpotAccount
from connectors.broken import in_words
from connectors.hubspot import errors
from connectors.hubspot.paths import Paths
from connectors.protocol import CrmError
from connectors.retry import Retry, Sending
from connectors.throttle import Throttle

WINDOW_SECONDS = 10.01  # HubSpot counts a rolling 10 s; the surplus covers what its clock rounds
SEARCH_WINDOW_SECONDS = 1.01
INTERVAL_MILLISECONDS = "10000"
LISTING = ("/objects/", "/associations/")
"""Parts of the paths that always answer with `results`: reads, searches, lists and batches of records."""
TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"


class HubSpotClient:
    """One portal's transport; safe for several threads.

    Search has its own limit; associations batch read has none of the 10-second kind.
    """

    def __init__(self, account: HubSpotAccount, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.paths = Paths(account.version)
        self._account = account
        self._api = _api_client(account)
        self._retry = Retry(sleep, account.attempts)
        self._burst = Throttle(account.limit_per_10s, WINDOW_SECONDS, monotonic, sleep)
        self._search = Throttle(account.search_limit_per_second, SEARCH_WINDOW_SECONDS, monotonic, sleep)
        self._calls: Counter[str] = Counter()
        self._daily: dict[str, int] = {}  # shared by twins: one portal has one quota
        self._lock = threading.Lock()

    def twin(self) -> HubSpotClient:
        """The same portal for a second adapter: one pool and one set of limits, and a count of its own."""
        other = copy.copy(self)
        other._calls, other._lock = Counter(), threading.Lock()
        return other

    def get(self, family: str, path: str, params: Sequence[tuple[str, str]] = ()) -> Any:
        """The parsed reply of a GET. `family` is the counter's label."""
        return self._call(family, "GET", path, list(params), None, Sending.READ, self._burst)

    def post(self, family: str, path: str, body: Mapping[str, Any], sending: Sending) -> Any:
        """The parsed reply of a POST; `sending` says whether it may be sent twice."""
        return self._call(family, "POST", path, [], dict(body), sending, self._burst)

    def search(self, family: str, path: str, body: Mapping[str, Any]) -> Any:
        """The parsed reply of a search: 5 per second for the whole portal, outside the 10-second window."""
        return self._call(family, "POST", path, [], dict(body), Sending.READ, self._search)

    def read_associations(self, family: str, path: str, body: Mapping[str, Any]) -> Any:
        """The parsed reply of an associations batch read: outside the 10-second window."""
        return self._call(family, "POST", path, [], dict(body), Sending.READ, None)

    def token_info(self) -> Mapping[str, Any]:
        """hubId, appId, userId and scopes of the token. The one request whose body holds the secret."""
        body = {"tokenKey": self._account.token.get_secret_value()}
        found = self._call("token.info", "POST", TOKEN_INFO, [], body, Sending.READ, self._burst)
        return found if isinstance(found, dict) else {}

    def calls_made(self) -> Mapping[str, int]:
        """Requests sent per route family, retries included."""
        with self._lock:
            return dict(self._calls)

    def quota_left(self) -> float | None:
        """Share of the portal's daily requests that is left; None when HubSpot has not said."""
        most = self._daily.get("most")
        return self._daily["left"] / most if most else None

    def close(self) -> None:
        """Release connections."""
        self._api.rest_client.pool_manager.clear()

    def _call(
        self,
        family: str,
        method: str,
        path: str,
        params: list[tuple[str, str]],
        body: dict[str, Any] | None,
        sending: Sending,
        throttle: Throttle | None,
    ) -> Any:
        def send() -> Any:
            try:
                with nullcontext(0) if throttle is None else throttle.turn() as taken:
                    with self._lock:
                        self._calls[family] += 1
                    return self._send_once(family, method, path, params, body, sending, taken if throttle is self._burst else 0)
            except errors.RateLimited as error:
                if throttle is not None:
                    throttle.hold(min(error.after_seconds, WINDOW_SECONDS))
                raise

        return self._retry.call(send, sending)

    def _send_once(
        self, family: str, method: str, path: str, params: list[tuple[str, str]], body: dict[str, Any] | None, sending: Sending, taken: int
    ) -> Any:
        timeout = (self._account.connect_timeout_seconds, self._account.read_timeout_seconds)
        try:
            reply = self._api.call_api(
                path, method, query_params=params, header_params={"Accept": "application/json"}, body=body,
                auth_settings=["oauth2"], _preload_content=False, _request_timeout=timeout,
            )  # fmt: skip
            data = reply.data
        except (ApiException, UnicodeDecodeError, AttributeError, urllib3.exceptions.HTTPError) as error:
            raise _meaning(family, error, sending) from None
        self._note_limits(reply.headers, taken)
        return _parsed(family, path, data, sending)

    def _note_limits(self, headers: Mapping[str, str], taken: int) -> None:
        """What a reply says of the limits; `taken` are the places of the ten seconds that we held when it was asked for, 0 outside them."""
        rest, interval = (headers.get(f"X-HubSpot-RateLimit-{name}", "") for name in ("Remaining", "Interval-Milliseconds"))
        if taken and rest.isdecimal() and interval == INTERVAL_MILLISECONDS:  # said of another window, it would slow us for nothing
            self._burst.heard(int(rest), taken)
        most, left = headers.get("X-HubSpot-RateLimit-Daily", ""), headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if most.isdecimal() and left.isdecimal():
            self._daily.update(most=int(most), left=int(left))


def _parsed(family: str, path: str, data: bytes, sending: Sending) -> Any:
    """A reply that says nothing is a lost one: read as an empty list it would mean that no record is there any more."""
    if not data:
        raise errors.lost(family, "an empty reply", sending, sent=True)
    try:
        reply = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise errors.lost(family, "a reply that is not JSON", sending, sent=True) from None
    if any(part in path for part in LISTING) and not (isinstance(reply, dict) and isinstance(reply.get("results"), list)):
        raise errors.lost(family, "a reply without results", sending, sent=True)
    return reply


def _api_client(account: HubSpotAccount) -> ApiClient:
    """One pooled client. The SDK's own retries are off: they would resend what must not be resent and count nothing."""
    configuration = Configuration()
    configuration.access_token = account.token.get_secret_value()
    configuration.host = account.base_url.rstrip("/")
    configuration.retries = False
    client = ApiClient(configuration)
    client.user_agent = "handoff"
    return client


def _meaning(family: str, error: Exception, sending: Sending) -> CrmError:
    """The SDK's exceptions in our words.

    It decodes error pages as UTF-8 and trips over Latin-1 ones and over TLS errors: the cause is its context.
    """
    if isinstance(error, (UnicodeDecodeError, AttributeError)):
        cause = error.__context__
        if not isinstance(cause, ApiException):
            raise error
        error = cause
    if isinstance(error, ApiException):
        if not error.status:
            return errors.lost(
                family, f"TLS: {error.reason}; check that the address begins with https:// and the clock", sending, sent=False
            )
        return errors.of_status(family, error.status, error.body, dict(error.headers or {}), sending)
    sent = not isinstance(error, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))
    return errors.lost(family, in_words(error), sending, sent=sent)
