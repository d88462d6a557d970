"""Concord looking at one simulated account, through the same runner as in production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from config import Config, load_config
from config.paths import Home
from connectors.http import Backoff
from connectors.netsuite import connect
from ingestion import registry
from ingestion.runner import SyncResult, sync_instance
from tests.netsuite.account import Account


class Deployment:
    """A home of its own and an estate of one instance."""

    def __init__(self, account: Account, root: Path, **changes: Any) -> None:
        self.account = account
        self.home = Home(root / "home")
        base = load_config()
        estate = base.estate.model_copy(update={"instances": [account.instance(**changes)]})
        self.config: Config = base.model_copy(update={"estate": estate})

    def sync(self, mode: Any = "incremental") -> SyncResult:
        """One run; the clock moves a minute first, as it does between runs."""
        self.account.clock.advance(minutes=1)
        quick = partial(connect, backoff=Backoff(attempts=2, start=0.0), timeout=20.0)
        return sync_instance(
            self.config,
            "netsuite_test",
            mode=mode,
            home=self.home,
            clock=self.account.clock,
            systems=lambda _name: replace(registry.system("netsuite"), connect=quick),
            environ=self.account.environ,
        )

    def rows(self, sql: str) -> list[Mapping[str, Any]]:
        """Rows of the warehouse, moments in UTC."""
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def dead(self) -> set[tuple[str, str, str]]:
        """Tombstones as (object, record, origin)."""
        found = self.rows("select object, record_id, origin from raw_netsuite.tombstone")
        return {(row["object"], row["record_id"], row["origin"]) for row in found}
