"""Answers the way BambooHR gives them: XML unless JSON is asked for, errors in a header, odd empty values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.bamboohr.schema import DATE_FIELDS
from sandbox.simulators.base import json_response

ZERO_DATE = "0000-00-00"


class Refusal(Exception):
    """An answer that is not a success; `code` goes into the body of newer routes."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        self.status = status
        self.message = message
        self.code = code
        super().__init__(message)


def answer(request: Request, value: Any, root: str) -> Response:
    """The value in the format the caller asked for."""
    if "application/json" in request.headers.get("accept", ""):
        return json_response(value)
    element = ElementTree.Element(root)
    _fill(element, value)
    return Response(ElementTree.tostring(element, encoding="utf-8"), media_type="text/xml; charset=utf-8")


def refuse(refusal: Refusal) -> Response:
    """Old routes answer with an empty body and a header, newer ones with an error object."""
    headers = {"X-BambooHR-Error-Message": refusal.message, "X-BambooHR-Message": refusal.message}
    if refusal.code is None:
        return Response(b"", refusal.status, headers)
    return json_response(
        {"error": {"code": refusal.code, "message": refusal.message}}, refusal.status, headers
    )


def shown(row: Mapping[str, Any], hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A row as the API shows it: fields without permission are simply not there, no date is all zeros."""
    return {
        field: ZERO_DATE if value is None and field in DATE_FIELDS else value
        for field, value in row.items()
        if field not in hidden
    }


def _fill(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "id" and not isinstance(part, Mapping | list):
                element.set("id", str(part))
            else:
                _fill(ElementTree.SubElement(element, "field", {"id": str(key)}), part)
    elif isinstance(value, list):
        for part in value:
            _fill(ElementTree.SubElement(element, "row"), part)
    elif value is not None:
        element.text = str(value)
