"""The vendor's `errors` array as our error classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import requests

from connectors.errors import (
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    UnauthorizedError,
    ValidationError,
)

_LONGEST_MESSAGE = 200


def classifier(instance: str) -> Callable[[requests.Response, str | None], ConnectorError | None]:
    """A reading of failed answers that names field and record; None leaves it to the status code."""

    def classify(response: requests.Response, object: str | None) -> ConnectorError | None:
        status = response.status_code
        if status < 400:
            return None
        entry = _first_error(response)
        facts: dict[str, Any] = {
            "instance": instance,
            "object": object,
            "record": _record_of(response),
            "status": status,
            "code": entry.get("type"),
        }
        message = str(entry.get("message") or "the vendor gave no reason")[:_LONGEST_MESSAGE]
        if status == 429:
            return RateLimitedError("the vendor limits the pace and does not say for how long.", **facts)
        if status == 401:
            return UnauthorizedError(
                f"{message}.",
                hint="the token is wrong or revoked: set a valid one for this instance.",
                **facts,
            )
        if status == 403:
            hint = "give the token's user that right, or enable the feature for the account."
            return UnauthorizedError(f"{message}.", hint=hint, **facts)
        if status == 404:
            return NotFoundError("no such record, or a default filter hides it.", **facts)
        if status in (400, 422):
            field = entry.get("field")
            return ValidationError(f"{message}.", field=str(field) if field else None, **facts)
        return None

    return classify


def _first_error(response: requests.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    listed = body.get("errors") if isinstance(body, dict) else None
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def _record_of(response: requests.Response) -> str | None:
    last = (response.request.path_url or "").partition("?")[0].rpartition("/")[2]
    return last if last.isdigit() else None
