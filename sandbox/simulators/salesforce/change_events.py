"""Change events of the org, taken from its event bus and posted by a relay that signs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.simulators.base import Clock
from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier, stamped

SIGN = stamped("X-Relay-Signature")


class ChangeEvents:
    """Announces changes once they are committed; without a courier nobody listens to the bus."""

    def __init__(self, store: Store, clock: Clock, courier: Courier | None) -> None:
        self._store, self._clock, self._courier = store, clock, courier

    def announce(self, entity: str, record_id: str, change: str, fields: Mapping[str, Any]) -> None:
        """`change` is CREATE, UPDATE or DELETE; an update names and holds only what changed."""
        courier = self._courier
        if courier is None:
            return
        facts = {
            "ChangeEventHeader": {
                "entityName": entity,
                "recordIds": [record_id],
                "changeType": change,
                "changedFields": sorted(fields) if change == "UPDATE" else [],
                "transactionKey": f"0003-{self._store.next_id('change_event')}",
                "sequenceNumber": 1,
                "commitTimestamp": int(self._clock().timestamp() * 1000),
                "commitUser": "0055g0000000001",
            },
            **({} if change == "DELETE" else fields),
        }
        self._store.after_commit(lambda: courier.send(facts, SIGN))
