"""HTTP of the record service: collections, instances, sublists, asynchronous batches, metadata."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.simulators.base import json_response
from sandbox.simulators.netsuite.batch import Jobs, Task
from sandbox.simulators.netsuite.errors import ApiError
from sandbox.simulators.netsuite.records.filters import where
from sandbox.simulators.netsuite.records.read import Reader
from sandbox.simulators.netsuite.records.types import RECORD_TYPES, RecordType, record_type
from sandbox.simulators.netsuite.records.user_events import UserEvents
from sandbox.simulators.netsuite.records.values import Parser, property_validation
from sandbox.simulators.netsuite.records.write import Writer
from sandbox.simulators.netsuite.settings import Settings
from sandbox.simulators.netsuite.suiteql.moments import UserMoments
from sandbox.simulators.store import Store

_ROOT = "/services/rest/record/v1"
_JSON_TYPES = {"bool": "boolean", "decimal": "number", "int": "integer", "ref": "object", "choice": "object"}


class RecordService:
    """Handlers of `/record/v1` for one account."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime], jobs: Jobs) -> None:
        self.store = store
        self.settings = settings
        self.jobs = jobs
        self.reader = Reader(store, settings.hidden)
        self.events = UserEvents(store, clock, settings.courier)
        self.writer = Writer(store, clock, self.events)
        self.moments = UserMoments(settings.zone, settings.date_format)

    def collection(self, request: Request, body: bytes) -> Response:
        """List, create one, or hand in a batch."""
        kind = record_type(request.path_params["type"])
        if request.method == "GET":
            return self._list(kind, request)
        if "respond-async" in request.headers.get("prefer", ""):
            return self._batch(kind, request, body)
        if request.method != "POST":
            raise ApiError(405, "METHOD_NOT_ALLOWED", "A collection takes this method only asynchronously.")
        parser = self._parser(request)
        key = self.writer.create(kind, _object(body), parser)
        return _no_content(parser, f"{_root(request)}/{kind.name}/{key}")

    def instance(self, request: Request, body: bytes) -> Response:
        """Read, change, upsert or delete one record."""
        kind, key = record_type(request.path_params["type"]), request.path_params["id"]
        if request.method == "GET":
            row = self.reader.find(kind, key)
            expand = request.query_params.get("expandSubResources", "false").lower() == "true"
            return json_response(self.reader.body(kind, row, _root(request), expand))
        parser = self._parser(request)
        if request.method == "DELETE":
            self.writer.delete(kind, key)
            return Response(status_code=204)
        if request.method == "PUT":
            record = self._put(kind, key, body, parser, _replaced(request))
        else:
            replace = _replaced(request)
            record = self.writer.update(kind, key, _object(body), parser, replace)
        return _no_content(parser, f"{_root(request)}/{kind.name}/{record}")

    def sublist(self, request: Request, _body: bytes) -> Response:
        """Lines of one sublist."""
        kind = record_type(request.path_params["type"])
        row = self.reader.find(kind, request.path_params["id"])
        name = request.path_params["sublist"]
        if name not in kind.sublists:
            raise ApiError(404, "NOT_FOUND", f"Record type {kind.name} has no sublist '{name}'.")
        return json_response(self.reader.lines(kind.sublists[name], row[kind.key], _root(request)))

    def catalog(self, request: Request, _body: bytes) -> Response:
        """Names of the record types."""
        items = [
            {
                "name": name,
                "links": [{"rel": "canonical", "href": f"{_root(request)}/metadata-catalog/{name}"}],
            }
            for name in RECORD_TYPES
        ]
        return json_response({"items": items})

    def catalog_type(self, request: Request, _body: bytes) -> Response:
        """JSON Schema of one type."""
        kind = record_type(request.path_params["type"])
        properties: dict[str, Any] = {
            name: {"type": _JSON_TYPES.get(field.kind, "string"), "x-ns-filterable": field.kind != "ref"}
            for name, field in kind.fields.items()
        }
        properties |= {name: {"type": "object"} for name in kind.sublists}
        return json_response(
            {"type": "object", "properties": properties},
            headers={"Content-Type": "application/schema+json"},
        )

    def _put(self, kind: RecordType, key: str, body: bytes, parser: Parser, replace: frozenset[str]) -> str:
        if not key.startswith("eid:"):
            raise ApiError(400, "INVALID_REQUEST", "PUT takes an external id: /record/v1/type/eid:value.")
        return self.writer.upsert(kind, key[4:], _object(body), parser, replace)

    def _list(self, kind: RecordType, request: Request) -> Response:
        limit, offset = _window(request)
        condition, parameters = where(kind, request.query_params.get("q"), self.moments)
        (counted,) = self.store.query(
            f'select count(*) as n from "{kind.table}" where {condition}', parameters
        )
        rows = self.store.query(
            f'select "{kind.key}" as id from "{kind.table}" where {condition} order by 1 limit ? offset ?',
            [*parameters, limit, offset],
        )
        items = [
            {
                "links": [{"rel": "self", "href": f"{_root(request)}/{kind.name}/{row['id']}"}],
                "id": str(row["id"]),
            }
            for row in rows
        ]
        more = offset + limit < counted["n"]
        return json_response(
            {"links": [], "count": len(items), "hasMore": more, "items": items, "offset": offset,
             "totalResults": counted["n"]}
        )  # fmt: skip

    def _batch(self, kind: RecordType, request: Request, body: bytes) -> Response:
        parser = self._parser(request)
        tasks = self._tasks(kind, request, body, parser)
        root = f"{request.url.scheme}://{request.url.netloc}/services/rest/async/v1/job"
        location = self.jobs.submit(tasks, request.headers.get("x-netsuite-idempotency-key"), root)
        return Response(
            status_code=202, headers={"Location": location, "Preference-Applied": "respond-async"}
        )

    def _tasks(self, kind: RecordType, request: Request, body: bytes, parser: Parser) -> list[Task]:
        if request.method == "DELETE":
            keys = request.query_params.get("ids", "").split(",")
            return [self._deletion(kind, key) for key in keys if key]
        items = [_object(body)] if not _is_collection(request) else _object(body).get("items")
        if not isinstance(items, list):
            raise ApiError(400, "INVALID_CONTENT", 'A batch needs {"items": [...]}.')
        return [self._change(kind, request.method, item, parser, _root(request)) for item in items]

    def _deletion(self, kind: RecordType, key: str) -> Task:
        def task() -> tuple[int, str | None]:
            self.writer.delete(kind, key)
            return 204, None

        return task

    def _change(self, kind: RecordType, method: str, item: Any, parser: Parser, root: str) -> Task:
        def task() -> tuple[int, str | None]:
            external = item.get("externalId")
            if method == "POST":
                key = self.writer.create(kind, item, parser)
            elif "id" not in item and not external:
                raise ApiError(400, "INVALID_CONTENT", "Each record needs id or externalId.")
            elif method == "PUT" and "id" not in item:
                key = self.writer.upsert(kind, external, item, parser)
            else:
                key = self.writer.update(kind, str(item.get("id") or f"eid:{external}"), item, parser)
            return 204, f"{root}/{kind.name}/{key}"

        return task

    def _parser(self, request: Request) -> Parser:
        header = request.headers.get("x-netsuite-propertynamevalidation")
        return Parser(self.store, property_validation(header))


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{_ROOT}"


def _replaced(request: Request) -> frozenset[str]:
    return frozenset(filter(None, request.query_params.get("replace", "").split(",")))


def _is_collection(request: Request) -> bool:
    return "type=collection" in request.headers.get("content-type", "").replace(" ", "")


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "INVALID_CONTENT", "The request body is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ApiError(400, "INVALID_CONTENT", "The request body must be an object.")
    return value


def _window(request: Request) -> tuple[int, int]:
    try:
        limit, offset = (int(request.query_params.get(n, d)) for n, d in (("limit", "1000"), ("offset", "0")))
    except ValueError as error:
        raise ApiError(400, "INVALID_PARAMETER", "limit and offset must be whole numbers.") from error
    if not 1 <= limit <= 1000 or offset < 0 or offset % limit:
        raise ApiError(400, "INVALID_PARAMETER", "offset must be divisible by limit, limit at most 1000.")
    return limit, offset


def _no_content(parser: Parser, location: str) -> Response:
    headers = {"Location": location}
    if parser.warnings:
        headers["Warning"] = ", ".join(parser.warnings)
    return Response(status_code=204, headers=headers)
