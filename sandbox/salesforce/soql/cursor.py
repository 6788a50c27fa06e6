"""Walks the tokens of one query."""

from __future__ import annotations

from sandbox.salesforce.soql.errors import SoqlError, malformed
from sandbox.salesforce.soql.tokens import Token, tokenize


class Cursor:
    """Looks at one token ahead; `take_*` answer whether they moved, `expect_*` raise SoqlError."""

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._index = 0

    @property
    def peek(self) -> Token:
        """The next token; the last one is of kind `end`."""
        return self._tokens[self._index]

    def advance(self) -> Token:
        """Take the next token, whatever it is."""
        token = self.peek
        if token.kind != "end":
            self._index += 1
        return token

    def take_word(self, word: str) -> bool:
        """Move over the keyword if it comes next."""
        return self.take_words(word)

    def take_words(self, *words: str) -> bool:
        """Move over all these keywords; once the first matched, the others must follow."""
        if self.peek.word != words[0]:
            return False
        self.advance()
        for word in words[1:]:
            self.expect_word(word)
        return True

    def take_mark(self, mark: str) -> bool:
        """Move over a parenthesis or comma if it comes next."""
        if self.peek.kind != "mark" or self.peek.text != mark:
            return False
        self.advance()
        return True

    def expect_word(self, word: str) -> None:
        """Move over this keyword."""
        if not self.take_word(word):
            raise self.unexpected()

    def expect_mark(self, mark: str) -> None:
        """Move over this parenthesis or comma."""
        if not self.take_mark(mark):
            raise malformed(f"expecting '{mark}', found '{self.peek.text}'", self.peek.at)

    def expect(self, kind: str) -> Token:
        """Take a token of this kind."""
        if self.peek.kind != kind:
            raise self.unexpected()
        return self.advance()

    def unexpected(self) -> SoqlError:
        """The refusal of the next token."""
        return malformed(f"unexpected token: '{self.peek.text}'", self.peek.at)
