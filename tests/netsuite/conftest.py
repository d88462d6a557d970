"""Simulated accounts that run while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.netsuite import INDEXES, KEYS, TABLES, Settings, create_app
from sandbox.simulators.store import Store
from tests.netsuite.account import SECRETS, Account, Clock, OpenAccount, books


@pytest.fixture
def open_account(tmp_path: Path) -> Iterator[OpenAccount]:
    """Start an account with other settings or other rows."""
    running: list[Account] = []

    def start(rows: dict[str, list[dict[str, Any]]] | None = None, **settings: Any) -> Account:
        number = len(running)
        store = Store(tmp_path / f"account{number}.db", TABLES, KEYS, INDEXES)
        for name, listed in (books() if rows is None else rows).items():
            store.load(name, listed)
        facts = {
            "account": "4471023_SB1", "consumer_key": SECRETS["NS_KEY"],
            "consumer_secret": SECRETS["NS_SECRET"], "token_id": SECRETS["NS_TOKEN"],
            "token_secret": SECRETS["NS_TOKEN_SECRET"],
        }  # fmt: skip
        made, clock, faults = Settings(**(facts | settings)), Clock(), Faults()
        server = SimServer(create_app(store, made, clock, faults)).start()
        account = Account(
            store=store, server=server, settings=made, clock=clock, faults=faults,
            budget_dir=tmp_path / f"budget{number}",
        )  # fmt: skip
        running.append(account)
        return account

    yield start
    for account in running:
        account.server.stop()
        account.store.close()


@pytest.fixture
def account(open_account: OpenAccount) -> Account:
    """The account of `books()`."""
    return open_account()
