"""What broke a connection, in words that somebody can act on who does not know the libraries' class names."""

from __future__ import annotations

_WORDS = {
    "NewConnectionError": "nobody answers at that address; check the address, the network and the proxy",
    "ConnectionRefusedError": "nobody answers at that address; check the address, the network and the proxy",
    "NameResolutionError": "the host's name is not known; check the address in the settings",
    "LocationValueError": "the address holds no host; check the address in the settings",
    "LocationParseError": "the address is not readable; check the address in the settings",
    "ConnectTimeoutError": "no connection within the time-out; check the address, the network and the proxy",
    "ConnectTimeout": "no connection within the time-out; check the address, the network and the proxy",
    "ReadTimeoutError": "no answer within the time-out (HANDOFF_TIMEOUT_SECONDS)",
    "ReadTimeout": "no answer within the time-out (HANDOFF_TIMEOUT_SECONDS)",
    "SSLError": "TLS: the certificate or the protocol is not accepted; check that the address begins with https:// and the clock",
    "ProtocolError": "the connection broke off",
    "IncompleteRead": "the connection broke off in the middle of an answer",
    "ChunkedEncodingError": "the connection broke off in the middle of an answer",
    "TooManyRedirects": "the address sends on in a circle; check the address in the settings",
    "MaxRetryError": "the address sends on in a circle; check the address in the settings",
    "ConnectionError": "the connection failed",
}
_DEEPEST = 6


def in_words(error: BaseException) -> str:
    """The innermost cause that has words here, else the class's name. Nothing of the request is repeated."""
    chain: list[BaseException] = [error]
    while len(chain) < _DEEPEST and (cause := _cause(chain[-1])) is not None:
        chain.append(cause)
    known = [type(one).__name__ for one in chain if type(one).__name__ in _WORDS]
    name = known[-1] if known else type(error).__name__
    return f"{_WORDS[name]} ({name})" if known else name


def _cause(error: BaseException) -> BaseException | None:
    found = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return found if isinstance(found, BaseException) else error.__cause__
