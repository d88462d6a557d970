"""Single records: describe, read, create, update, upsert, delete, and the feeds of changes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import json_response
from sandbox.simulators.salesforce.errors import Refusal
from sandbox.simulators.salesforce.fields import SObject
from sandbox.simulators.salesforce.org import RECYCLE_BIN, Org, org_of
from sandbox.simulators.salesforce.values import attributes, rest_stamp, rest_value, stamp

_UPDATED_WINDOW = timedelta(days=30)


async def json_body(request: Request) -> Any:
    """The decoded body; Refusal JSON_PARSER_ERROR when it is not JSON."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise Refusal("JSON_PARSER_ERROR", str(error)) from error


async def global_describe(request: Request) -> Response:
    """Every object of the org."""
    return json_response(
        {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [known.summary() for known in org_of(request).settings.schema.objects.values()],
        }
    )


async def describe(request: Request) -> Response:
    """The fields of one object."""
    sobject = _object(request)
    body = sobject.describe()
    return json_response(body, headers={"ETag": f'"{hashlib.sha256(orjson.dumps(body)).hexdigest()[:8]}"'})


async def basic(request: Request) -> Response:
    """What the org says about one object without its fields."""
    return json_response({"objectDescribe": _object(request).summary(), "recentItems": []})


async def create(request: Request) -> Response:
    """`POST /sobjects/Account`."""
    org, sobject = org_of(request), _object(request)
    record_id = org.records.create(sobject, _fields(await json_body(request)))
    location = f"/services/data/v{request.path_params['version']}/sobjects/{sobject.name}/{record_id}"
    return json_response({"id": record_id, "success": True, "errors": []}, 201, {"Location": location})


async def read(request: Request) -> Response:
    """`GET /sobjects/Account/{id}`, optionally only some `fields`."""
    org, sobject = org_of(request), _object(request)
    row = org.records.get(sobject, request.path_params["id"])
    return _record(request, sobject, row)


async def update(request: Request) -> Response:
    """`PATCH /sobjects/Account/{id}`, conditional where the org supports it."""
    org, sobject = org_of(request), _object(request)
    row = org.records.get(sobject, request.path_params["id"])
    _check_conditions(request, sobject, row)
    org.records.update(sobject, row["Id"], _fields(await json_body(request)))
    return Response(status_code=204)


async def delete(request: Request) -> Response:
    """`DELETE /sobjects/Account/{id}`."""
    org_of(request).records.delete(_object(request), request.path_params["id"])
    return Response(status_code=204)


async def read_by_key(request: Request) -> Response:
    """`GET /sobjects/Account/Ext__c/value`."""
    org, sobject = org_of(request), _object(request)
    found = _matching(request, org, sobject)
    if isinstance(found, Response):
        return found
    if found is None:
        raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
    return _record(request, sobject, org.records.get(sobject, found))


async def upsert(request: Request) -> Response:
    """`PATCH /sobjects/Account/Ext__c/value`: create, update, or 300 when several records match."""
    org, sobject = org_of(request), _object(request)
    fields = _fields(await json_body(request))
    key = request.path_params["key"]
    if key.lower() in {name.lower() for name in fields}:
        raise Refusal("INVALID_FIELD", f"The {key} field should not be specified in the sobject data.")
    found = _matching(request, org, sobject)
    if isinstance(found, Response):
        return found
    if found is None:
        made = org.records.create(sobject, {**fields, key: request.path_params["value"]})
        return json_response({"id": made, "success": True, "errors": [], "created": True}, 201)
    org.records.update(sobject, found, fields)
    return json_response({"id": found, "success": True, "errors": [], "created": False})


async def deleted(request: Request) -> Response:
    """Ids deleted in a span of whole minutes, at most 15 days back."""
    org, sobject = org_of(request), _object(request)
    start, end = _span(request, org, RECYCLE_BIN)
    if "IsDeleted" not in sobject.fields:
        raise Refusal("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{sobject.name} is not replicateable")
    rows = _changed(org, sobject, start, end, '"IsDeleted" = 1')
    listed = [{"id": row["Id"], "deletedDate": rest_stamp(row["SystemModstamp"])} for row in rows]
    return json_response(
        {
            "deletedRecords": listed,
            "earliestDateAvailable": rest_stamp(stamp(org.clock() - RECYCLE_BIN)),
            "latestDateCovered": rest_stamp(end),
        }
    )


async def updated(request: Request) -> Response:
    """Ids created or changed in a span of whole minutes, at most 30 days back."""
    org, sobject = org_of(request), _object(request)
    start, end = _span(request, org, _UPDATED_WINDOW)
    living = '"IsDeleted" = 0' if "IsDeleted" in sobject.fields else "1"
    rows = _changed(org, sobject, start, end, living)
    return json_response({"ids": [row["Id"] for row in rows], "latestDateCovered": rest_stamp(end)})


def _object(request: Request) -> SObject:
    return org_of(request).records.object(request.path_params["object"])


def _fields(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refusal("JSON_PARSER_ERROR", "The HTTP entity body is required to be one JSON object")
    return body


def _record(request: Request, sobject: SObject, row: dict[str, Any]) -> Response:
    listed = request.query_params.get("fields")
    names = listed.split(",") if listed else list(sobject.fields)
    shown: dict[str, Any] = {
        "attributes": attributes(sobject.name, row["Id"], request.path_params["version"])
    }
    for name in names:
        known = sobject.find(name.strip())
        if known is None:
            raise Refusal("INVALID_FIELD", f"No such column '{name}' on entity '{sobject.name}'")
        shown[known.name] = rest_value(known, row[known.name])
    shown["Id"] = row["Id"]
    headers = {"Last-Modified": format_datetime(datetime.fromisoformat(row["SystemModstamp"]), usegmt=True)}
    if sobject.name == "Account":
        headers["ETag"] = _etag(row)
    return json_response(shown, headers=headers)


def _etag(row: dict[str, Any]) -> str:
    return f'"{hashlib.sha256(orjson.dumps(row)).hexdigest()[:24]}"'


def _check_conditions(request: Request, sobject: SObject, row: dict[str, Any]) -> None:
    refused = Refusal("PRECONDITION_FAILED", "The record was changed after the given version", status=412)
    wanted = request.headers.get("if-match")
    if wanted and sobject.name == "Account" and wanted not in {_etag(row), "*"}:
        raise refused
    since = request.headers.get("if-unmodified-since")
    if since is None:
        return
    try:
        limit = parsedate_to_datetime(since)
    except ValueError as error:
        raise Refusal("INVALID_HEADER", "If-Unmodified-Since is not an HTTP date") from error
    if datetime.fromisoformat(row["SystemModstamp"]) > limit.astimezone(UTC):
        raise refused


def _matching(request: Request, org: Org, sobject: SObject) -> str | Response | None:
    path = request.path_params
    ids = org.records.matches(sobject, path["key"], path["value"])
    if len(ids) > 1:
        urls = [f"/services/data/v{path['version']}/sobjects/{sobject.name}/{known}" for known in ids]
        return json_response(urls, 300)
    return ids[0] if ids else None


def _span(request: Request, org: Org, window: timedelta) -> tuple[str, str]:
    try:
        start, end = (
            datetime.fromisoformat(request.query_params[name]).replace(second=0, microsecond=0)
            for name in ("start", "end")
        )
    except (KeyError, ValueError) as error:
        raise Refusal("INVALID_REPLICATION_DATE", "start and end must be ISO 8601 date-times") from error
    if start.tzinfo is None or end.tzinfo is None or end <= start or start < org.clock() - window:
        raise Refusal(
            "INVALID_REPLICATION_DATE",
            f"startDate must lie before endDate and within the last {window.days} days",
        )
    return stamp(start), stamp(end)


def _changed(org: Org, sobject: SObject, start: str, end: str, condition: str) -> list[dict[str, Any]]:
    return org.store.query(
        f'select "Id", "SystemModstamp" from "{sobject.name}" '
        f'where "SystemModstamp" between ? and ? and {condition} order by "SystemModstamp", "Id"',
        [start, end],
    )
