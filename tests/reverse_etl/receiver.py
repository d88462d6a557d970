"""A subscriber over loopback HTTP: keeps what it got, answers as told."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Receiver:
    """Every post in the order of arrival; `answers` are used up first, then 204."""

    posts: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    refused_subjects: set[str] = field(default_factory=set)
    url: str = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _ in self.posts]

    def app(self) -> Starlette:
        async def take(request: Request) -> Response:
            body = await request.body()
            self.posts.append((body, dict(request.headers)))
            if self.answers:
                status, headers = self.answers.popleft()
                return Response(status_code=status, headers=headers)
            refused = json.loads(body)["subject"] in self.refused_subjects
            return Response(status_code=422 if refused else 204)

        return Starlette(routes=[Route("/events", take, methods=["POST"])])
