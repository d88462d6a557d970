"""Where a deployment keeps its files: everything lives under CONCORD_HOME."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folder of one deployment (default `.concord` in the checkout)."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """CONCORD_HOME, or `.concord` beside the code."""
        return cls(Path(os.environ.get("CONCORD_HOME", REPOSITORY / ".concord")).resolve())

    @property
    def warehouse(self) -> Path:
        """The build file: one writing process at a time, behind `warehouse_lock`."""
        return self.root / "warehouse.duckdb"

    @property
    def warehouse_lock(self) -> Path:
        """The lock every opener of the build file takes, from Dagster and the command line alike."""
        return self.root / "warehouse.lock"

    @property
    def dlt(self) -> Path:
        """Working folders of the dlt pipelines, one per instance."""
        return self.root / "dlt"

    @property
    def serving(self) -> Path:
        """Published copies; `serving/current.duckdb` points at the newest."""
        return self.root / "serving"

    @property
    def published(self) -> Path:
        """The published copy that console and reverse ETL read."""
        return self.serving / "current.duckdb"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger: CONCORD_LEDGER_URL, or SQLite in this home."""
        return os.environ.get("CONCORD_LEDGER_URL", f"sqlite:///{self.root / 'ledger.db'}")

    @property
    def sandbox(self) -> Path:
        """State of the simulated firm."""
        return self.root / "sandbox"

    @property
    def budget(self) -> Path:
        """Slots and counters of the shared API budgets."""
        return self.root / "budget"

    @property
    def docs(self) -> Path:
        """Pages that explain the data, and nothing else: this folder is served."""
        return self.root / "docs"

    @property
    def data_docs(self) -> Path:
        """Published Great Expectations Data Docs, a folder per instance."""
        return self.docs / "landing"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def logs(self) -> Path:
        """Log files, alerts among them."""
        return self.root / "logs"
