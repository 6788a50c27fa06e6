"""The requests side of Salesforce, word by word: headers, token, time-outs, and what each reply means. No server: canned replies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from connectors.account import SalesforceAccount
from connectors.protocol import Interrupted, Refused, TryLater
from connectors.retry import Sending
from connectors.salesforce.client import SAVE_DUPLICATES, SalesforceClient
from connectors.salesforce.login import Login

ORG = "https://acme.my.salesforce.com"
TOKEN = f"{ORG}/services/oauth2/token"
UPDATE = f"{ORG}/services/data/v67.0/composite/sobjects"
QUERY = f"{ORG}/services/data/v67.0/queryAll/"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
AUDIENCE = "https://login.salesforce.com"
IDENTITY = "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA"


def wall() -> datetime:
    """The vendor's time, standing still."""
    return datetime(2026, 11, 3, 15, 0, tzinfo=UTC)


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    """Canned replies; a request that was not foreseen fails the test."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def account(**changes: Any) -> SalesforceAccount:
    """Client credentials, two tries."""
    return SalesforceAccount(**{"instance_url": ORG, "client_id": "key", "client_secret": SecretStr("hush"), "attempts": 2, **changes})


def client(**changes: Any) -> SalesforceClient:
    """A client whose pauses are on paper."""
    return SalesforceClient(account(**changes), wall, lambda seconds: None)


def add_token(net: responses.RequestsMock, token: str = "tok1", **more: Any) -> None:
    """A token reply."""
    net.post(TOKEN, json={"access_token": token, "instance_url": ORG, "id": IDENTITY, "token_type": "Bearer", **more})


def update(one: SalesforceClient) -> Any:
    """One collection update."""
    return one.save("collections.update.Lead", "PATCH", "composite/sobjects", {"records": []}, SAVE_DUPLICATES, Sending.UPDATE)


def test_every_write_says_that_no_assignment_rule_may_run_also_after_a_new_token(net: responses.RequestsMock) -> None:
    """simple-salesforce's own refresh would drop the header and an assignment rule could take the owner."""
    add_token(net, "tok1")
    net.patch(UPDATE, status=401, json=EXPIRED)
    add_token(net, "tok2")
    net.patch(UPDATE, json=[{"id": "00Q", "success": True, "errors": []}])
    assert update(client())[0]["success"]
    sent = [call.request for call in net.calls if call.request.method == "PATCH"]
    assert [one.headers["Authorization"] for one in sent] == ["Bearer tok1", "Bearer tok2"]
    assert [one.headers["Sforce-Auto-Assign"] for one in sent] == ["FALSE", "FALSE"]
    assert all("allowSave=true" in one.headers["Sforce-Duplicate-Rule-Header"] for one in sent)


def test_a_session_that_is_never_accepted_ends_after_two_tokens(net: responses.RequestsMock) -> None:
    """simple-salesforce loops for ever here (its issue 804)."""
    add_token(net)
    net.patch(UPDATE, status=401, json=EXPIRED)
    one = client()
    with pytest.raises(Refused, match="integration user"):
        update(one)
    assert one.calls_made() == {"token": 2, "collections.update.Lead": 2}


def test_a_401_that_is_no_json_is_a_session_too(net: responses.RequestsMock) -> None:
    """An edge may answer HTML; the token is renewed once."""
    add_token(net)
    net.patch(UPDATE, status=401, body="<html>no</html>")
    with pytest.raises(Refused):
        update(client())


def test_a_user_without_api_access_is_told_so_and_not_retried(net: responses.RequestsMock) -> None:
    """A new token would not help."""
    add_token(net)
    net.patch(
        UPDATE, status=401, json=[{"message": "This session is not valid for use with the REST API", "errorCode": "INVALID_SESSION_ID"}]
    )
    one = client()
    with pytest.raises(Refused, match="API Enabled") as refused:
        update(one)
    assert refused.value.reason == "credentials"
    assert one.calls_made()["token"] == 1


def test_threads_that_find_the_token_spent_cause_one_login(net: responses.RequestsMock) -> None:
    """Single flight: eight threads, one more token."""
    add_token(net)
    logins: list[str] = []
    login = Login(account(), logins.append, wall)
    spent = login.current()
    fresh: list[object] = []
    threads = [threading.Thread(target=lambda: fresh.append(login.renew(spent))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logins == ["token", "token"]
    assert len({id(one) for one in fresh}) == 1


def test_client_credentials_go_by_basic_authorization(net: responses.RequestsMock) -> None:
    """The secret is in no body and no address."""
    add_token(net)
    Login(account(), lambda family: None, wall).current()
    request = net.calls[0].request
    assert parse_qs(str(request.body)) == {"grant_type": ["client_credentials"]}
    assert request.headers["Authorization"] == "Basic a2V5Omh1c2g="


def test_the_jwt_flow_signs_who_we_are(net: responses.RequestsMock) -> None:
    """RS256; issuer, subject, audience, and an end three minutes from the clock that is handed in."""
    add_token(net)
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    Login(account(client_secret=None, private_key=pem, username="int@acme.example"), lambda family: None, wall).current()
    form = parse_qs(str(net.calls[0].request.body))
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(form["assertion"][0], key.public_key(), algorithms=["RS256"], audience=AUDIENCE, options={"verify_exp": False})
    assert (claims["iss"], claims["sub"]) == ("key", "int@acme.example")
    assert claims["exp"] == int(datetime(2026, 11, 3, 15, 3, tzinfo=UTC).timestamp())


def test_an_unreadable_key_is_refused_with_the_mend() -> None:
    """The key itself is not in the message."""
    with pytest.raises(Refused, match="PEM") as refused:
        Login(account(client_secret=None, private_key="nonsense-key", username="int@acme.example"), lambda family: None, wall).current()
    assert "nonsense-key" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "content", "error", "says"),
    [
        (400, {"error": "invalid_client_id", "error_description": "client identifier invalid"}, Refused, "invalid_client_id"),
        (400, {"error": "invalid_grant", "error_description": "no client credentials user enabled"}, Refused, "Run As"),
        (503, None, TryLater, "out of order"),
    ],
)
def test_a_refused_login_says_what_to_check(
    net: responses.RequestsMock, status: int, content: dict[str, str] | None, error: type[Exception], says: str
) -> None:
    """Each refusal of the token endpoint, and an outage of it."""
    net.post(TOKEN, status=status, json=content) if content else net.post(TOKEN, status=status, body="<html/>")
    with pytest.raises(error, match=says):
        Login(account(), lambda family: None, wall).current()


def test_another_org_is_refused_before_the_first_call(net: responses.RequestsMock) -> None:
    """The token reply names the org already."""
    add_token(net)
    with pytest.raises(Refused) as refused:
        update(client(org_id="00D000000000002AAA"))
    assert refused.value.reason == "wrong_account"
    assert len(net.calls) == 1


def test_every_request_has_time_outs(net: responses.RequestsMock) -> None:
    """simple-salesforce has none: a hanging connection would hang the run."""
    net.get(ORG, json={})
    one = client(connect_timeout_seconds=3, read_timeout_seconds=4)
    one.login.session.get(ORG)
    assert net.calls[0].request.req_kwargs["timeout"] == (3, 4)


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (400, [{"errorCode": "INVALID_FIELD", "message": "No such column 'X__c'"}], Refused, "field"),
        (400, [{"errorCode": "INVALID_TYPE", "message": "sObject type 'X' is not supported."}], Refused, "object"),
        (403, [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}], Refused, "scope"),
        (403, [{"errorCode": "TXN_SECURITY_METERING_ERROR", "message": "no"}], Refused, "scope"),
        (400, [{"errorCode": "QUERY_TIMEOUT", "message": "slow"}], TryLater, None),
        (420, "", TryLater, None),
        (503, "<html/>", TryLater, None),
    ],
)
def test_what_a_refused_read_means(net: responses.RequestsMock, status: int, body: Any, error: type[Exception], reason: str | None) -> None:
    """Errors tell the caller what to do, not what HTTP said."""
    add_token(net)
    net.get(QUERY, status=status, **({"json": body} if isinstance(body, list) else {"body": body}))
    with pytest.raises(error) as raised:
        client().rows("query.Lead", "SELECT Id FROM Lead")
    assert reason is None or getattr(raised.value, "reason", None) == reason


def test_a_lost_create_is_not_sent_again_but_a_refused_connection_is(net: responses.RequestsMock) -> None:
    """Only a request that certainly was not received may be repeated blindly."""
    add_token(net)
    net.post(UPDATE, body=requests.exceptions.ChunkedEncodingError("half a reply"))
    one = client()
    with pytest.raises(Interrupted):
        one.save("collections.create.Task", "POST", "composite/sobjects", {}, {}, Sending.CREATE)
    assert one.calls_made()["collections.create.Task"] == 1
    net.replace("POST", UPDATE, body=requests.exceptions.ConnectTimeout("nobody there"))
    with pytest.raises(TryLater):
        one.save("collections.create.Task", "POST", "composite/sobjects", {}, {}, Sending.CREATE)
    assert one.calls_made()["collections.create.Task"] == 3


def test_quota_left_is_read_from_the_limit_header(net: responses.RequestsMock) -> None:
    """Sforce-Limit-Info: api-usage=250/1000."""
    add_token(net)
    net.get(QUERY, json={"done": True, "records": []}, headers={"Sforce-Limit-Info": "api-usage=250/1000"})
    one = client()
    assert one.quota_left() is None
    one.rows("query.Lead", "SELECT Id FROM Lead")
    assert one.quota_left() == pytest.approx(0.75)


def test_secrets_are_not_printed() -> None:
    """An account in a log shows no secret."""
    shown = repr(account())
    assert "hush" not in shown
