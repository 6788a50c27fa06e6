"""What the control plane refuses.

ControlError
├── BadRequestError   400: the request names something that does not exist or lacks something
└── NotFoundError     404: no such record, world or snapshot
"""


class ControlError(Exception):
    """A refusal; `status` is the HTTP status, the text says what to mend."""

    status = 400


class BadRequestError(ControlError):
    """The request cannot be carried out as it stands."""


class NotFoundError(ControlError):
    """The thing named does not exist."""

    status = 404
