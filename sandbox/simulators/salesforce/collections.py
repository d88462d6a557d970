"""`/composite/sobjects`: up to 200 records in one call, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import json_response
from sandbox.simulators.salesforce.errors import Refusal
from sandbox.simulators.salesforce.org import Org, org_of
from sandbox.simulators.salesforce.sobjects import json_body

_MOST_RECORDS = 200


class _RolledBack(Exception):
    """Leaves the transaction when one record fails under `allOrNone`."""


async def create_many(request: Request) -> Response:
    """POST: each record with its own type."""
    org = org_of(request)

    def one(record: dict[str, Any]) -> dict[str, Any]:
        sobject = org.records.object(_type_of(record))
        return _done(org.records.create(sobject, _without_id(record)))

    return await _from_body(request, org, one)


async def update_many(request: Request) -> Response:
    """PATCH: each record names its id."""
    org = org_of(request)

    def one(record: dict[str, Any]) -> dict[str, Any]:
        sobject = org.records.object(_type_of(record))
        record_id = record.get("id") or record.get("Id")
        if not record_id:
            raise Refusal("MISSING_ARGUMENT", "Id not specified in an update call", fields=["Id"])
        return _done(org.records.update(sobject, str(record_id), _without_id(record)))

    return await _from_body(request, org, one)


async def upsert_many(request: Request) -> Response:
    """PATCH by an external id: one type, no record ids."""
    org = org_of(request)
    sobject = org.records.object(request.path_params["object"])
    key = request.path_params["key"]

    def one(record: dict[str, Any]) -> dict[str, Any]:
        if not record.get(key):
            raise Refusal("MISSING_ARGUMENT", f"{key} not specified", fields=[key])
        ids = org.records.matches(sobject, key, str(record[key]))
        if len(ids) > 1:
            raise Refusal("DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found", fields=[key])
        if ids:
            rest = {name: value for name, value in _without_id(record).items() if name != key}
            return _done(org.records.update(sobject, ids[0], rest)) | {"created": False}
        return _done(org.records.create(sobject, _without_id(record))) | {"created": True}

    return await _from_body(request, org, one)


async def delete_many(request: Request) -> Response:
    """DELETE `?ids=a,b&allOrNone=false`."""
    org = org_of(request)
    by_prefix = {known.prefix: known for known in org.settings.schema.objects.values()}

    def one(record_id: str) -> dict[str, Any]:
        sobject = by_prefix.get(record_id[:3])
        if sobject is None:
            raise Refusal("MALFORMED_ID", f"bad id {record_id}")
        return _done(org.records.delete(sobject, record_id))

    ids = [part for part in request.query_params.get("ids", "").split(",") if part]
    return _outcomes(org, ids, one, all_or_none=request.query_params.get("allOrNone") == "true")


async def _from_body(request: Request, org: Org, one: Callable[[Any], dict[str, Any]]) -> Response:
    body = await json_body(request)
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list):
        raise Refusal("JSON_PARSER_ERROR", "records must be a list")
    return _outcomes(org, records, one, all_or_none=bool(body.get("allOrNone")))


def _outcomes(
    org: Org, items: list[Any], one: Callable[[Any], dict[str, Any]], *, all_or_none: bool
) -> Response:
    if len(items) > _MOST_RECORDS:
        raise Refusal(
            "EXCEEDED_MAX_SIZE_REQUEST", f"record limit reached. cannot submit more than {_MOST_RECORDS}"
        )
    outcomes: list[dict[str, Any]] = []
    try:
        with org.store.transaction():
            for item in items:
                outcomes.append(_outcome(item, one))
            if all_or_none and not all(outcome["success"] for outcome in outcomes):
                raise _RolledBack
    except _RolledBack:
        innocent = Refusal(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all were valid"
        )
        outcomes = [innocent.entry() if outcome["success"] else outcome for outcome in outcomes]
    return json_response(outcomes)


def _outcome(item: Any, one: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    try:
        return one(item)
    except Refusal as refusal:
        return refusal.entry()


def _done(record_id: str) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": []}


def _type_of(record: dict[str, Any]) -> str:
    return str(record.get("attributes", {}).get("type", ""))


def _without_id(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in {"id", "Id", "attributes"}}
