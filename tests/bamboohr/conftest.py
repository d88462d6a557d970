"""A small account behind real HTTP, and a configuration pointing at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from config import Config, load_config
from config.paths import Home
from connectors.bamboohr import BambooHrClient, connect
from connectors.http import Backoff
from ingestion.runner import SyncResult, sync_instance
from sandbox.simulators.bamboohr import INDEXES, KEYS, TABLES, BambooSettings, create_app
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Fault, Faults
from sandbox.simulators.store import Store
from tests.bamboohr.firm import HIDDEN, firm_rows

KEY, CUT_KEY = "key-for-tests", "cut-key-for-tests"
INSTANCE = "bamboohr_group"
VARIABLE = "CONCORD_BAMBOOHR_GROUP_API_KEY"


@dataclass
class Clock:
    """Time that moves only when a test moves it."""

    now: datetime = field(default=datetime(2026, 6, 30, 18, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class Account:
    """One simulated account and the handles a test needs."""

    url: str
    store: Store
    faults: Faults
    clock: Clock
    home: Home

    def get(self, path: str, key: str = KEY, accept: str | None = "application/json", **query: str) -> Any:
        headers = {"Accept": accept} if accept else {"Accept": "*/*"}
        return requests.get(
            f"{self.url}/api/v1/{path}", params=query, auth=(key, "x"), headers=headers, timeout=30
        )

    def fault(self, **fault: Any) -> None:
        self.faults.order(Fault(**fault))

    @property
    def cfg(self) -> Config:
        cfg = load_config()
        instance = cfg.instance(INSTANCE).model_copy(update={"base_url": self.url})
        return cfg.model_copy(update={"estate": cfg.estate.model_copy(update={"instances": [instance]})})

    def client(self, key: str = KEY) -> BambooHrClient:
        return connect(
            self.cfg.instance(INSTANCE),
            environ={VARIABLE: key},
            budget_dir=self.home.budget,
            clock=self.clock,
            backoff=Backoff(attempts=3, start=0.0, cap=0.0),
        )

    def sync(self, key: str = KEY, **options: Any) -> SyncResult:
        return sync_instance(
            self.cfg, INSTANCE, home=self.home, clock=self.clock, environ={VARIABLE: key}, **options
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    clock = Clock()
    store = Store(tmp_path / "account.db", TABLES, keys=KEYS, indexes=INDEXES)
    for name, rows in firm_rows().items():
        store.load(name, rows)
    settings = BambooSettings(
        api_key=KEY,
        cut_key=CUT_KEY,
        hidden_fields=frozenset({"hireDate", "rate"}),
        hidden_people=frozenset({HIDDEN}),
    )
    faults = Faults()
    with SimServer(create_app(store, settings, clock, faults)) as server:
        yield Account(server.url, store, faults, clock, Home(tmp_path / "home"))
    store.close()


@pytest.fixture
def moved(account: Account) -> Callable[..., None]:
    """Edit a person as HR would: the change shows in the feed."""

    def move(number: str, **fields: Any) -> None:
        account.clock.advance(hours=1)
        stamp = account.clock().isoformat(timespec="seconds")
        account.store.upsert("employee", number, {**fields, "lastChanged": stamp})

    return move
