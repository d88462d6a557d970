"""What every simulator shares: admin routes beside the vendor's API, faults, and a real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from sandbox.simulators.faults import Fault, FaultMiddleware, Faults
from sandbox.simulators.store import Store

Clock = Callable[[], datetime]


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer made by orjson (pages of thousands of rows must not cost more than the client's side)."""
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


OnEdit = Callable[[str, str, dict[str, Any]], None]


def with_admin(vendor: Starlette, store: Store, faults: Faults, on_edit: OnEdit | None = None) -> ASGIApp:
    """The vendor's app with `/_sandbox` routes: order faults, look at rows, edit a row as another user.

    `on_edit` hears of such an edit (object, key, fields), for vendors that tell others.
    """

    async def order(request: Request) -> Response:
        faults.order(Fault(**orjson.loads(await request.body())))
        return json_response({"ordered": True})

    async def clear(_request: Request) -> Response:
        faults.clear()
        return json_response({"cleared": True})

    async def calls(_request: Request) -> Response:
        return json_response(faults.calls)

    async def rows(request: Request) -> Response:
        name = request.path_params["object"]
        return json_response(store.query(f'select * from "{name}"'))

    async def edit(request: Request) -> Response:
        fields = orjson.loads(await request.body())
        key = request.path_params["key"].split("|")
        store.upsert(request.path_params["object"], key, fields)
        if on_edit is not None:
            on_edit(request.path_params["object"], request.path_params["key"], fields)
        return json_response(store.get(request.path_params["object"], key))

    admin = [
        Route("/faults", order, methods=["POST"]),
        Route("/faults", clear, methods=["DELETE"]),
        Route("/calls", calls),
        Route("/rows/{object}", rows),
        Route("/rows/{object}/{key}", edit, methods=["PATCH"]),
    ]
    whole = Starlette(routes=[Mount("/_sandbox", routes=admin), Mount("/", app=vendor)])
    return FaultMiddleware(whole, faults)


class SimServer:
    """One simulator on a loopback port, in a thread; port 0 picks a free one."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name=f"simulator-{self.port}", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self) -> SimServer:
        """Serve, and return once connections are accepted."""
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError(f"the simulator on port {self.port} did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> SimServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
