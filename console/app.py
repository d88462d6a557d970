"""The console as a Starlette app: pages over the published copy and the ledger, nothing else."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config import Config, load_config
from config.paths import Home
from console import charts, format
from console.auth import ForbiddenError, SignInRequiredError
from console.pages import (
    approvals,
    findings,
    health,
    metrics,
    overview,
    receivables,
    revenue,
    signin,
    utilization,
)
from console.published import NotPublishedError, Published
from reverse_etl.setup import open_outbox

HERE = Path(__file__).parent
SECURITY_HEADERS = [
    (b"content-security-policy",
     b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
     b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]  # fmt: skip


class SecurityHeaders:
    """Nothing is loaded from outside and no page is cached or framed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and not scope["path"].startswith("/static"):
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def create_app(config: Config | None = None, home: Home | None = None) -> Starlette:
    """The console of one deployment (default: the one of the environment)."""
    config = config or load_config()
    home = home or Home.from_environment()
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(SecurityHeaders), Middleware(SessionMiddleware, **_session())],
        exception_handlers={
            SignInRequiredError: _ask_to_sign_in,
            ForbiddenError: _not_allowed,
            NotPublishedError: _not_published,
            404: _not_here,
        },
    )
    app.state.config = config
    app.state.home = home
    app.state.published = Published(home.published)
    app.state.outbox = open_outbox(config, home)
    app.state.templates = _templates(config)
    return app


def _routes() -> list[Route | Mount]:
    return [
        Route("/", overview.show),
        Route("/sign-in", signin.ask, methods=["GET"]),
        Route("/sign-in", signin.enter, methods=["POST"]),
        Route("/sign-out", signin.leave, methods=["POST"]),
        Route("/utilization", utilization.show),
        Route("/utilization/people", utilization.people),
        Route("/utilization/entries", utilization.entries),
        Route("/revenue", revenue.show),
        Route("/revenue/project/{project_id:path}", revenue.project),
        Route("/receivables", receivables.show),
        Route("/metrics", metrics.show),
        Route("/metrics/{report}.csv", metrics.download),
        Route("/metrics/{report}", metrics.report),
        Route("/findings", findings.listing),
        Route("/findings/{finding_id}", findings.detail),
        Route("/approvals", approvals.listing),
        Route("/approvals/decide", approvals.decide_many, methods=["POST"]),
        Route("/approvals/{correction_id}", approvals.detail),
        Route("/approvals/{correction_id}/decide", approvals.decide, methods=["POST"]),
        Route("/health", health.show),
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
    ]


def _session() -> dict[str, Any]:
    secret = os.environ.get("CONCORD_CONSOLE_SECRET") or secrets.token_hex(32)
    return {"secret_key": secret, "same_site": "lax", "https_only": False, "max_age": 12 * 3600}


def _templates(config: Config) -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = (
        "money", "money_short", "whole", "hours", "percent", "percent_whole", "points", "day", "moment", "month",
        "recorded", "words",
    )  # fmt: skip
    environment.filters.update({name: getattr(format, name) for name in names})
    environment.globals.update(firm=config.firm, charts=charts, roles=config.policy.roles)
    return Jinja2Templates(env=environment)


async def _ask_to_sign_in(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/sign-in", status_code=303)


async def _not_published(request: Request, _error: Exception) -> Response:
    text = "Run the reconcile job in Dagster, or `make run`, and load this page again."
    return _render_problem(request, 503, "Nothing is published yet", text)


async def _not_here(request: Request, _error: Exception) -> Response:
    return _render_problem(request, 404, "Not here", "This page does not exist, or its record is gone.")


async def _not_allowed(request: Request, error: Exception) -> Response:
    return _render_problem(request, 403, "Not allowed", str(error))


def _render_problem(request: Request, status: int, title: str, text: str) -> Response:
    context = {"user": None, "flash": None, "title": title, "text": text}
    response: Response = request.app.state.templates.TemplateResponse(
        request, "problem.html", context, status_code=status
    )
    return response
