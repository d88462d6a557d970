"""The door for webhooks: `POST /hooks/{instance}`. It verifies, keeps, and answers at once; it reads no vendor.

200 kept (or known already), 401 not genuine, 404 no such hook, 413 too large. Run it behind TLS; it needs no
route to any vendor and no credential but the hooks' secrets.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config import Config, load_config
from config.clock import Clock
from config.paths import Home
from connectors.webhooks import Change, NotGenuineError, Post, Receipt, Verifier, verifier_of
from reverse_etl.inbox import store
from reverse_etl.ledger import open_ledger, writing
from reverse_etl.outbox import wall_clock

LOGGER = logging.getLogger("concord.inbox")


class _TooLargeError(Exception):
    """The body is longer than we read."""


def create_app(
    config: Config | None = None,
    home: Home | None = None,
    environ: Mapping[str, str] | None = None,
    wall: Clock = wall_clock,
) -> Starlette:
    """The app of one deployment (default: the environment's). `wall` is real time: signatures age in it.

    Raises LookupError when the secret of a configured webhook is not set: an inbox that can verify nothing must
    not look alive.
    """
    config = config or load_config()
    home = home or Home.from_environment()
    environ = os.environ if environ is None else environ
    tolerance = timedelta(seconds=config.events.inbox.tolerance_seconds)
    verifiers = {
        one.name: verifier_of(one, environ, tolerance) for one in config.instances if one.webhook is not None
    }
    intake = _Intake(
        open_ledger(home.ledger_url), verifiers, wall, most_bytes=config.events.inbox.max_body_bytes
    )
    routes = [
        Route("/hooks/{instance}", intake.post, methods=["POST"]),
        Route("/health", _health),
    ]
    return Starlette(routes=routes)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class _Intake:
    def __init__(
        self, engine: sa.Engine, verifiers: Mapping[str, Verifier], wall: Clock, *, most_bytes: int
    ) -> None:
        self._engine, self._verifiers, self._wall, self._most = engine, verifiers, wall, most_bytes

    async def post(self, request: Request) -> Response:
        """One webhook."""
        instance = request.path_params["instance"]
        verifier = self._verifiers.get(instance)
        if verifier is None:
            return JSONResponse({"error": "there is no such hook"}, 404)
        try:
            body = await self._body(request)
        except _TooLargeError:
            return JSONResponse({"error": f"at most {self._most} bytes"}, 413)
        post = Post(
            method=request.method,
            url=str(request.url),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            received_at=self._wall(),
        )
        return await run_in_threadpool(self._take, instance, verifier, post)

    async def _body(self, request: Request) -> bytes:
        """The raw body, given up as soon as it is too long, whatever its length claims to be."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self._most:
                raise _TooLargeError
        return bytes(body)

    def _take(self, instance: str, verifier: Verifier, post: Post) -> Response:
        try:
            receipt = verifier.check(post)
        except NotGenuineError as refusal:
            return self._refuse(instance, refusal)
        self._keep(instance, receipt, post)
        return Response(receipt.reply_body, headers=dict(receipt.reply_headers))

    def _refuse(self, instance: str, refusal: NotGenuineError) -> Response:
        with writing(self._engine) as connection:
            store.refuse(connection, instance, refusal.error_class, self._wall())
        LOGGER.warning("a post for %s was refused (%s): %s", instance, refusal.error_class, refusal)
        return JSONResponse({"error": "not genuine"}, 401)

    def _keep(self, instance: str, receipt: Receipt, post: Post) -> None:
        keep(self._engine, instance, receipt.changes, post)


def keep(engine: sa.Engine, instance: str, changes: Sequence[Change], post: Post) -> None:
    """Keep what a genuine post tells, in one transaction; what came before is only counted."""
    if not changes:
        return
    text = post.body.decode(errors="replace")
    with writing(engine) as connection:
        store.keep(connection, instance, changes, text, post.received_at)
