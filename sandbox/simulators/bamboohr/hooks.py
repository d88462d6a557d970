"""The account's webhooks: people who changed, signed over body and timestamp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier, digest_of


def sign(secret: str, body: bytes, stamp: str) -> Mapping[str, str]:
    """Body first, then the timestamp; the vendor does not document the order."""
    return {
        "X-BambooHR-Timestamp": stamp,
        "X-BambooHR-Signature": digest_of(secret, body + stamp.encode()),
    }


class Hooks:
    """Tells of a change to a person once it is committed; without a courier no hook is registered."""

    def __init__(self, store: Store, courier: Courier | None) -> None:
        self._store, self._courier = store, courier

    def updated(self, person: str, fields: Iterable[str], at: str) -> None:
        """Names the changed fields and sends no value, as a hook without post fields does."""
        courier = self._courier
        if courier is None:
            return
        entry = {"id": person, "action": "Updated", "timestamp": at, "changedFields": sorted(fields)}
        self._store.after_commit(lambda: courier.send({"employees": [entry]}, sign))
