"""NetSuite has no webhooks of its own: a user-event script posts `{id, type, recordType, recordId}` after each save.

It signs with the header `X-NetSuite-Signature: t=<unix seconds>,v1=<hex>`. Scripts can be switched off for imports
and mass updates, so a missing message means nothing and polling stays.
"""

from __future__ import annotations

from datetime import timedelta

from connectors.webhooks.base import Change, Post, Receipt, json_object, require_stamped, text_at

SIGNATURE = "X-NetSuite-Signature"


class NetSuiteVerifier:
    """The script's own id names the message."""

    def __init__(self, secret: str, *, tolerance: timedelta) -> None:
        self._secret, self._tolerance = secret, tolerance

    def check(self, post: Post) -> Receipt:
        """The saved record. Raises `NotGenuineError`."""
        require_stamped(self._secret, post, SIGNATURE, self._tolerance)
        facts = json_object(post.body)
        change = Change(
            message_id=text_at(facts, "id"),
            object=text_at(facts, "recordType"),
            record_ids=(text_at(facts, "recordId"),),
        )
        return Receipt(changes=(change,))
