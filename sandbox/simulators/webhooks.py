"""Outgoing webhooks of a simulated instance: signed as the vendor signs, sent after the commit, in the background.

Like real ones they come twice, out of order, or not at all; a test says which through the courier's switches.
"""

from __future__ import annotations

import hashlib
import hmac
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import requests

_TIMEOUT_SECONDS = 10

Sign = Callable[[str, bytes, str], Mapping[str, str]]
"""(secret, body, unix seconds) -> the headers that prove the post."""


@dataclass(kw_only=True)
class Courier:
    """Takes messages to one address. `secret` is never shown.

    `copies` is how often each message is sent; `is_holding` keeps messages back until `release`.
    """

    url: str
    secret: str = field(repr=False)
    copies: int = 1
    is_holding: bool = False
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    answers: list[int] = field(default_factory=list)
    """Status of every post, in the order sent; 0 when nobody answered."""
    held: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)
    undelivered: deque[tuple[bytes, Mapping[str, str]]] = field(default_factory=lambda: deque(maxlen=1000))
    """Posts that met a 5xx or nobody; the vendor would try these again later."""

    def __post_init__(self) -> None:
        self._waiting: queue.Queue[tuple[bytes, Mapping[str, str]]] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def send(self, facts: Mapping[str, Any], sign: Sign) -> None:
        """Send one message, signed as of now."""
        body = orjson.dumps(facts)
        stamp = str(int(self.wall().timestamp()))
        headers = {"Content-Type": "application/json", **sign(self.secret, body, stamp)}
        for _ in range(self.copies):
            if self.is_holding:
                self.held.append((body, headers))
            else:
                self._post_later((body, headers))

    def release(self, order: Callable[[int], int] = lambda place: place) -> None:
        """Send what was held back, sorted by `order` of each message's place."""
        places = sorted(range(len(self.held)), key=order)
        posts, self.held, self.is_holding = [self.held[place] for place in places], [], False
        for post in posts:
            self._post_later(post)

    def retry(self) -> None:
        """Send again what was not delivered, as it was."""
        posts = list(self.undelivered)
        self.undelivered.clear()
        for post in posts:
            self._post_later(post)

    def drain(self) -> None:
        """Wait until everything sent so far has been answered or has failed."""
        self._waiting.join()

    def _post_later(self, post: tuple[bytes, Mapping[str, str]]) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()
        self._waiting.put(post)

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                post = self._waiting.get()
                try:
                    self._post(session, post)
                finally:
                    self._waiting.task_done()

    def _post(self, session: requests.Session, post: tuple[bytes, Mapping[str, str]]) -> None:
        body, headers = post
        try:
            status = session.post(
                self.url, data=body, headers=dict(headers), timeout=_TIMEOUT_SECONDS, allow_redirects=False
            ).status_code
        except requests.RequestException:
            status = 0
        self.answers.append(status)
        if status == 0 or status >= 500:
            self.undelivered.append(post)


def digest_of(secret: str, text: bytes) -> str:
    """Hexadecimal HMAC-SHA256."""
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def stamped(header: str) -> Sign:
    """The form `t=<unix seconds>,v1=<hex>` over time, a full stop and body, in `header`."""

    def sign(secret: str, body: bytes, stamp: str) -> Mapping[str, str]:
        return {header: f"t={stamp},v1={digest_of(secret, stamp.encode() + b'.' + body)}"}

    return sign
