"""The one error of the SOQL reader, with the pointer text that Salesforce adds."""

from __future__ import annotations

POINTER_WIDTH = 200


class SoqlError(Exception):
    """A refused query: vendor code, message, and the offset of the offending token (None: no pointer)."""

    def __init__(self, code: str, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at

    def render(self, text: str) -> str:
        """Message with the query line, a caret below the column and `ERROR at Row:r:Column:c`."""
        if self.at is None:
            return self.message
        row = text.count("\n", 0, self.at) + 1
        start = text.rfind("\n", 0, self.at) + 1
        column = self.at - start + 1
        end = text.find("\n", self.at)
        line = text[start : end if end >= 0 else len(text)]
        shift = max(0, column - 1 - POINTER_WIDTH // 2)
        return f"\n{line[shift : shift + POINTER_WIDTH]}\n{' ' * (column - 1 - shift)}^\nERROR at Row:{row}:Column:{column}\n{self.message}"


def malformed(message: str, at: int | None = None) -> SoqlError:
    """MALFORMED_QUERY: the text is not SOQL, or is SOQL that this emulator does not know."""
    return SoqlError("MALFORMED_QUERY", message, at)
