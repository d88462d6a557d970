"""SuiteTalk's problem documents as our error classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import requests

from connectors.errors import (
    ConflictError,
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    ValidationError,
)

_LONGEST_DETAIL = 300
_RIGHTS = "give the integration role that permission, or list the column under options.hidden_columns."
_HINTS = {
    "INVALID_LOGIN": "check the credential variables, the account id and the role; see the Login Audit Trail.",
    "INSUFFICIENT_PERMISSION": _RIGHTS,
    "USER_ERROR": "a business rule of the account refused it: read the detail, correct it in NetSuite.",
    "IDEMPOTENCY_ERROR": "the first request with this key was taken: look at its job.",
}


def classifier(instance: str) -> Callable[[requests.Response, str | None], ConnectorError | None]:
    """A reading of failed answers that names code and field; None leaves it to the status code."""

    def classify(response: requests.Response, object: str | None) -> ConnectorError | None:
        if response.status_code < 400:
            return None
        return _error(response, object, instance)

    return classify


def _error(response: requests.Response, object: str | None, instance: str) -> ConnectorError | None:
    detail, status = _first_detail(response), response.status_code
    code = str(detail.get("o:errorCode", ""))
    text = str(detail.get("detail", ""))[:_LONGEST_DETAIL] or "the vendor gave no reason."
    field = detail.get("o:errorPath") or detail.get("o:errorQueryParam") or detail.get("o:errorHeader")
    facts: dict[str, Any] = {
        "instance": instance,
        "object": object,
        "record": _record_of(response),
        "status": status,
        "code": code or None,
        "field": str(field) if field else None,
        "hint": _HINTS.get(code),
    }
    if status == 429:
        facts["hint"] = "the account's concurrency limit is used up; lower api_budget.max_concurrent."
        return RateLimitedError(text, **facts)
    if status >= 500:
        return TransientError(text, **facts)
    if status == 401 or code in ("INVALID_LOGIN", "INSUFFICIENT_PERMISSION"):
        return UnauthorizedError(text, **facts)
    if status == 404 or code == "NONEXISTENT_ID":
        return NotFoundError(text, **facts)
    if code == "IDEMPOTENCY_ERROR":
        return ConflictError(text, **facts)
    if status != 400:
        return None
    if "' was not found" in text or "Unknown identifier" in text:
        facts |= {"field": _quoted(text), "hint": f"if it exists, {_RIGHTS}"}
    return ValidationError(text, **facts)


def _first_detail(response: requests.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    listed = body.get("o:errorDetails") if isinstance(body, dict) else None
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def _record_of(response: requests.Response) -> str | None:
    """Record in the address, `invoice/123` or `invoice/eid:X`."""
    path = (response.request.path_url or "").partition("?")[0]
    tail = path.partition("/record/v1/")[2].split("/")
    return tail[1] if len(tail) > 1 else None


def _quoted(text: str) -> str | None:
    return text.split("'")[1] if text.count("'") >= 2 else None
