"""BambooHR webhooks: HMAC-SHA256 under the hook's private key over body and timestamp."""

from __future__ import annotations

from datetime import timedelta

from connectors.webhooks.base import (
    Change,
    NotGenuineError,
    Post,
    Receipt,
    content_id,
    header,
    json_object,
    require_fresh,
    require_hmac,
)

_ORDERS = ("body_timestamp", "timestamp_body")


class BambooHrVerifier:
    """`signs` says how the vendor joins body and timestamp, which it does not document.

    There is no message id: the same body under the same timestamp is the same message, and the vendor sends a
    failed one again as it was.
    """

    def __init__(self, secret: str, *, tolerance: timedelta, signs: str = "body_timestamp") -> None:
        if signs not in _ORDERS:
            raise LookupError(f"webhook option `signs` must be one of {', '.join(_ORDERS)}, found {signs!r}.")
        self._secret, self._tolerance, self._signs = secret, tolerance, signs

    def check(self, post: Post) -> Receipt:
        """One change with everybody in the message. Raises `NotGenuineError`."""
        sent, given = header(post, "X-BambooHR-Timestamp"), header(post, "X-BambooHR-Signature")
        stamp = sent.encode()
        signed = post.body + stamp if self._signs == "body_timestamp" else stamp + post.body
        require_hmac(self._secret, signed, given)
        require_fresh(sent, post.received_at, self._tolerance)
        people = json_object(post.body).get("employees")
        if not isinstance(people, list) or not all(isinstance(one, dict) and "id" in one for one in people):
            raise NotGenuineError("malformed", "`employees` is not a list of people with ids.")
        ids = tuple(str(one["id"]) for one in people)
        return Receipt(
            changes=(Change(message_id=content_id(post.body + stamp), object="employee", record_ids=ids),)
        )
