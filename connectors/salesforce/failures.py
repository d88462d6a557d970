"""What the org's error codes mean for the caller."""

from __future__ import annotations

from typing import Any

import orjson
import requests

from connectors.errors import (
    ConflictError,
    ConnectorError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    ValidationError,
)
from connectors.http import Classify

SESSION_ENDED = "INVALID_SESSION_ID"

_FIX_DATA = frozenset(
    {
        "REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "STRING_TOO_LONG",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "FIELD_INTEGRITY_EXCEPTION", "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID", "INVALID_FIELD_FOR_INSERT_UPDATE", "DUPLICATE_VALUE", "DUPLICATES_DETECTED",
        "INVALID_EMAIL_ADDRESS", "JSON_PARSER_ERROR", "INVALID_FIELD", "MALFORMED_QUERY", "INVALID_TYPE",
        "NUMBER_OUTSIDE_VALID_RANGE", "INVALID_QUERY_FILTER_OPERATOR",
    }
)  # fmt: skip
_RIGHTS = frozenset(
    {SESSION_ENDED, "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
     "API_DISABLED_FOR_ORG", "INVALID_AUTH_HEADER"}
)  # fmt: skip
_GONE = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED"})
_LATER = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"})
_LATER_STATUSES = frozenset({406, 420})
_QUOTA_RETRY_SECONDS = 3600.0  # the window rolls; there is no Retry-After
_LONGEST_MESSAGE = 200


def classifier(instance: str) -> Classify:
    """The reading of a failed answer for one instance; None leaves it to the HTTP status."""

    def classify(response: requests.Response, object: str | None) -> ConnectorError | None:
        if response.status_code < 300:
            return None
        code, message, fields = _first_error(response)
        facts: dict[str, Any] = {
            "instance": instance,
            "object": object,
            "status": response.status_code,
            "code": code,
            "field": fields[0] if fields else None,
        }
        return _by_status(response.status_code, facts) or _by_code(code, message, facts)

    return classify


def error_of(code: str, message: str, **facts: Any) -> ConnectorError:
    """The error for one code, also for the failed item of a collection, where HTTP says 200."""
    return _by_code(code, message, {**facts, "code": code}) or PermanentError(
        message, **{**facts, "code": code}
    )


def _by_status(status: int, facts: dict[str, Any]) -> ConnectorError | None:
    if status == 300:
        return PermanentError(
            "more than one record has this external id.",
            **facts,
            hint="merge the records or clear the external id on all but one.",
        )
    if status == 412:
        return ConflictError("the record changed since it was read.", **facts)
    if status == 410:
        return PermanentError(
            "this API version is retired.", **facts, hint="raise options.api_version in config/estate.yml."
        )
    if status in _LATER_STATUSES:
        return TransientError("the org asked to come back later.", **facts)
    return None


def _by_code(code: str | None, message: str, facts: dict[str, Any]) -> ConnectorError | None:
    if code is None:
        return None
    if code == "REQUEST_LIMIT_EXCEEDED":
        daily = "concurrent" not in message.lower()
        return RateLimitedError(
            message,
            retry_after=_QUOTA_RETRY_SECONDS if daily else None,
            **facts,
            hint="wait for the 24 h window to roll on, or lower options.quota_share so others keep room.",
        )
    kinds: list[tuple[frozenset[str], type[ConnectorError], str | None]] = [
        (_LATER, TransientError, None),
        (_GONE, NotFoundError, None),
        (_FIX_DATA, ValidationError, None),
        (
            _RIGHTS,
            UnauthorizedError,
            "check the credential variables of this instance and the rights of its user.",
        ),
    ]
    for codes, kind, hint in kinds:
        if code in codes:
            return kind(message, **facts, hint=hint)
    return PermanentError(message, **facts) if facts.get("status", 400) in (400, 403) else None


def _first_error(response: requests.Response) -> tuple[str | None, str, list[str]]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None, "", []
    entry = body[0] if isinstance(body, list) and body else body
    if not isinstance(entry, dict):
        return None, "", []
    code = entry.get("errorCode") or entry.get("statusCode")
    fields = entry.get("fields")
    message = str(entry.get("message") or "the org refused the request.")[:_LONGEST_MESSAGE]
    return code, message, [str(name) for name in fields] if isinstance(fields, list) else []
