"""Who and where: account details, tokens and their scopes, owners, forms, communication preferences."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from sandbox.hubspot import exceptions, shapes
from sandbox.hubspot.responses import Call, Reply
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from sandbox.apps import App

ACCESS_TOKEN_SECONDS = 1_800
_SUBSCRIPTIONS = (("1001", "Marketing Information"), ("1002", "One to One"))


def account_details(call: Call) -> Reply:
    """GET /account-info/details; uiDomain is this sandbox, so that deep links lead to its pages."""
    switches = call.portal.sandbox.switches
    zone = switches.get("hubspot.account_time_zone")
    offset = datetime.now(UTC).astimezone(ZoneInfo(zone)).utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    sign, hours, minutes = "-" if seconds < 0 else "+", abs(seconds) // 3600, abs(seconds) % 3600 // 60
    body: dict[str, Any] = {
        "portalId": call.portal.portal_id,
        "accountType": switches.get("hubspot.account_type"),
        "timeZone": zone,
        "companyCurrency": "USD",
        "additionalCurrencies": [],
        "utcOffset": f"{sign}{hours:02d}:{minutes:02d}",
        "utcOffsetMilliseconds": seconds * 1000,
        "uiDomain": call.portal.sandbox.base_url.partition("://")[2],
        "dataHostingLocation": "na1",
    }
    return Reply(200, {**body, "portalName": "Sandbox"} if call.version == "2026-09" else body)


def legacy_me(call: Call) -> Reply:
    """GET /integrations/v1/me, the older way to learn the portal id."""
    zone = call.portal.sandbox.switches.get("hubspot.account_time_zone")
    return Reply(200, {"portalId": call.portal.portal_id, "timeZone": zone, "accountType": "STANDARD", "currency": "USD"})


def token_info(call: Call) -> Reply:
    """POST /oauth/v2/private-apps/get/access-token-info."""
    if not call.portal.sandbox.switches.get("hubspot.token_info_available"):
        raise exceptions.page_not_found(call.path)
    grant = call.portal.sandbox.apps.grant(str(call.json().get("tokenKey") or ""))
    if grant is None or grant.app.vendor != "hubspot":
        raise exceptions.refusal(404, "Access token not found", "OBJECT_NOT_FOUND")
    user = int(grant.app.user_id) if grant.app.user_id else 1
    return Reply(
        200, {"userId": user, "hubId": call.portal.portal_id, "appId": _number(grant.app.app_id), "scopes": sorted(grant.app.scopes)}
    )


def access_token(call: Call) -> Reply:
    """GET /oauth/v1/access-tokens/{token}: for OAuth tokens only."""
    grant = call.portal.sandbox.apps.grant(call.parts["token"])
    if call.parts["token"].startswith("pat-") or grant is None:
        raise exceptions.invalid("The access token must have the correct format")
    app = grant.app
    return Reply(
        200,
        {
            "token": grant.token,
            "hub_id": call.portal.portal_id,
            "app_id": _number(app.app_id),
            "expires_in": _left(grant.expires_at),
            "scopes": sorted(app.scopes),
            "token_type": "access",
            "user_id": _number(app.user_id or "1"),
        },
    )


def issue_token(call: Call) -> Reply:
    """POST /oauth/token, form encoded, refresh_token grant: an access token of 1,800 s."""
    form = _form(call)
    app = call.portal.sandbox.apps.by_client("hubspot", form.get("client_id"))
    if form.get("grant_type") != "refresh_token":
        raise _oauth_error("BAD_GRANT_TYPE", "unsupported_grant_type", "this sandbox issues tokens for grant_type refresh_token only")
    if app is None or app.client_secret != form.get("client_secret"):
        raise _oauth_error("BAD_CLIENT_ID", "invalid_client", "missing or unknown client id")
    if app.refresh_token is None or app.refresh_token != form.get("refresh_token"):
        raise _oauth_error("BAD_REFRESH_TOKEN", "invalid_grant", "missing or invalid refresh token")
    return Reply(200, _issue(call, app))


def introspect(call: Call) -> Reply:
    """POST /oauth/token/introspect."""
    grant = call.portal.sandbox.apps.grant(_form(call).get("token"))
    if grant is None or grant.is_expired():
        return Reply(200, {"active": False})
    app = grant.app
    return Reply(
        200,
        {
            "active": True,
            "token_type": "bearer",
            "token_use": "access_token",
            "hub_id": call.portal.portal_id,
            "client_id": app.client_id,
            "user_id": _number(app.user_id or "1"),
            "scopes": sorted(app.scopes),
            "expires_in": _left(grant.expires_at),
        },
    )


def list_owners(call: Call) -> Reply:
    """GET /crm/owners: deactivated owners only with archived=true."""
    limit = call.limit(100, call.portal.sandbox.switches.get("hubspot.owners_page_cap"))
    found = call.portal.directory.owners(
        archived=call.flag("archived"), email=call.first("email") or None, after=call.after(), limit=limit + 1
    )
    body: dict[str, Any] = {"results": [owner.as_json(keep_user_id=_keeps_user_id(call)) for owner in found[:limit]]}
    if len(found) > limit:
        body["paging"] = call.next_link(found[limit].id)
    return Reply(200, body)


def get_owner(call: Call) -> Reply:
    """GET /crm/owners/{id}?idProperty=id|userId&archived=."""
    text, by = call.parts["owner_id"], call.first("idProperty", "id")
    if by not in ("id", "userId"):
        raise exceptions.invalid(f"Invalid idProperty {by}; use id or userId")
    number = shapes.whole(text) or -1
    owner = call.portal.directory.owner(number) if by == "id" else call.portal.directory.owner_of_user(number)
    if owner is None or owner.archived != call.flag("archived"):
        raise exceptions.object_not_found(text)
    return Reply(200, owner.as_json(keep_user_id=_keeps_user_id(call)))


def list_forms(call: Call) -> Reply:
    """GET /marketing/forms: by default those made in HubSpot; `formTypes=all` for the rest, too."""
    wanted = call.names("formTypes") or ["hubspot"]
    forms = [form for form in call.portal.directory.things("form") if "all" in wanted or form["formType"] in wanted]
    limit, after = call.limit(20, 1000), call.after()
    body: dict[str, Any] = {"results": forms[after : after + limit]}
    if after + limit < len(forms):
        body["paging"] = call.next_link(after + limit)
    return Reply(200, body)


def get_form(call: Call) -> Reply:
    """GET /marketing/forms/{guid}."""
    form = call.portal.directory.thing("form", call.parts["form_id"])
    if form is None:
        raise exceptions.object_not_found(call.parts["form_id"])
    return Reply(200, form)


def statuses_of_one(call: Call) -> Reply:
    """GET /communication-preferences/statuses/{email}."""
    return Reply(200, {"status": "COMPLETE", "results": _statuses(call, call.parts["email"])})


def statuses_batch(call: Call) -> Reply:
    """POST /communication-preferences/statuses/batch/read with up to 100 addresses."""
    raw = call.json().get("inputs")
    if not isinstance(raw, list) or not raw or len(raw) > 100:
        raise exceptions.invalid("inputs must be 1 to 100 subscriber ids")
    results = [{"subscriberIdString": str(email), "statuses": _statuses(call, str(email))} for email in raw]
    now = iso(call.portal.now_ms())
    return Reply(200, {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now})


def _statuses(call: Call, email: str) -> list[dict[str, Any]]:
    contact = next(iter(call.portal.find("contacts", email=email.lower())), None)
    values = contact.properties if contact else {}
    statuses = []
    for subscription_id, name in _SUBSCRIPTIONS:
        property_name = f"hs_email_optout_{subscription_id}"
        out = "true" in (values.get("hs_email_optout"), values.get(property_name))
        history = (
            call.portal.history("contacts", contact.id, property_name if values.get(property_name) else "hs_email_optout")
            if contact and out
            else []
        )
        status = {
            "channel": "EMAIL",
            "subscriberIdString": email,
            "subscriptionId": int(subscription_id),
            "subscriptionName": name,
            "businessUnitId": 0,
            "status": "UNSUBSCRIBED" if out else "NOT_SPECIFIED",
            "source": "USER_CLICKED_LINK" if out else "DEFAULT",
            "legalBasis": None,
        }
        statuses.append(status | ({"timestamp": iso(history[0].at)} if history else {}))
    return statuses


def _issue(call: Call, app: App) -> dict[str, Any]:
    token = "C" + secrets.token_urlsafe(48)
    call.portal.sandbox.apps.issue(app, token, ACCESS_TOKEN_SECONDS)
    return {
        "token_type": "bearer",
        "refresh_token": app.refresh_token,
        "access_token": token,
        "expires_in": ACCESS_TOKEN_SECONDS,
        "hub_id": call.portal.portal_id,
        "scopes": sorted(app.scopes),
    }


def _form(call: Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.raw.decode("utf-8", "replace")).items()}


def _oauth_error(status: str, error: str, message: str) -> exceptions.HubSpotError:
    body = {"status": status, "message": message, "correlationId": "", "error": error, "error_description": message}
    return exceptions.HubSpotError(400, body)


def _keeps_user_id(call: Call) -> bool:
    return bool(call.portal.sandbox.switches.get("hubspot.archived_owner_user_id") == "kept")


def _left(expires_at: float | None) -> int:
    return ACCESS_TOKEN_SECONDS if expires_at is None else max(int(expires_at - time.time()), 0)


def _number(text: str) -> int:
    return shapes.whole(text) or 0
