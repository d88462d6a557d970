"""SuiteTalk REST services of one account as a Starlette app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.simulators.base import json_response, with_admin
from sandbox.simulators.faults import Faults
from sandbox.simulators.netsuite.auth import SignIn
from sandbox.simulators.netsuite.batch import Jobs
from sandbox.simulators.netsuite.errors import ApiError
from sandbox.simulators.netsuite.gate import Gate
from sandbox.simulators.netsuite.records.service import RecordService
from sandbox.simulators.netsuite.settings import Settings
from sandbox.simulators.netsuite.suiteql import run
from sandbox.simulators.store import Store

SERVICES = "/services/rest"
Handler = Callable[[Request, bytes], Response]


class Account:
    """All services of one account behind one sign-in and one concurrency gate."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.sign_in = SignIn(settings)
        self.gate = Gate(settings.concurrency)
        self.jobs = Jobs(store)
        self.records = RecordService(store, settings, clock, self.jobs)

    def guarded(self, handler: Handler) -> Callable[[Request], object]:
        """The handler behind sign-in and gate."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                self.sign_in.check(request)
                with self.gate.slot():
                    if self.settings.service_seconds:
                        await asyncio.sleep(self.settings.service_seconds)
                    return await run_in_threadpool(handler, request, body)
            except ApiError as error:
                return error.response()

        return endpoint

    async def token(self, request: Request) -> Response:
        """OAuth 2.0 token endpoint."""
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            return json_response(self.sign_in.token(form, str(request.url.replace(query=""))))
        except ValueError as error:
            return json_response({"error": str(error)}, 400)

    def suiteql(self, request: Request, body: bytes) -> Response:
        """Run a query."""
        return _suiteql(request, body, self.store, self.settings, self.clock)

    def limits(self, _request: Request, _body: bytes) -> Response:
        """Concurrency governance."""
        return json_response(self.gate.limits())

    def job(self, request: Request, _body: bytes) -> Response:
        """State of an asynchronous job."""
        return json_response(self.jobs.job(request.path_params["job"], _jobs_root(request)))

    def tasks(self, request: Request, _body: bytes) -> Response:
        """Tasks of a job."""
        return json_response(self.jobs.tasks(request.path_params["job"], _jobs_root(request)))

    def result(self, request: Request, _body: bytes) -> Response:
        """Result of one task."""
        return json_response(self.jobs.result(request.path_params["job"], request.path_params["task"]))


def create_app(store: Store, settings: Settings, clock: Callable[[], datetime], faults: Faults) -> ASGIApp:
    """The account's services, with `/_sandbox` beside them."""
    account = Account(store, settings, clock)
    guarded, records = account.guarded, account.records
    record, job = f"{SERVICES}/record/v1", f"{SERVICES}/async/v1/job/{{job}}"
    writes = ["PATCH", "PUT", "DELETE"]
    routes = [
        Route(f"{SERVICES}/auth/oauth2/v1/token", account.token, methods=["POST"]),
        Route(f"{SERVICES}/query/v1/suiteql", guarded(account.suiteql), methods=["POST"]),
        Route(f"{SERVICES}/system/v1/governanceLimits", guarded(account.limits)),
        Route(job, guarded(account.job)),
        Route(f"{job}/task", guarded(account.tasks)),
        Route(f"{job}/task/{{task}}/result", guarded(account.result)),
        Route(f"{record}/metadata-catalog", guarded(records.catalog)),
        Route(f"{record}/metadata-catalog/{{type}}", guarded(records.catalog_type)),
        Route(f"{record}/{{type}}", guarded(records.collection), methods=["GET", "POST", *writes]),
        Route(f"{record}/{{type}}/{{id}}", guarded(records.instance), methods=["GET", *writes]),
        Route(f"{record}/{{type}}/{{id}}/{{sublist}}", guarded(records.sublist)),
    ]

    def edited(table: str, key: str, _fields: dict[str, Any]) -> None:
        records.events.after_submit(table, key, "edit")

    return with_admin(Starlette(routes=routes), store, faults, edited)


def _jobs_root(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{SERVICES}/async/v1/job"


def _suiteql(
    request: Request, body: bytes, store: Store, settings: Settings, clock: Callable[[], datetime]
) -> Response:
    if "transient" not in request.headers.get("prefer", "").replace(" ", "").split(","):
        raise ApiError(400, "INVALID_HEADER", "The Prefer header must be set to transient.")
    try:
        text = orjson.loads(body)["q"]
        limit, offset = (int(request.query_params.get(n, d)) for n, d in (("limit", "1000"), ("offset", "0")))
    except (ValueError, KeyError, TypeError) as error:
        detail = 'The request must be {"q": "..."} with whole limit and offset.'
        raise ApiError(400, "INVALID_REQUEST", detail) from error
    page = run(text, store=store, settings=settings, clock=clock, limit=limit, offset=offset)
    own = f"{request.url.scheme}://{request.url.netloc}{request.url.path}?limit={limit}&offset="
    links = [{"rel": "next", "href": f"{own}{offset + limit}"}] if page.has_more else []
    links.append({"rel": "self", "href": f"{own}{offset}"})
    return json_response(
        {
            "links": links,
            "count": len(page.items),
            "hasMore": page.has_more,
            "items": page.items,
            "offset": offset,
            "totalResults": page.total,
        },
        headers={"Content-Type": "application/vnd.oracle.resource+json; type=collection; charset=UTF-8"},
    )
