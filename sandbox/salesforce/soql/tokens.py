"""Splits SOQL into tokens. Anything that is not a token of the language is refused at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.salesforce.soql.errors import malformed

_PATTERN = re.compile(
    r"""(?P<space>\s+)
  | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
  | (?P<date>\d{4}-\d{2}-\d{2}(?![\dT]))
  | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))
  | (?P<counted>[A-Za-z_]+:\d+)
  | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<operator><=|>=|!=|<>|=|<|>)
  | (?P<mark>[(),])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is a group name of the pattern or `end`; `at` is the offset in the query."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """Upper-case text, for keywords."""
        return self.text.upper() if self.kind == "name" else ""


def tokenize(text: str) -> list[Token]:
    """Tokens of the query, ended by one of kind `end`. Raises SoqlError (MALFORMED_QUERY)."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            raise malformed(_refusal(text, position), position)
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match.group(), position))
        position = match.end()
    tokens.append(Token("end", "<EOF>", len(text)))
    return tokens


def _refusal(text: str, position: int) -> str:
    character = text[position]
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1)
    if character == "'":
        return f"line {line}:{column} mismatched character '<EOF>' expecting '''"
    return f"line {line}:{column} no viable alternative at character '{character}'"


def unescape(token: Token) -> str:
    """The value of a quoted string. Raises SoqlError for an escape SOQL does not have."""
    return _decode(token, for_like=False)


def like_pattern(token: Token) -> str:
    r"""The value of a quoted string as a LIKE pattern with `\` as its escape character."""
    return _decode(token, for_like=True)


def _decode(token: Token, *, for_like: bool) -> str:
    body = token.text[1:-1]
    if "\\" not in body:
        return body
    out: list[str] = []
    index = 0
    while index < len(body):
        character = body[index]
        if character != "\\":
            out.append(character)
            index += 1
            continue
        taken, value = _escape(body, index + 1, token.at, for_like=for_like)
        out.append(value)
        index += 1 + taken
    return "".join(out)


def _escape(body: str, index: int, at: int, *, for_like: bool) -> tuple[int, str]:
    code = body[index]
    if code in "%_":
        return 1, f"\\{code}" if for_like else code
    if code in "uU" and re.fullmatch(r"[0-9A-Fa-f]{4}", body[index + 1 : index + 5]):
        return 5, chr(int(body[index + 1 : index + 5], 16))
    value = _ESCAPES.get(code.lower() if code in "NRTBF" else code)
    if value is None:
        raise malformed(f"Invalid string literal '{body}'. Illegal character sequence '\\{code}' in string literal '{body}'.", at)
    return 1, "\\\\" if for_like and value == "\\" else value
