"""The vendor's APIs that this sandbox does not serve, refused in their own forms, so that a client of theirs shows the words."""

from __future__ import annotations

import re
from html import escape
from typing import Any

_FIRST_IN_BODY = re.compile(r"<(?:[\w.-]+:)?Body[^>]*>\s*<(?:[\w.-]+:)?([\w.-]+)")
LOGIN_IS_OFF = "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
_FAULT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode>'
    '<faultstring>{code}: {text}</faultstring><detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
    "<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:{kind}></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


def soap_fault(path: str, action: str, body: str) -> str:
    """The fault of a SOAP call: for login() that of an org made since it is off, for all else what is not served here."""
    found = _FIRST_IN_BODY.search(body)
    operation = found[1] if found is not None else action.strip('" ') or "this call"
    is_login = operation == "login" and path.split("/")[0] in ("u", "c")
    text = LOGIN_IS_OFF if is_login else f"this sandbox does not serve {operation} of the SOAP API"
    return _FAULT.format(code="INVALID_OPERATION", text=escape(text), kind="LoginFault" if is_login else "UnexpectedErrorFault")


def bulk_refusal() -> dict[str, Any]:
    """The body of a refused Bulk API 1 call."""
    return {"exceptionCode": "FeatureNotEnabled", "exceptionMessage": "Async API not enabled (this sandbox does not serve the Bulk API)"}
