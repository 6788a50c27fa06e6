"""The token: one login at a time, renewed once for all threads when it runs out.

Our requests.Session carries every call, token calls included.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import jwt
import orjson
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from connectors.account import SalesforceAccount
from connectors.broken import in_words
from connectors.protocol import Refused
from connectors.retry import Sending
from connectors.salesforce import errors

POOL_SIZE = 16
_JWT_LIFE = timedelta(minutes=3)  # Salesforce takes no assertion that lives longer


class RawSalesforce(Salesforce):
    """simple-salesforce with replies parsed by orjson (its own parser builds an OrderedDict per record)."""

    def parse_result_to_json(self, result: requests.Response) -> Any:
        """The reply's JSON."""
        return orjson.loads(result.content)


class Login:
    """Logs in when first needed and again when a token has run out; threads that find it run out together cause one login.

    `wall` is the time that Salesforce's own login server has, whatever day the business clock of a sandbox shows.
    """

    def __init__(self, account: SalesforceAccount, count: Callable[[str], None], wall: Callable[[], datetime]) -> None:
        self._account = account
        self._count = count
        self._wall = wall
        self._lock = threading.Lock()
        self._current: RawSalesforce | None = None
        self.org_id = ""
        self.user_id = ""
        self.session = _session(account)

    def current(self) -> RawSalesforce:
        """The client with a token. Raises Refused(reason="credentials" or "wrong_account"), TryLater."""
        with self._lock:
            if self._current is None:
                self._current = self._log_in()
            return self._current

    def renew(self, spent: RawSalesforce) -> RawSalesforce:
        """A client with a newer token than `spent`."""
        with self._lock:
            if self._current is spent or self._current is None:
                self._current = self._log_in()
            return self._current

    def _log_in(self) -> RawSalesforce:
        self._count("token")
        url = f"{self._account.instance_url.rstrip('/')}/services/oauth2/token"
        try:
            reply = self.session.post(url, data=_grant(self._account, self._wall()), auth=_basic(self._account))
        except requests.RequestException as error:
            raise errors.lost("login", in_words(error), Sending.READ, sent=True) from None
        content = _parsed(reply)
        if reply.status_code != 200 or "access_token" not in content:
            raise errors.of_login(reply.status_code, content)
        self._note_identity(str(content.get("id", "")))
        client = RawSalesforce(
            session_id=content["access_token"],
            instance_url=content.get("instance_url") or self._account.instance_url,
            version=self._account.api_version,
            session=self.session,
        )
        client.headers.pop("X-PrettyPrint", None)
        return client

    def _note_identity(self, id_url: str) -> None:
        """The token reply's `id` ends in /id/{org}/{user}."""
        parts = id_url.rstrip("/").split("/")
        if len(parts) >= 2:
            self.org_id, self.user_id = parts[-2], parts[-1]
        pinned = self._account.org_id
        if pinned and self.org_id and self.org_id[:15] != pinned[:15]:
            raise Refused(
                f"Salesforce: the credentials open org {self.org_id}, the settings pin org {pinned}; change one of them", "wrong_account"
            )


class _Adapter(HTTPAdapter):
    """Default time-outs on every request (simple-salesforce has none), and, for the sandbox alone, another address under the same Host."""

    def __init__(self, account: SalesforceAccount) -> None:
        super().__init__(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)
        self._timeout = (account.connect_timeout_seconds, account.read_timeout_seconds)
        self._base = urlsplit(account.base_url) if account.base_url else None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send with a time-out, to the rewritten address where there is one."""
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout
        if self._base is not None and request.url is not None:
            asked = urlsplit(request.url)
            request.headers["Host"] = asked.netloc
            request.url = urlunsplit((self._base.scheme, self._base.netloc, asked.path, asked.query, ""))
        return super().send(request, *args, **kwargs)


def _session(account: SalesforceAccount) -> requests.Session:
    """Without cookies, so that threads share nothing but the connection pool."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = account.base_url is None
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(account))
    return session


def _basic(account: SalesforceAccount) -> tuple[str, str] | None:
    return (account.client_id, account.client_secret.get_secret_value()) if account.client_secret is not None else None


def _grant(account: SalesforceAccount, wall: datetime) -> Mapping[str, str]:
    """Client credentials, or the JWT bearer flow: RS256, claims iss, sub, aud and exp at most three minutes ahead."""
    if account.client_secret is not None:
        return {"grant_type": "client_credentials"}
    ends = int((wall + _JWT_LIFE).timestamp())
    claims = {"iss": account.client_id, "sub": account.username, "aud": account.audience, "exp": ends}
    key = account.private_key or SecretStr("")
    try:
        assertion = jwt.encode(claims, key.get_secret_value(), algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Refused("Salesforce login: the private key cannot be read; it must be an RSA key in PEM form", "credentials") from None
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


def _parsed(reply: requests.Response) -> Mapping[str, Any]:
    try:
        found = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
