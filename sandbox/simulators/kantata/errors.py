"""Refusals in the vendor's own words."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal: HTTP status and the entry of the `errors` array."""

    def __init__(
        self, status: int, type: str, message: str, field: str | None = None, index: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.entry: dict[str, Any] = {"type": type, "message": message}
        if field is not None:
            self.entry["field"] = field
        if index is not None:
            self.entry["index"] = index


def syntax(message: str) -> ApiError:
    """400: the request itself is wrong (missing wrapper or parameter)."""
    return ApiError(400, "syntax", message)


def invalid(message: str, field: str | None, index: int | None = None) -> ApiError:
    """422: a value was refused; `index` is its place in a bulk call."""
    return ApiError(422, "validation", message, field, index)


def not_found() -> ApiError:
    """404: no such record, or a default filter hides it."""
    return ApiError(404, "system", "Not found")
