"""A small tenant behind real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.kantata import INDEXES, TABLES, KantataSettings, create_app
from sandbox.simulators.store import Store
from tests.kantata.firm import firm_rows

TOKEN = "administrator-token-for-tests"
LOW_TOKEN = "low-rights-token-for-tests"


@dataclass
class Clock:
    """Time that moves only when a test moves it."""

    now: datetime = field(default=datetime(2026, 6, 30, 18, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class Tenant:
    """One simulated tenant and the handles a test needs."""

    url: str
    store: Store
    faults: Faults
    clock: Clock

    def api(self, method: str, path: str, token: str = TOKEN, **request: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, f"{self.url}/api/v1/{path}", headers=headers, timeout=30, **request)

    def calls(self) -> list[tuple[str, str]]:
        return [(call["method"], call["path"].removeprefix("/api/v1/")) for call in self.faults.calls]


def start_tenant(
    directory: Path, clock: Clock, rows: dict[str, list[dict[str, Any]]], **settings: Any
) -> tuple[Tenant, SimServer]:
    store = Store(directory / "tenant.db", TABLES, indexes=INDEXES)
    with store.transaction():
        for name, listed in rows.items():
            store.load(name, listed)
    faults = Faults()
    options = {"token": TOKEN, "low_rights_token": LOW_TOKEN, **settings}
    server = SimServer(create_app(store, KantataSettings(**options), clock, faults)).start()
    return Tenant(server.url, store, faults, clock), server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tenant(tmp_path: Path, clock: Clock) -> Iterator[Tenant]:
    running, server = start_tenant(tmp_path, clock, firm_rows())
    yield running
    server.stop()
    running.store.close()
