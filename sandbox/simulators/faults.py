"""Faults a test or a demo can order from a simulator, over HTTP, while it runs."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("status", "status_after", "drop_after", "delay", "delay_after", "truncate", "rewrite")


@dataclass(kw_only=True)
class Fault:
    """One ordered fault.

    kind: `status` answers before anything happens; `status_after` lets the call commit, then answers so;
    `drop_after` commits and closes the connection without an answer; `delay` waits `seconds` before the call,
    `delay_after` lets it commit and waits before the answer; `truncate` cuts the body in half; `rewrite` sets
    `value` at every place of a JSON body matched by the dotted `at`
    (`*` matches any key or index; value null with `remove` drops the key).
    """

    kind: str
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    skip: int = 0
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    at: str = ""
    value: Any = None
    remove: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault kind {self.kind!r}; one of {', '.join(KINDS)}")


class Faults:
    """The faults waiting to happen, and a log of the calls seen (method, path, status)."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()
        self.calls: list[dict[str, Any]] = []

    def order(self, fault: Fault) -> None:
        """Let `fault` happen on the next `times` matching calls, after `skip` of them."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget waiting faults and the call log."""
        with self._lock:
            self._waiting.clear()
            self.calls.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault due for this call, counted down."""
        with self._lock:
            for fault in self._waiting:
                if not (re.fullmatch(fault.method, method) and re.search(fault.path, path)):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


class FaultMiddleware:
    """Carries out faults around a vendor app; admin routes are never touched."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self.app(scope, receive, send)
            return
        where = scope["path"] + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        fault = self.faults.take(scope["method"], where)
        if fault is None or fault.kind == "delay":
            if fault is not None:
                await asyncio.sleep(fault.seconds)
            await self.app(scope, receive, self._logged(scope, send))
            return
        if fault.kind == "status":
            await _answer(self._logged(scope, send), fault)
            return
        messages = await self._collect(scope, receive)
        if fault.kind == "drop_after":
            self.faults.calls.append({"method": scope["method"], "path": scope["path"], "status": 0})
            _hang_up(send)
            return
        if fault.kind == "delay_after":
            status = next(message["status"] for message in messages if "status" in message)
            self.faults.calls.append({"method": scope["method"], "path": scope["path"], "status": status})
            await asyncio.sleep(fault.seconds)
            for message in messages:
                await send(message)
            return
        if fault.kind == "status_after":
            await _answer(self._logged(scope, send), fault)
            return
        await _send_changed(self._logged(scope, send), messages, fault)

    def _logged(self, scope: Scope, send: Send) -> Send:
        async def log(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.faults.calls.append(
                    {"method": scope["method"], "path": scope["path"], "status": message["status"]}
                )
            await send(message)

        return log

    async def _collect(self, scope: Scope, receive: Receive) -> list[Message]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        return messages


def _hang_up(send: Send) -> None:
    """Close the socket without an answer, as a dying gateway does (the server itself would send a 500)."""
    cycle = getattr(send, "__self__", None)
    if cycle is None or not hasattr(cycle, "transport"):
        raise RuntimeError("a lost answer can only be ordered from a simulator served over HTTP")
    cycle.transport.abort()


async def _answer(send: Send, fault: Fault) -> None:
    body = b"" if fault.body is None else orjson.dumps(fault.body)
    headers = [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_changed(send: Send, messages: list[Message], fault: Fault) -> None:
    start = next(message for message in messages if message["type"] == "http.response.start")
    body = b"".join(
        message.get("body", b"") for message in messages if message["type"] == "http.response.body"
    )
    body = body[: len(body) // 2] if fault.kind == "truncate" else _rewritten(body, fault)
    headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _rewritten(body: bytes, fault: Fault) -> bytes:
    document = orjson.loads(body)
    _set(document, fault.at.split("."), fault)
    return orjson.dumps(document)


def _set(node: Any, path: list[str], fault: Fault) -> None:
    head, rest = path[0], path[1:]
    if isinstance(node, list):
        keys: list[Any] = list(range(len(node))) if head == "*" else [int(head)]
    elif isinstance(node, dict):
        keys = list(node) if head == "*" else [head] if head in node or not rest else []
    else:
        return
    for key in keys:
        if rest:
            _set(node[key], rest, fault)
        elif fault.remove:
            del node[key]
        else:
            node[key] = fault.value
