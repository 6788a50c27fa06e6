"""Salesforce's errors.

SalesforceError
+- ApiError     refuses the whole call: JSON array of {message, errorCode, fields?}
+- RowError     refuses one record: {statusCode, message, fields} in a collection, an ApiError on a single call
+- TokenError   the OAuth endpoints: {error, error_description}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SalesforceError(Exception):
    """Any refusal."""


class ApiError(SalesforceError):
    """A refused call: HTTP status, errorCode, message."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = list(fields)

    def body(self) -> list[dict[str, Any]]:
        """The reply."""
        return [{"message": self.message, "errorCode": self.code, **({"fields": self.fields} if self.fields else {})}]


class RowError(SalesforceError):
    """A refused record: statusCode, message, the fields it names."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = list(fields)

    def body(self) -> dict[str, Any]:
        """The entry of a collection result."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def as_api_error(self) -> ApiError:
        """The same on a call for a single record."""
        return ApiError(_STATUS.get(self.code, 400), self.code, self.message, self.fields)


class TokenError(SalesforceError):
    """A refused token request."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


_STATUS = {"ENTITY_IS_DELETED": 404, "INSUFFICIENT_ACCESS_OR_READONLY": 403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": 403}


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """404 NOT_FOUND."""
    return ApiError(404, "NOT_FOUND", message)


def not_served(what: str) -> ApiError:
    """404 for what no route leads to; it is named, so that nobody takes it for a wrong id."""
    return not_found(f"The requested resource does not exist (this sandbox does not serve {what})")


def invalid_session() -> ApiError:
    """401 INVALID_SESSION_ID, for a missing, unknown or expired token."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def request_limit_exceeded() -> ApiError:
    """403 when the day's requests are used up."""
    return ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def malformed_id(value: object) -> RowError:
    """MALFORMED_ID for text that is no id."""
    return RowError("MALFORMED_ID", f"malformed id {value}")


def deleted() -> RowError:
    """ENTITY_IS_DELETED for a row in the recycle bin."""
    return RowError("ENTITY_IS_DELETED", "entity is deleted")
