"""Salesforce change events, which the org publishes on its event bus; a relay posts each one, signed.

The relay is a client of the bus, outside this program: it sends the decoded event and the header
`X-Relay-Signature: t=<unix seconds>,v1=<hex>`.
"""

from __future__ import annotations

from datetime import timedelta

from connectors.webhooks.base import (
    Change,
    NotGenuineError,
    Post,
    Receipt,
    json_object,
    require_stamped,
    text_at,
)

SIGNATURE = "X-Relay-Signature"


class SalesforceVerifier:
    """A transaction key and its sequence number name a change event for ever."""

    def __init__(self, secret: str, *, tolerance: timedelta) -> None:
        self._secret, self._tolerance = secret, tolerance

    def check(self, post: Post) -> Receipt:
        """The change event; gap events name the object to be read again. Raises `NotGenuineError`."""
        require_stamped(self._secret, post, SIGNATURE, self._tolerance)
        found = json_object(post.body).get("ChangeEventHeader")
        if not isinstance(found, dict):
            raise NotGenuineError("malformed", "`ChangeEventHeader` is missing.")
        number, records = found.get("sequenceNumber"), found.get("recordIds")
        if not isinstance(number, int) or not isinstance(records, list):
            raise NotGenuineError("malformed", "`sequenceNumber` or `recordIds` is missing.")
        change = Change(
            message_id=f"{text_at(found, 'transactionKey')}/{number}",
            object=text_at(found, "entityName"),
            record_ids=tuple(str(one) for one in records),
        )
        return Receipt(changes=(change,))
