"""The signature on what we send, and how a receiver checks it.

Header `Concord-Signature: t=<unix seconds>,v1=<hex>`, where `<hex>` is HMAC-SHA256 with the subscription's secret over
the ASCII digits of `t`, a full stop, and the raw body. A receiver refuses a header whose `t` is further than five
minutes from its own clock, so that a recorded request cannot be sent again later, and drops ids it knows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

HEADER = "Concord-Signature"
REPLAY_WINDOW = timedelta(minutes=5)
_FORM = re.compile(r"^t=(?P<moment>\d{1,12}),v1=(?P<digest>[0-9a-f]{64})$")


class SignatureError(Exception):
    """The signature does not prove that we sent this now; `error_class` is malformed, stale or wrong."""

    def __init__(self, error_class: str, message: str) -> None:
        self.error_class = error_class
        super().__init__(message)


def sign(secret: str, body: bytes, now: datetime) -> str:
    """Value of the header for `body` sent at `now`."""
    moment = str(int(now.timestamp()))
    return f"t={moment},v1={_digest(secret, moment, body)}"


def verify(secret: str, body: bytes, header: str, now: datetime, window: timedelta = REPLAY_WINDOW) -> None:
    """Check a header against the body in constant time. Raises `SignatureError`, which never shows the secret."""
    parts = _FORM.match(header.strip())
    if parts is None:
        raise SignatureError("malformed", f"{HEADER} must read t=<unix seconds>,v1=<64 hex digits>.")
    if not hmac.compare_digest(_digest(secret, parts["moment"], body), parts["digest"]):
        raise SignatureError("wrong", "the signature is not of this body under this secret.")
    sent = datetime.fromtimestamp(int(parts["moment"]), UTC)
    if abs(now - sent) > window:
        raise SignatureError("stale", f"signed at {sent.isoformat()}, outside the replay window of {window}.")


def _digest(secret: str, moment: str, body: bytes) -> str:
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
