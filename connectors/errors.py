"""What can go wrong between us and a vendor.

ConnectorError
├── TransientError          could not talk, or the vendor said "later": safe to send again
│   └── RateLimitedError    the vendor refused for pace; `retry_after` seconds when it said so
├── PermanentError          the vendor understood and said no; sending again cannot help
│   ├── UnauthorizedError   credentials or rights
│   ├── NotFoundError       no such record (or hidden from these credentials)
│   ├── ValidationError     a value was refused; `field` names it when the vendor did
│   └── ConflictError       the record moved under us
├── MalformedResponseError  the answer is not what the vendor documents
└── UnknownOutcomeError     a write was sent and no trustworthy answer came: look before writing again
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of every vendor failure; its text always names where it happened and what to do.

    Parameters are facts, never payloads: no header, token or URL query enters the text.
    """

    def __init__(
        self,
        message: str,
        *,
        instance: str,
        object: str | None = None,
        record: str | None = None,
        field: str | None = None,
        hint: str | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        self.message = message
        self.instance = instance
        self.object = object
        self.record = record
        self.field = field
        self.hint = hint
        self.status = status
        self.code = code
        super().__init__(self._text())

    def _text(self) -> str:
        parts = [f"instance {self.instance}"]
        parts += [
            f"{name} {value}"
            for name, value in (
                ("object", self.object),
                ("record", self.record),
                ("field", self.field),
                ("status", self.status),
                ("code", self.code),
            )
            if value is not None
        ]
        text = f"{', '.join(parts)}: {self.message}"
        return f"{text} What to do: {self.hint}" if self.hint else text


class TransientError(ConnectorError):
    """Could not talk, or the vendor asked to come back later; nothing happened there."""


class RateLimitedError(TransientError):
    """The vendor refused for pace. `retry_after` is in seconds, or None when it did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: object) -> None:
        self.retry_after = retry_after
        super().__init__(message, **facts)  # type: ignore[arg-type]


class PermanentError(ConnectorError):
    """The vendor understood and said no."""


class UnauthorizedError(PermanentError):
    """Credentials are wrong, expired beyond renewal, or lack a right."""


class NotFoundError(PermanentError):
    """No such record, or it is hidden from these credentials."""


class ValidationError(PermanentError):
    """A value was refused."""


class ConflictError(PermanentError):
    """The record changed between our read and our write."""


class MalformedResponseError(ConnectorError):
    """The answer is not what the vendor documents (broken JSON, missing collection, wrong type)."""


class UnknownOutcomeError(ConnectorError):
    """A write was sent and its effect is unknown; the caller must look before writing again."""
