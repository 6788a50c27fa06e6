"""Tokens: both flows, their refusals, the end of a session, and what needs no token."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from salesforce_company import Company, Rest, ToSandbox
from simple_salesforce import Salesforce as SimpleSalesforce

from sandbox.core import Sandbox
from sandbox.faults import Fault

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def jwt_app(company: Company, key: rsa.RSAPrivateKey) -> Any:
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return company.sandbox.salesforce.add_app("reader", name="jwt_reader", public_key=public)


def ask(company: Company, form: dict[str, str], **options: Any) -> requests.Response:
    return requests.post(f"{company.url}/services/oauth2/token", data=form, timeout=10, **options)


def assertion(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signed = f"{part({'alg': 'RS256'})}.{part(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_client_credentials_work_by_basic_and_by_form(company: Company) -> None:
    app = company.apps["product"]
    by_basic = ask(company, {"grant_type": "client_credentials"}, auth=(app.client_id, app.client_secret)).json()
    by_form = ask(company, {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}).json()
    for reply in (by_basic, by_form):
        assert set(reply) == {"access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope"}
        assert reply["instance_url"] == "https://acme.my.salesforce.com"
        assert reply["id"] == f"https://login.salesforce.com/id/{company.sandbox.salesforce.org.organization_id}/{app.user_id}"
    assert by_basic["access_token"] != by_form["access_token"]


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}, "invalid_client_id", 400),
        ({"grant_type": "client_credentials", "client_id": "PRODUCT", "client_secret": "wrong"}, "invalid_client", 400),
        ({"grant_type": "password", "username": "x"}, "unsupported_grant_type", 400),
        ({"grant_type": JWT, "assertion": "not.a.jwt"}, "invalid_grant", 400),
        ({}, "unsupported_grant_type", 400),
    ],
)
def test_refusals_are_an_object_with_error_and_description(company: Company, form: dict[str, str], error: str, status: int) -> None:
    known = {name: company.apps["product"].client_id if value == "PRODUCT" else value for name, value in form.items()}
    reply = ask(company, known)
    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert reply.json()["error_description"]


def test_jwt_bearer_checks_signature_audience_user_and_end(company: Company, jwt_app: Any, key: rsa.RSAPrivateKey) -> None:
    good = {"iss": jwt_app.client_id, "sub": jwt_app.username, "aud": "https://login.salesforce.com", "exp": str(int(time.time()) + 180)}
    assert ask(company, {"grant_type": JWT, "assertion": assertion(key, **good)}).status_code == 200
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    bad = {
        "signature": assertion(other_key, **good),
        "audience": assertion(key, **{**good, "aud": "https://evil.example"}),
        "user": assertion(key, **{**good, "sub": "someone@else.example"}),
        "end": assertion(key, **{**good, "exp": str(int(time.time()) - 600)}),
        "long life": assertion(key, **{**good, "exp": int(time.time()) + 86_400}),
        "no end": assertion(key, **{name: value for name, value in good.items() if name != "exp"}),
    }
    for name, text in bad.items():
        assert ask(company, {"grant_type": JWT, "assertion": text}).json().get("error") == "invalid_grant", name


def test_simple_salesforce_logs_in_by_jwt(company: Company, jwt_app: Any, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    session = requests.Session()
    session.mount("https://", ToSandbox(company.url))
    client = SimpleSalesforce(username=jwt_app.username, consumer_key=jwt_app.client_id, privatekey=pem, domain="login", session=session)
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_an_inactive_user_gets_no_token(company: Company) -> None:
    app = company.sandbox.salesforce.add_app("reader", name="left")
    company.sandbox.salesforce.org.rows.update("User", app.user_id, {"IsActive": False})
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}
    assert ask(company, form).json()["error"] == "invalid_grant"


def test_userinfo_tells_org_and_user(company: Company, rest: Rest) -> None:
    reply = requests.get(f"{company.url}/services/oauth2/userinfo", headers={"Authorization": f"Bearer {rest.token}"}, timeout=10).json()
    assert reply["user_id"] == company.apps["product"].user_id
    assert reply["organization_id"] == company.sandbox.salesforce.org.organization_id


def test_versions_need_no_token_but_everything_else_does(company: Company) -> None:
    versions = requests.get(f"{company.url}/services/data", timeout=10).json()
    assert [one["version"] for one in versions][:: len(versions) - 1] == ["31.0", "68.0"]
    assert {one["version"]: one["label"] for one in versions}["67.0"] == "Summer '26"
    for token in ("", "made-up"):
        assert Rest(company.url, token).refusal("GET", "limits")[:2] == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize("version", ["v30.0", "v69.0", "v66", "v66.1", "66.0", "vx.0"])
def test_an_unknown_version_is_refused(rest: Rest, version: str) -> None:
    assert rest.refusal("GET", "limits", version=version)[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize("version", ["v31.0", "v59.0", "v68.0"])
def test_versions_50_to_68_are_served(rest: Rest, version: str) -> None:
    assert rest.get("", version=version)["sobjects"] == f"/services/data/{version}/sobjects"


def test_a_session_ends_after_its_wall_clock_seconds(sandbox: Sandbox, company: Company) -> None:
    sandbox.limits.set("salesforce.session_seconds", 0.0)
    try:
        short = company.rest()
        assert short.refusal("GET", "limits") == (401, "INVALID_SESSION_ID", "Session expired or invalid")
    finally:
        sandbox.limits.reset()


def test_a_planned_fault_ends_a_session_and_a_new_token_goes_on(sandbox: Sandbox, company: Company) -> None:
    client = company.rest()
    sandbox.faults.add(Fault("expire_token", vendor="salesforce", path="*/limits*", after=1))
    client.get("limits")
    assert client.refusal("GET", "limits")[0] == 401
    assert client.refusal("GET", "sobjects")[0] == 401
    company.rest().get("limits")
    sandbox.faults.clear()


def test_paths_and_methods_that_do_not_exist_are_refused(rest: Rest) -> None:
    assert rest.refusal("GET", "nothing/here")[:2] == (404, "NOT_FOUND")
    assert rest.refusal("PUT", "sobjects/Lead")[:2] == (405, "METHOD_NOT_ALLOWED")
    assert rest.refusal("GET", "sobjects/Nothing/describe")[:2] == (404, "NOT_FOUND")


def test_a_long_address_is_414(rest: Rest) -> None:
    assert rest.call("GET", "query", params={"q": "SELECT Id FROM Lead WHERE Name = '" + "x" * 16_400 + "'"}).status_code == 414


def test_usage_is_told_on_every_reply_and_the_day_ends_at_its_limit(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.salesforce.reset_usage()
    sandbox.limits.set("salesforce.daily_requests", 3)
    try:
        told = [rest.call("GET", "limits").headers["Sforce-Limit-Info"] for _ in range(3)]
        assert told == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]
        assert rest.refusal("GET", "limits") == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    finally:
        sandbox.limits.reset()
    assert rest.get("limits")["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_996}
