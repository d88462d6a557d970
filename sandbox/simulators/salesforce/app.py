"""The org's routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.simulators.base import Clock, json_response, with_admin
from sandbox.simulators.faults import Faults
from sandbox.simulators.salesforce import bulk, collections, query, sobjects
from sandbox.simulators.salesforce.auth import Settings, token
from sandbox.simulators.salesforce.errors import not_found
from sandbox.simulators.salesforce.org import Org, guarded, org_of
from sandbox.simulators.store import Store

_VERSIONS = ("64.0", "65.0", "66.0")


async def versions(_request: Request) -> Response:
    """`GET /services/data`, open to all."""
    return json_response(
        [{"label": f"v{known}", "url": f"/services/data/v{known}", "version": known} for known in _VERSIONS]
    )


async def resources(request: Request) -> Response:
    """`GET /services/data/v66.0`."""
    root = f"/services/data/v{request.path_params['version']}"
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
    return json_response({name: f"{root}/{name}" for name in names})


async def limits(request: Request) -> Response:
    """Quotas of the org and what is left of them."""
    org = org_of(request)
    most, jobs = org.settings.daily_api_requests, org.settings.bulk_query_jobs
    return json_response(
        {
            "DailyApiRequests": {"Max": most, "Remaining": most - org.used()},
            "DailyBulkV2QueryJobs": {"Max": jobs, "Remaining": jobs - len(org.jobs)},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976562, "Remaining": 976562},
        }
    )


async def unknown(_request: Request) -> Response:
    """Any other route."""
    return not_found().response()


async def end_sessions(request: Request) -> Response:
    """`POST /_sessions/expire`: what an administrator does in setup; used by tests and demos."""
    org_of(request).sessions.close_all()
    return Response(status_code=204)


def _routes() -> list[Route]:
    root = "/services/data/v{version}"
    one = root + "/sobjects/{object}"
    many = root + "/composite/sobjects"
    job = root + "/jobs/query"
    return [
        Route("/services/oauth2/token", token, methods=["POST"]),
        Route("/services/data", versions),
        Route("/_sessions/expire", end_sessions, methods=["POST"]),
        Route(root, guarded(resources)),
        Route(root + "/limits", guarded(limits)),
        Route(root + "/query", guarded(query.query)),
        Route(root + "/queryAll", guarded(query.query_all)),
        Route(root + "/query/{locator}", guarded(query.following)),
        Route(root + "/sobjects", guarded(sobjects.global_describe)),
        Route(one, guarded(sobjects.create), methods=["POST"]),
        Route(one, guarded(sobjects.basic)),
        Route(one + "/describe", guarded(sobjects.describe)),
        Route(one + "/deleted", guarded(sobjects.deleted)),
        Route(one + "/updated", guarded(sobjects.updated)),
        Route(one + "/{id}", guarded(sobjects.read)),
        Route(one + "/{id}", guarded(sobjects.update), methods=["PATCH"]),
        Route(one + "/{id}", guarded(sobjects.delete), methods=["DELETE"]),
        Route(one + "/{key}/{value:path}", guarded(sobjects.read_by_key)),
        Route(one + "/{key}/{value:path}", guarded(sobjects.upsert), methods=["PATCH"]),
        Route(many, guarded(collections.create_many), methods=["POST"]),
        Route(many, guarded(collections.update_many), methods=["PATCH"]),
        Route(many, guarded(collections.delete_many), methods=["DELETE"]),
        Route(many + "/{object}/{key}", guarded(collections.upsert_many), methods=["PATCH"]),
        Route(job, guarded(bulk.create_job), methods=["POST"]),
        Route(job + "/{job}", guarded(bulk.read_job)),
        Route(job + "/{job}", guarded(bulk.change_job), methods=["PATCH"]),
        Route(job + "/{job}", guarded(bulk.delete_job), methods=["DELETE"]),
        Route(job + "/{job}/results", guarded(bulk.results)),
        Route("/{rest:path}", unknown, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
    ]


class _WithoutTrailingSlash:
    """The org answers `/sobjects/Account/` and `/sobjects/Account` alike."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/")}
        await self.app(scope, receive, send)


def create_app(store: Store, settings: Settings | Mapping[str, Any], clock: Clock, faults: Faults) -> ASGIApp:
    """The org as an ASGI app with the `/_sandbox` admin routes beside it.

    `settings` needs client_id, public_key (PEM) and username; see `auth.Settings` for the rest.
    """
    vendor = Starlette(routes=_routes())
    org = Org(store, Settings.of(settings), clock)
    vendor.state.org = org
    vendor.state.sessions = org.sessions
    vendor.add_middleware(_WithoutTrailingSlash)

    def edited(entity: str, key: str, fields: dict[str, Any]) -> None:
        org.events.announce(entity, key, "UPDATE", fields)

    return with_admin(vendor, store, faults, edited)
