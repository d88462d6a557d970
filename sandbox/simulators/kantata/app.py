"""HTTP face of the simulated tenant: sign-in, routes and the errors array."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.simulators.base import Clock, json_response, with_admin
from sandbox.simulators.faults import Faults
from sandbox.simulators.kantata import events, query, references
from sandbox.simulators.kantata.errors import ApiError, not_found, syntax
from sandbox.simulators.kantata.render import Record, Renderer
from sandbox.simulators.kantata.schema import TABLES
from sandbox.simulators.kantata.writes import SINGULAR, Writer, unwrap
from sandbox.simulators.store import Store

_RESOLUTIONS = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}
_BULK_RESOLUTIONS = {
    "timesheet_approvals": "approved",
    "timesheet_rejections": "rejected",
    "timesheet_cancellations": "cancelled",
}


@dataclass(frozen=True, kw_only=True)
class KantataSettings:
    """Who may sign in and how the account is set up."""

    token: str  # an administrator with financial access
    low_rights_token: str | None = None  # signs in, sees no money
    subscribed_events: bool = True  # the paid add-on
    time_zone: str = "America/Los_Angeles"  # timestamps carry its offset
    account_id: str = "5"
    user_id: str = "1"  # the token's own user
    line_item_lock_date: date | None = None  # time up to this day cannot change


def settings_for(credentials: Mapping[str, str], options: Mapping[str, Any]) -> KantataSettings:
    """Settings of an estate instance: the token Concord will present, and the account's own options."""
    known = {
        name: options[name]
        for name in ("subscribed_events", "time_zone", "low_rights_token", "account_id", "user_id")
        if name in options
    }
    return KantataSettings(token=credentials["token"], **known)


@dataclass(frozen=True)
class _Caller:
    financial: bool


Handler = Callable[[Request, _Caller], Awaitable[Response]]


class KantataApi:
    """Handlers of one tenant."""

    def __init__(self, store: Store, settings: KantataSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._lists = query.IdLists(store)

    def routes(self) -> list[Route]:
        """Routes in the order they must be tried."""
        table: list[tuple[str, Handler, str]] = [
            ("/subscribed_events", self._events, "GET"),
            ("/external_references/create_or_update", self._reference, "POST"),
            ("/timesheet_submissions/{id}/{verb:str}", self._resolve, "PUT"),
            ("/{collection}", self._list, "GET"),
            ("/{collection}", self._create, "POST"),
            ("/{collection}", self._delete_many, "DELETE"),
            ("/{collection}/{id}", self._show, "GET"),
            ("/{collection}/{id}", self._update, "PUT"),
            ("/{collection}/{id}", self._delete, "DELETE"),
        ]
        return [
            Route(f"/api/v1{path}", self._guarded(handler), methods=[method])
            for path, handler, method in table
        ]

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            try:
                return await handler(request, self._caller(request))
            except ApiError as error:
                return json_response({"errors": [error.entry]}, error.status)

        return handle

    def _caller(self, request: Request) -> _Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and token == self._settings.token:
            return _Caller(financial=True)
        if scheme == "Bearer" and token and token == self._settings.low_rights_token:
            return _Caller(financial=False)
        raise ApiError(401, "oauth", "Invalid OAuth 2 Request")

    async def _list(self, request: Request, caller: _Caller) -> Response:
        collection = _collection(request)
        parameters = dict(request.query_params)
        found = query.where(collection, parameters, self._settings.user_id)
        ids = self._lists.ids(collection, found, query.order_by(collection, parameters))
        wanted = query.page(parameters)
        shown = ids[wanted.first : wanted.first + wanted.size]
        body = self._renderer(caller).envelope(
            collection, shown, len(ids), wanted.number, wanted.size, parameters
        )
        return json_response(body)

    async def _show(self, request: Request, caller: _Caller) -> Response:
        collection, parameters = _collection(request), dict(request.query_params)
        found = query.visible(collection, parameters, self._settings.user_id)
        found.add("id = ?", _id(request))
        if not self._lists.ids(collection, found, ""):
            raise not_found()
        return self._one(collection, [_id(request)], caller, parameters)

    async def _create(self, request: Request, caller: _Caller) -> Response:
        collection = _collection(request, also=_BULK_RESOLUTIONS)
        body = await _body(request)
        if collection in _BULK_RESOLUTIONS:
            return self._resolve_many(collection, body, caller)
        if collection not in SINGULAR:
            raise not_found()
        given, bulk = unwrap(collection, body)
        if collection == "custom_field_values":
            ids = [references.create_custom_value(self._store, item, self._clock()) for item in given]
        else:
            writer = self._writer()
            with self._store.transaction():
                ids = [writer.create(collection, item, n if bulk else None) for n, item in enumerate(given)]
        return self._one(collection, ids, caller)

    async def _update(self, request: Request, caller: _Caller) -> Response:
        collection = _collection(request)
        if collection not in SINGULAR:
            raise not_found()
        given, _ = unwrap(collection, await _body(request))
        if collection == "custom_field_values":
            references.update_custom_value(self._store, _id(request), given[0], self._clock())
        else:
            self._writer().update(collection, _id(request), given[0])
        return self._one(collection, [_id(request)], caller)

    async def _delete(self, request: Request, _caller: _Caller) -> Response:
        collection = _collection(request)
        self._writer().delete(collection, [_id(request)])
        return Response(status_code=204)

    async def _delete_many(self, request: Request, _caller: _Caller) -> Response:
        ids = [id_ for id_ in request.query_params.get("ids", "").split(",") if id_]
        if not ids or len(ids) > 100:
            raise syntax("ids must name 1 to 100 records")
        self._writer().delete(_collection(request), ids)
        return Response(status_code=204)

    async def _reference(self, request: Request, caller: _Caller) -> Response:
        body = await _body(request)
        given = body.get("external_reference") if isinstance(body, dict) else None
        if not isinstance(given, dict):
            raise syntax("Missing parameter external_reference")
        reference_id = references.upsert_reference(self._store, given, self._clock())
        return self._one("external_references", [reference_id], caller)

    async def _resolve(self, request: Request, caller: _Caller) -> Response:
        status = _RESOLUTIONS.get(request.path_params["verb"].removesuffix(".json"))
        if status is None:
            raise not_found()
        self._writer().resolve(_id(request), status)
        return self._one("timesheet_submissions", [_id(request)], caller)

    def _resolve_many(self, collection: str, body: Any, caller: _Caller) -> Response:
        wrapper = collection.removesuffix("s")
        given = body.get(wrapper, {}) if isinstance(body, dict) else {}
        ids = [str(id_) for id_ in given.get("submission_ids", [])]
        if not ids:
            raise syntax(f"Missing parameter {wrapper}")
        writer = self._writer()
        with self._store.transaction():
            for id_ in ids:
                writer.resolve(id_, _BULK_RESOLUTIONS[collection])
        return self._one("timesheet_submissions", ids, caller)

    async def _events(self, request: Request, _caller: _Caller) -> Response:
        if not self._settings.subscribed_events:
            raise ApiError(403, "system", "Subscribed Events are not enabled for this account")
        parameters = dict(request.query_params)
        wanted = query.page(parameters)
        return json_response(
            events.envelope(self._store, parameters, self._clock(), wanted, self._settings.time_zone)
        )

    def _one(
        self, collection: str, ids: list[str], caller: _Caller, parameters: dict[str, str] | None = None
    ) -> Response:
        body: Record = self._renderer(caller).envelope(
            collection, ids, len(ids), 1, query.MAX_PAGE, parameters or {}
        )
        return json_response(body)

    def _renderer(self, caller: _Caller) -> Renderer:
        return Renderer(self._store, self._settings.time_zone, financial=caller.financial)

    def _writer(self) -> Writer:
        settings = self._settings
        return Writer(
            self._store,
            self._clock(),
            account_id=settings.account_id,
            user_id=settings.user_id,
            lock_date=settings.line_item_lock_date,
        )


def create_app(store: Store, settings: KantataSettings, clock: Clock, faults: Faults) -> ASGIApp:
    """The tenant's API under `/api/v1`, with the admin routes and faults of every simulator."""
    api = KantataApi(store, settings, clock)

    async def missing(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return json_response({"errors": [{"type": "system", "message": "Not found"}]}, status)

    vendor = Starlette(routes=api.routes(), exception_handlers={404: missing, 405: missing})
    return with_admin(vendor, store, faults)


def _collection(request: Request, also: dict[str, str] | None = None) -> str:
    name: str = request.path_params["collection"].removesuffix(".json")
    if name == "subscribed_events" or (name not in TABLES and name not in (also or {})):
        raise not_found()
    return name


def _id(request: Request) -> str:
    return str(request.path_params["id"]).removesuffix(".json")


async def _body(request: Request) -> Any:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise syntax("The body is not JSON") from error
