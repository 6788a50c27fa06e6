"""OAuth: client credentials and JWT bearer, and who the token's user is. Source: Salesforce Help, "OAuth Authorization Flows"."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.salesforce.exceptions import TokenError

if TYPE_CHECKING:
    from sandbox.apps import App
    from sandbox.salesforce.models import Salesforce

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST_ASSERTION_SECONDS = 300
_CLOCK_SKEW_SECONDS = 30


def token(model: Salesforce, form: Mapping[str, str], authorization: str | None) -> tuple[App, dict[str, Any]]:
    """The app and the reply of the token endpoint. Raises TokenError."""
    grant = form.get("grant_type", "")
    if grant == "client_credentials":
        app = _by_secret(model, form, authorization)
    elif grant == JWT_GRANT:
        app = _by_assertion(model, form.get("assertion", ""))
    else:
        raise TokenError("unsupported_grant_type", "grant type not supported")
    user = model.org.rows.get("User", app.user_id)
    if user is None or not user["IsActive"]:
        raise TokenError("invalid_grant", "inactive user")
    return app, _issue(model, app)


def _issue(model: Salesforce, app: App) -> dict[str, Any]:
    serial = model.next_token_serial()
    seal = hashlib.sha256(f"{model.org.sandbox.seed}:{app.app_id}:{serial}".encode()).hexdigest()
    text = f"{model.org.organization_id[:15]}!AQ{seal}"
    model.org.sandbox.apps.issue(app, text, float(model.org.limits.get("salesforce.session_seconds")))
    issued_at = str(int(time.time() * 1000))
    identity = model.identity_url(app.user_id or "")
    signature = hmac.new((app.client_secret or "").encode(), (identity + issued_at).encode(), hashlib.sha256).digest()
    return {
        "access_token": text,
        "signature": base64.b64encode(signature).decode(),
        "scope": " ".join(sorted(app.scopes)),
        "instance_url": model.instance_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def _by_secret(model: Salesforce, form: Mapping[str, str], authorization: str | None) -> App:
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is not None and authorization.startswith("Basic "):
        client_id, secret = _basic(authorization)
    elif not model.org.switches.get("salesforce.token_in_form"):
        raise TokenError("invalid_client", "client credentials belong into the Authorization header", 401)
    app = model.org.sandbox.apps.by_client("salesforce", client_id)
    if app is None:
        raise TokenError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest((app.client_secret or "").encode(), (secret or "").encode()):
        raise TokenError("invalid_client", "invalid client credentials")
    return app


def _basic(authorization: str) -> tuple[str, str]:
    try:
        client_id, _, secret = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TokenError("invalid_client", "invalid client credentials", 401) from None
    return client_id, secret


def _by_assertion(model: Salesforce, assertion: str) -> App:
    head, claims, signed, signature = _split(assertion)
    app = model.org.sandbox.apps.by_client("salesforce", claims.get("iss"))
    if app is None or app.public_key is None:
        raise TokenError("invalid_client_id", "client identifier invalid")
    key = load_pem_public_key(app.public_key.encode())
    if head.get("alg") != "RS256" or not isinstance(key, RSAPublicKey):
        raise TokenError("invalid_grant", "invalid assertion: RS256 is required")
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise TokenError("invalid_grant", "invalid assertion") from None
    _check_claims(model, app, claims)
    return app


def _check_claims(model: Salesforce, app: App, claims: Mapping[str, Any]) -> None:
    audience = claims.get("aud")
    if audience not in (*_AUDIENCES, model.instance_url):
        raise TokenError("invalid_grant", "audience is invalid")
    try:
        # simple-salesforce sends exp as a string, and Salesforce takes it.
        left = float(claims["exp"]) - time.time()
    except (KeyError, TypeError, ValueError):
        raise TokenError("invalid_grant", "invalid assertion: exp is missing") from None
    if not -_CLOCK_SKEW_SECONDS <= left <= _LONGEST_ASSERTION_SECONDS + _CLOCK_SKEW_SECONDS:
        raise TokenError("invalid_grant", "expired authorization code")
    if claims.get("sub") != app.username:
        raise TokenError("invalid_grant", "user hasn't approved this consumer")


def _split(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, claims, signature = assertion.split(".")
        decoded = [orjson.loads(_decode(part)) for part in (head, claims)]
        return decoded[0], decoded[1], f"{head}.{claims}".encode(), _decode(signature)
    except (ValueError, binascii.Error):
        raise TokenError("invalid_grant", "invalid assertion") from None


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def revoke(model: Salesforce, text: str) -> None:
    """End a token. Raises TokenError for one that is not in force."""
    grant = model.org.sandbox.apps.grant(text)
    if grant is None or grant.is_expired() or grant.app.vendor != "salesforce":
        raise TokenError("invalid_token", f"invalid token: {text[:15]}")
    model.org.sandbox.apps.expire(text)


def identity(model: Salesforce, app: App) -> dict[str, Any]:
    """GET /id/{org}/{user}: whose the token is. Source: Salesforce Help, "Identity URLs"."""
    user = model.org.rows.get("User", app.user_id) or {}
    info = userinfo(model, app)
    return {
        "id": info["sub"],
        "asserted_user": True,
        **{name: info[name] for name in ("user_id", "organization_id", "email", "active", "user_type", "urls")},
        "username": info["preferred_username"],
        "display_name": info["name"],
        "first_name": user.get("FirstName"),
        "last_name": user.get("LastName"),
        "timezone": info["zoneinfo"],
    }


def userinfo(model: Salesforce, app: App) -> dict[str, Any]:
    """GET /services/oauth2/userinfo."""
    user = model.org.rows.get("User", app.user_id) or {}
    return {
        "sub": model.identity_url(app.user_id or ""),
        "user_id": app.user_id,
        "organization_id": model.org.organization_id,
        "preferred_username": user.get("Username"),
        "name": user.get("Name"),
        "email": user.get("Email"),
        "zoneinfo": user.get("TimeZoneSidKey"),
        "active": user.get("IsActive"),
        "user_type": "STANDARD",
        "urls": {
            "rest": f"{model.instance_url}/services/data/v{{version}}/",
            "sobjects": f"{model.instance_url}/services/data/v{{version}}/sobjects/",
        },
    }
