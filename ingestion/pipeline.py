"""One dlt pipeline per instance: Arrow tables in, merged raw tables and the committed state out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from config.paths import Home
from ingestion.warehouse import table_exists

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # read by dlt while it is imported
os.environ.setdefault("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")

import dlt

_STATE = "concord"


@dataclass(frozen=True, kw_only=True)
class LoadTable:
    """Rows for one raw table. An empty key appends, otherwise rows replace those of the same key."""

    name: str
    key: tuple[str, ...]
    arrow: pa.Table


class InstancePipeline:
    """The dlt pipeline of one instance: its name is the instance's, so no two pipelines share one."""

    def __init__(self, home: Home, instance: str, system: str) -> None:
        self._home = home
        self.instance = instance
        self.dataset = f"raw_{system}"
        self._pipeline = self._open()

    def _open(self) -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=self.instance,
            pipelines_dir=str(self._home.dlt / self.instance),
            destination=dlt.destinations.duckdb(str(self._home.warehouse)),
            dataset_name=self.dataset,
        )

    def has_begun(self) -> bool:
        """Whether a killed run left a package half loaded."""
        packages = self._pipeline.list_normalized_load_packages()
        jobs = [self._pipeline.get_load_package_info(load_id).jobs for load_id in packages]
        return any(found["started_jobs"] or found["completed_jobs"] or found["failed_jobs"] for found in jobs)

    def abandon(self) -> None:
        """Give up packages of which one is half loaded. The caller holds the warehouse lock.

        Resuming it would lose rows: dlt empties the staging tables again but does not copy the finished files
        a second time, and then merges nothing. The marks in the warehouse did not move, so after
        `reconcile_state` the same rows are read again.
        """
        self._pipeline.abort_packages()

    def normalize_pending(self) -> bool:
        """Prepare what a killed run left extracted; True when something waits to be loaded.

        A run killed just after a package was prepared leaves its extracted copy too, and dlt then refuses to
        prepare it twice; the prepared package is whole (it appears by a rename), so the copy goes.
        """
        prepared = set(self._pipeline.list_normalized_load_packages())
        extracted = Path(self._pipeline.working_dir) / "normalize" / "extracted"
        for load_id in prepared.intersection(self._pipeline.list_extracted_load_packages()):
            shutil.rmtree(extracted / load_id)
        self._pipeline.normalize()
        return bool(self._pipeline.list_normalized_load_packages())

    def load(self) -> None:
        """Load all prepared packages. The caller holds the warehouse lock."""
        self._pipeline.load(raise_on_failed_jobs=True)

    def reconcile_state(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        """Make the local state the one the warehouse committed.

        A lost working folder is restored; a warehouse that is older, new or restored from a backup wins over
        the local state, otherwise rows between the two marks would never be read again.
        """
        committed = self._committed_version(warehouse)
        if committed == self._pipeline.state["_state_version"]:
            return
        if committed is None and not self.state():
            return
        self._pipeline = self._pipeline.drop()
        if committed is not None:
            self._pipeline.sync_destination()

    def _committed_version(self, warehouse: duckdb.DuckDBPyConnection) -> int | None:
        if not table_exists(warehouse, self.dataset, "_dlt_pipeline_state"):
            return None
        row = warehouse.execute(
            f'select max(s.version) from "{self.dataset}"._dlt_pipeline_state s '  # noqa: S608
            f'join "{self.dataset}"._dlt_loads l on l.load_id = s._dlt_load_id and l.status = 0 '
            "where s.pipeline_name = ?",
            [self.instance],
        ).fetchone()
        return row[0] if row else None

    def state(self) -> dict[str, Any]:
        """What the last committed package remembered; empty at first."""
        sources = self._pipeline.state.get("sources", {})
        return dict(sources.get(self.instance, {}).get(_STATE, {}))

    def prepare(self, tables: list[LoadTable], state: Mapping[str, Any] | None) -> None:
        """Extract and normalise one package, with the state that becomes true when it is loaded."""
        source = dlt.source(_resources, name=self.instance, max_table_nesting=0)(tables, state)
        self._pipeline.extract(source)
        self._pipeline.normalize()


def _resources(tables: list[LoadTable], state: Mapping[str, Any] | None) -> Iterator[Any]:
    for number, table in enumerate(tables):
        remembered = state if number == 0 else None
        disposition: Any = {"disposition": "merge", "strategy": "upsert"} if table.key else "append"
        keys: Any = list(table.key) or None
        yield dlt.resource(
            _rows(_keyed(table), remembered),
            name=table.name,
            write_disposition=disposition,
            primary_key=keys,
            schema_contract={"tables": "evolve", "columns": "evolve", "data_type": "freeze"},
        )


def _rows(arrow: pa.Table, state: Mapping[str, Any] | None) -> Iterator[pa.Table]:
    if state is not None:
        dlt.current.source_state()[_STATE] = dict(state)
    yield arrow


def _keyed(table: LoadTable) -> pa.Table:
    """Key columns marked as never null, as dlt declares them."""
    schema = pa.schema([field.with_nullable(field.name not in table.key) for field in table.arrow.schema])
    return table.arrow.cast(schema)
