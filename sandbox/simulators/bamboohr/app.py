"""The BambooHR API of one company over a store: sign-in, routes, both URL forms."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from sandbox.simulators.bamboohr.history import History
from sandbox.simulators.bamboohr.hooks import Hooks
from sandbox.simulators.bamboohr.hours import Hours
from sandbox.simulators.bamboohr.people import People, Rights, stamp
from sandbox.simulators.bamboohr.respond import Refusal, answer, refuse
from sandbox.simulators.base import Clock, json_response, with_admin
from sandbox.simulators.faults import Faults
from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier


@dataclass(frozen=True, kw_only=True)
class BambooSettings:
    """Keys of the account. `cut_key` signs in as well, but its owner sees less, and nothing says so."""

    api_key: str
    company_domain: str = "company"
    cut_key: str | None = None
    hidden_fields: frozenset[str] = frozenset()
    hidden_people: frozenset[str] = frozenset()
    courier: Courier | None = None


def settings_for(credentials: Mapping[str, str], options: Mapping[str, Any]) -> BambooSettings:
    """Settings of an estate instance."""
    return BambooSettings(
        api_key=credentials["api_key"], company_domain=options.get("company_domain", "company")
    )


def create_app(store: Store, settings: BambooSettings, clock: Clock, faults: Faults) -> ASGIApp:
    """The vendor's app with the sandbox's admin routes."""
    api = _Api(store, settings, clock)
    v1 = [
        Route("/employees", api.employees),
        Route("/employees/directory", api.directory),
        Route("/employees/changed", api.changed),
        Route("/employees/changed/tables/{table}", api.changed_table),
        Route("/employees/{id}", api.employee),
        Route("/employees/{id}", api.update, methods=["POST"]),
        Route("/employees/{id}/tables/{table}", api.table),
        Route("/meta/tables", api.tables),
        Route("/timetracking/record", api.record_hours, methods=["POST"]),
        Route("/time_tracking/timesheet_entries", api.timesheet_entries),
        Route("/time_off/requests", api.requests),
        Route("/time_off/whos_out", api.whos_out),
    ]
    gateway = f"/api/gateway.php/{settings.company_domain}/v1"

    def edited(table: str, key: str, fields: dict[str, Any]) -> None:
        if table == "employee":
            api.hooks.updated(key, fields, stamp(clock()))

    vendor = Starlette(routes=[Mount("/api/v1", routes=v1), Mount(gateway, routes=v1)])
    return with_admin(vendor, store, faults, edited)


Produce = Callable[[Request, Rights], Any]


class _Api:
    def __init__(self, store: Store, settings: BambooSettings, clock: Clock) -> None:
        self.hooks = Hooks(store, settings.courier)
        self._people = People(store, clock, self.hooks)
        self._history = History(store)
        self._hours = Hours(store, clock)
        self._settings = settings
        self._clock = clock

    async def employees(self, request: Request) -> Response:
        base = str(request.url).split("?")[0]
        return self._json(request, lambda r, rights: self._people.listed(r.query_params, rights, base))

    async def directory(self, request: Request) -> Response:
        return self._negotiated(request, "directory", lambda _r, rights: self._people.directory(rights))

    async def employee(self, request: Request) -> Response:
        return self._negotiated(
            request,
            "employee",
            lambda r, rights: self._people.one(r.path_params["id"], r.query_params, rights),
        )

    async def changed(self, request: Request) -> Response:
        return self._negotiated(
            request, "employees", lambda r, rights: self._people.changed(r.query_params, rights)
        )

    async def table(self, request: Request) -> Response:
        return self._negotiated(
            request,
            "table",
            lambda r, rights: self._history.rows(r.path_params["id"], r.path_params["table"], rights),
        )

    async def changed_table(self, request: Request) -> Response:
        return self._negotiated(
            request,
            "table",
            lambda r, rights: self._history.changed(r.path_params["table"], r.query_params, rights),
        )

    async def tables(self, request: Request) -> Response:
        return self._negotiated(request, "tables", lambda _r, _rights: self._history.tables())

    async def requests(self, request: Request) -> Response:
        return self._negotiated(
            request, "requests", lambda r, rights: self._history.requests(r.query_params, rights)
        )

    async def whos_out(self, request: Request) -> Response:
        today = self._clock().date()
        return self._negotiated(
            request, "calendar", lambda r, rights: self._history.whos_out(r.query_params, rights, today)
        )

    async def timesheet_entries(self, request: Request) -> Response:
        return self._json(request, lambda r, rights: self._hours.entries(r.query_params, rights))

    async def record_hours(self, request: Request) -> Response:
        body = await request.body()
        try:
            done = self._hours.record(orjson.loads(body), self._sign_in(request))
        except orjson.JSONDecodeError:
            return refuse(Refusal(400, "the body is not JSON"))
        except Refusal as refusal:
            return refuse(refusal)
        return json_response(done, 201)

    async def update(self, request: Request) -> Response:
        body = await request.body()
        try:
            rights = self._sign_in(request)
            fields = orjson.loads(body)
            if not isinstance(fields, dict):
                raise Refusal(400, "the body is not an object")
            self._people.update(request.path_params["id"], fields, rights)
        except orjson.JSONDecodeError:
            return refuse(Refusal(400, "the body is not JSON"))
        except Refusal as refusal:
            return refuse(refusal)
        return Response(b"")

    def _json(self, request: Request, produce: Produce) -> Response:
        """Newer routes speak JSON only."""
        try:
            return json_response(produce(request, self._sign_in(request)))
        except Refusal as refusal:
            return refuse(refusal)

    def _negotiated(self, request: Request, root: str, produce: Produce) -> Response:
        try:
            return answer(request, produce(request, self._sign_in(request)), root)
        except Refusal as refusal:
            return refuse(refusal)

    def _sign_in(self, request: Request) -> Rights:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            key, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            key, password = "", ""
        if scheme.lower() != "basic" or not password:
            raise Refusal(401, "Unauthorized")
        if key == self._settings.api_key:
            return Rights()
        if self._settings.cut_key is not None and key == self._settings.cut_key:
            return Rights(self._settings.hidden_fields, self._settings.hidden_people)
        raise Refusal(401, "Unauthorized")
