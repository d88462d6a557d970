"""The seam of incoming webhooks: a vendor is one `Verifier`, a pure function of the post and the time."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol


class NotGenuineError(Exception):
    """The post is not the vendor's, not from now, or not readable.

    `error_class` is unsigned, wrong, stale or malformed; the text never holds a secret, a signature or the body.
    """

    def __init__(self, error_class: str, message: str) -> None:
        self.error_class = error_class
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Post:
    """A webhook as it arrived. Header names are lower case; `body` is the raw bytes, which is what is signed."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Change:
    """One message: something of `object` changed. `message_id` is the vendor's own, or derived from the content."""

    message_id: str
    object: str
    record_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a genuine post said, and the answer the vendor waits for (a handshake echoes something)."""

    changes: tuple[Change, ...] = ()
    reply_headers: Mapping[str, str] = field(default_factory=dict)
    reply_body: str = ""


class Verifier(Protocol):
    """One vendor's check. Nothing is read from the body before the signature holds."""

    def check(self, post: Post) -> Receipt:
        """What the post says. Raises `NotGenuineError`."""
        ...


def header(post: Post, name: str) -> str:
    """A header that must be there. Raises `NotGenuineError`."""
    value = post.headers.get(name.lower(), "")
    if not value:
        raise NotGenuineError("unsigned", f"the header {name} is missing.")
    return value


def require_hmac(secret: str, signed: bytes, given: str) -> None:
    """Compare a hexadecimal HMAC-SHA256 in constant time. Raises `NotGenuineError`."""
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.strip().lower().encode()):
        raise NotGenuineError("wrong", "the signature does not fit the body under this instance's secret.")


def require_fresh(seconds: str, now: datetime, tolerance: timedelta) -> None:
    """Refuse a message sent further than `tolerance` from `now`. Raises `NotGenuineError`."""
    if not re.fullmatch(r"\d{1,12}", seconds):
        raise NotGenuineError("malformed", "the time of sending is not given in unix seconds.")
    if abs(now - datetime.fromtimestamp(int(seconds), UTC)) > tolerance:
        raise NotGenuineError("stale", f"it was sent more than {tolerance} from now.")


_STAMPED = re.compile(r"t=(?P<sent>\d{1,12}),v1=(?P<digest>[0-9a-fA-F]{64})")


def require_stamped(secret: str, post: Post, name: str, tolerance: timedelta) -> None:
    """Check a header `t=<unix seconds>,v1=<hex>` over `t`, a full stop and the body. Raises `NotGenuineError`.

    It is the form of the relays and scripts we ship, for vendors that sign nothing themselves.
    """
    parts = _STAMPED.fullmatch(header(post, name).strip())
    if parts is None:
        raise NotGenuineError(
            "malformed", f"the header {name} must read t=<unix seconds>,v1=<64 hex digits>."
        )
    require_hmac(secret, parts["sent"].encode() + b"." + post.body, parts["digest"])
    require_fresh(parts["sent"], post.received_at, tolerance)


def content_id(body: bytes) -> str:
    """An id for a message whose vendor gives none: the same content is the same message."""
    return hashlib.sha256(body).hexdigest()


def json_object(body: bytes) -> dict[str, Any]:
    """The body as an object. Raises `NotGenuineError`."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise NotGenuineError("malformed", "the body is not JSON.") from error
    if not isinstance(found, dict):
        raise NotGenuineError("malformed", "the body is not a JSON object.")
    return found


def text_at(facts: Mapping[str, Any], name: str) -> str:
    """A text the message must have. Raises `NotGenuineError` naming it."""
    value = facts.get(name)
    if not isinstance(value, str) or not value:
        raise NotGenuineError("malformed", f"`{name}` is missing or not text.")
    return value
