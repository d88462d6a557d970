"""A dispatch run in a process of its own, against a vendor over HTTP: made to be killed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import requests

from reverse_etl.destinations.base import Snapshot, WriteRequest, WriteResult
from reverse_etl.dispatcher import dispatch
from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import Outbox, wall_clock
from reverse_etl.values import decode, encode
from tests.reverse_etl.factories import ERP, PSA, make_governance

TYPES = {"price": "decimal"}


class HttpVendor:
    """The destination port over four plain routes."""

    def __init__(self, instance: str, base_url: str) -> None:
        self.instance, self.base_url = instance, base_url

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        found = self._send("GET", f"/{target_object}/{record_id}")
        return Snapshot(
            values={n: decode(found.get(n), TYPES.get(n, "text"), where=n) for n in fields}, version=None
        )

    def write(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> WriteResult:
        body = {"key": idempotency_key, "values": {n: encode(v) for n, v in change.values.items()}}
        record = change.record_id or "new"
        return WriteResult(record_id=self._send("POST", f"/{change.target_object}/{record}", body)["id"])

    def find_created(self, target_object: str, key: str) -> str | None:
        return self._send("GET", f"/{target_object}/by-key/{key}")["id"]

    def _send(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = requests.request(method, self.base_url + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()


def main(ledger_url: str, base_url: str) -> None:
    outbox = Outbox(open_ledger(ledger_url), make_governance(), wall_clock)
    dispatch(outbox, {name: HttpVendor(name, base_url) for name in (ERP, PSA)})


if __name__ == "__main__":
    main(*sys.argv[1:])
