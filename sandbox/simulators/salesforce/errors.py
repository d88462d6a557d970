"""Refusals of the org, each with the vendor's code, status and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from sandbox.simulators.base import json_response


class Refusal(Exception):
    """The org says no. `errorCode` for single records, `statusCode` inside collections."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: Sequence[str] = ()) -> None:
        self.code = code
        self.message = message
        self.status = status
        self.fields = tuple(fields)
        super().__init__(f"{code}: {message}")

    def response(self) -> Response:
        """The answer to a single-record or query call."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            body["fields"] = list(self.fields)
        return json_response([body], self.status)

    def entry(self) -> dict[str, Any]:
        """The failed item of a collection: no id, to be matched by position."""
        detail = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return {"success": False, "errors": [detail]}


def not_found() -> Refusal:
    """404 as the org words it."""
    return Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
