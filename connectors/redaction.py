"""Takes tokens and people out of words that are about to leave a connector (messages, reasons, logs)."""

from __future__ import annotations

import re

_SECRETS = (
    re.compile(r"pat-[a-z]{2}\d-[0-9A-Za-z-]+"),  # HubSpot private app or service key
    re.compile(r"00D[0-9A-Za-z]{12,15}![0-9A-Za-z._]+"),  # Salesforce session id
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(r"(?i)(?<=basic )[0-9A-Za-z+/=]{8,}"),
    re.compile(r"(?<=assertion=)\S+"),
    re.compile(r"eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+"),  # a JSON web token
    re.compile(r"(?i)((?:access|refresh)_token|client_secret|tokenkey|assertion)(\"?\s*[=:]\s*\"?)[^\s\"&,}]+"),
)
_EMAIL = re.compile(r"[^\s@\"'<>\[\](),;:=]+@[^\s@\"'<>\[\](),;:=]+\.[^\s@\"'<>\[\](),;:=]+")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}\d")
LONGEST = 300


def redact(words: str) -> str:
    """`words` on one line of at most 300 characters, without tokens, e-mail addresses and international phone numbers."""
    text = " ".join(words.split())
    for pattern in _SECRETS:
        text = pattern.sub(lambda found: f"{found.group(1)}{found.group(2)}(hidden)" if found.re.groups else "(hidden)", text)
    text = _PHONE.sub("(phone)", _EMAIL.sub("(e-mail)", text))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
