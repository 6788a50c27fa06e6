"""What broke a connection is said in words, and nothing of the request is."""

from __future__ import annotations

import pytest
import requests
import urllib3

from connectors.broken import in_words

_REFUSED = urllib3.exceptions.NewConnectionError(None, "https://x.example/?token=secret")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (_REFUSED, "nobody answers at that address"),
        (requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/secret", _REFUSED)), "nobody answers at that address"),  # type: ignore[arg-type]
        (requests.ReadTimeout("secret"), "no answer within the time-out"),
        (requests.exceptions.SSLError("secret"), "the certificate or the protocol is not accepted"),
        (RuntimeError("secret"), "RuntimeError"),
    ],
)
def test_the_innermost_cause_is_told_and_nothing_is_repeated(error: Exception, says: str) -> None:
    assert says in in_words(error)
    assert "secret" not in in_words(error)
