"""The account's user-event script: after each save it posts what was saved, signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sandbox.simulators.netsuite.suiteql.moments import utc_text
from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier, stamped

SIGN = stamped("X-NetSuite-Signature")


class UserEvents:
    """Runs after the commit; without a courier the script is not deployed."""

    def __init__(self, store: Store, clock: Callable[[], datetime], courier: Courier | None) -> None:
        self._store, self._clock, self._courier = store, clock, courier

    def after_submit(self, record_type: str, record_id: str, kind: str) -> None:
        """`kind` is create, edit or delete, as the script's context says."""
        courier = self._courier
        if courier is None:
            return
        facts = {
            "id": f"ue-{self._store.next_id('user_event')}",
            "type": kind,
            "recordType": record_type,
            "recordId": record_id,
            "at": utc_text(self._clock()),
        }
        self._store.after_commit(lambda: courier.send(facts, SIGN))
