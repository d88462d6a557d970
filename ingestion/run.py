"""The inside of one sync: read every table, hand over packages, remember the marks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from config.paths import Home
from ingestion.collect import Collector, micros
from ingestion.errors import ShrinkError
from ingestion.extract import Extract, Tombstone, WithCanaries
from ingestion.journal import quarantine_rows, receive, transport
from ingestion.known import alive_ids, known_cursors
from ingestion.landing import arrow_schema
from ingestion.pipeline import InstancePipeline, LoadTable
from ingestion.tables import Table
from ingestion.warehouse import open_warehouse, warehouse_lock

SHRINK_MINIMUM_ROWS = 20
_SEEN_MISSING = frozenset({"sweep", "window"})  # nobody said "deleted", we only no longer see them
TOMBSTONE_OVERLAP = timedelta(hours=1)
TOMBSTONE_SCHEMA = pa.schema(
    [
        ("object", pa.string()),
        ("record_id", pa.string()),
        ("deleted_at", pa.timestamp("us", tz="UTC")),
        ("origin", pa.string()),
        ("_instance", pa.string()),
        ("_loaded_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(kw_only=True)
class Run:
    """One run of one instance. `execute` leaves its figures on the object, also when it fails."""

    instance: str
    system: str
    run_id: str
    full: bool
    home: Home
    pipeline: InstancePipeline
    tables: Mapping[str, Table]
    until: datetime
    checkpoint_rows: int
    accept_shrink: bool
    state: dict[str, Any]  # of the last committed package; becomes the next one
    loaded_at: datetime
    rows_read: int = 0
    quarantined: int = 0
    tombstones: int = 0
    rows_by_table: dict[str, int] = field(default_factory=dict)
    drift: list[tuple[str, str, str]] = field(default_factory=list)
    _done: list[Collector] = field(default_factory=list)  # complete, not handed over yet
    _canaries: dict[str, int] = field(default_factory=dict)
    _all: dict[str, Collector] = field(default_factory=dict)
    _known_ids: dict[tuple[str, tuple[date, date] | None], set[str]] = field(default_factory=dict)

    def execute(self, extract: Extract) -> None:
        """Read and load everything; what a checkpoint loaded stays when a later table fails."""
        known = self._known_cursors()
        for table in self.tables.values():
            self._read(extract, table, known.get(table.name, {}))
            if sum(done.waiting for done in self._done) >= self.checkpoint_rows:
                self._hand_over([], final=False)
        dead = self._tombstones(extract)
        self.tombstones = len(dead)
        self.state["complete_until"] = self.until.isoformat()
        if isinstance(extract, WithCanaries):
            self._canaries = dict(extract.canaries())
        self._hand_over(dead, final=True)

    def since(self, table: Table) -> datetime | None:
        """From where to read: the kept cursor less the overlap, or everything."""
        if self.full:
            return None
        if table.cursor is None:
            return self._complete_until() if table.partial else None
        kept = self._marks(table).get("cursor")
        return datetime.fromisoformat(kept) - table.overlap if kept else None

    def _read(self, extract: Extract, table: Table, known: Mapping[str, int]) -> None:
        since = self.since(table)
        collector = Collector(table, self.instance, self.loaded_at, known)
        self._all[table.name] = collector
        pages = iter(extract.pages(table.name, since, self.until))
        while True:
            try:
                page = next(pages, None)
            except Exception as error:
                error.add_note(f"while reading {self.instance}: {table.name}: page {collector.page + 1}")
                raise
            if page is None:
                break
            collector.add(page)
            if table.ordered and collector.waiting >= self.checkpoint_rows:
                self._keep_cursor(collector)
                self._hand_over([], final=False, reading=collector)
        self._complete(collector, since)

    def _complete(self, collector: Collector, since: datetime | None) -> None:
        table = collector.table
        marks = self._marks(table)
        if since is None and not table.partial:
            if not self.accept_shrink:
                _check_shrink(self.instance, collector, marks.get("full_rows", 0))
            marks["full_rows"] = collector.rows_read
        self._keep_cursor(collector)
        self.rows_read += collector.rows_read
        self.rows_by_table[table.name] = len(collector.ids)
        self.quarantined += len(collector.refused_ids)
        self._note_drift(collector)
        self._done.append(collector)

    def _keep_cursor(self, collector: Collector) -> None:
        seen = collector.cursor_range()
        if seen is not None:
            self._marks(collector.table)["cursor"] = min(
                seen[1], self.until - collector.table.lag
            ).isoformat()

    def _note_drift(self, collector: Collector) -> None:
        table = collector.table
        self.drift += [(table.name, name, "new_column") for name in sorted(collector.new_columns)]
        if collector.rows_read and not table.omits_nulls:
            absent = sorted(set(table.sources) - collector.present)
            self.drift += [(table.name, name, "missing_column") for name in absent]

    def _tombstones(self, extract: Extract) -> list[Tombstone]:
        complete = None if self.full else self._complete_until()
        since = complete - TOMBSTONE_OVERLAP if complete else None
        reported = [
            stone
            for stone in extract.tombstones(since, self.until, self.known_ids)
            if not self._outlived(stone)
        ]
        swept = [name for name, table in self.tables.items() if table.deletes == "full"]
        self._look_up([(name, None) for name in swept])
        vanished = [stone for name in swept for stone in self._vanished(name)]
        latest = {(stone.object, stone.record_id): stone for stone in [*vanished, *reported]}
        self._check_mass_deletion(list(latest.values()))
        return list(latest.values())

    def _outlived(self, stone: Tombstone) -> bool:
        """The record was read after that deletion, or is merely missing because it was refused."""
        collector = self._all[stone.object]
        if stone.origin in _SEEN_MISSING and stone.record_id in collector.refused_ids:
            return True
        if collector.table.cursor is None:
            return collector.landed_in_run(stone.record_id)
        cursor = collector.cursor_of(stone.record_id)
        return cursor is not None and cursor > micros(stone.deleted_at) + 1

    def _vanished(self, table: str) -> list[Tombstone]:
        collector = self._all[table]
        gone = self.known_ids(table) - collector.ids - set(collector.refused_ids)
        return [
            Tombstone(object=table, record_id=record, deleted_at=self.until, origin="sweep")
            for record in sorted(gone)
        ]

    def _check_mass_deletion(self, dead: list[Tombstone]) -> None:
        """Records missing from a listing look deleted; when it is most of them, a right was cut."""
        missing = Counter(stone.object for stone in dead if stone.origin in _SEEN_MISSING)
        for table, count in missing.items():
            known = len(self.known_ids(table)) if count >= SHRINK_MINIMUM_ROWS / 2 else 0
            if known >= SHRINK_MINIMUM_ROWS and count * 2 > known and not self.accept_shrink:
                raise ShrinkError(
                    f"{self.instance}: {table}: {count} of {known} known records are missing from the vendor's "
                    "answer; that many deletions are refused and the earlier data stays. Check the rights of "
                    "the reading user; if the records are really gone, run once with --accept-shrink"
                )

    def known_ids(self, table: str, overlap: tuple[date, date] | None = None) -> set[str]:
        """Record ids of a raw table that are alive in the warehouse."""
        asked = (table, overlap)
        if asked not in self._known_ids:
            self._look_up([asked])
        return self._known_ids[asked]

    def _look_up(self, asked: list[tuple[str, tuple[date, date] | None]]) -> None:
        with warehouse_lock(self.home), open_warehouse(self.home) as connection:
            for table, overlap in asked:
                self._known_ids[table, overlap] = alive_ids(
                    connection, self.pipeline.dataset, self.tables[table], self.instance, overlap
                )

    def _known_cursors(self) -> dict[str, dict[str, int]]:
        """Per table what a stale read could overwrite; a full read is believed as it comes."""
        dated = [] if self.full else [table for table in self.tables.values() if table.cursor is not None]
        if not dated:
            return {}
        with warehouse_lock(self.home), open_warehouse(self.home) as connection:
            return {
                table.name: known_cursors(
                    connection, self.pipeline.dataset, table, self.instance, self.since(table)
                )
                for table in dated
            }

    def _hand_over(self, dead: list[Tombstone], *, final: bool, reading: Collector | None = None) -> None:
        package: list[LoadTable] = []
        refused: list[dict[str, Any]] = []
        for collector in [*self._done, *([reading] if reading else [])]:
            arrow, rows = collector.take()
            refused += quarantine_rows(rows, self.system, self.run_id, self.loaded_at)
            if arrow.num_rows:
                package.append(self._load_table(collector.table, arrow))
        package += self._empty_tables({table.name for table in package}, bool(dead))
        package += self._tombstone_table(dead)
        package += transport("quarantine", refused)
        package += transport("control_total", [self._control_total(done) for done in self._done])
        package += transport(
            "control_amount", [row for done in self._done for row in self._amount_totals(done)]
        )
        package += transport("schema_drift", self._drift_rows() if final else [])
        package += transport("canary", self._canary_rows() if final else [])
        self._done.clear()
        self.state["loaded_at"] = self.loaded_at.isoformat()
        self._load(package or self._tombstone_table([], always=True))

    def _load(self, package: list[LoadTable]) -> None:
        self.pipeline.prepare(package, self.state)
        # dlt's own connections find the file open, which is a tenth of opening it.
        with warehouse_lock(self.home), open_warehouse(self.home) as connection:
            self.pipeline.load()
            receive(connection, self.pipeline.dataset)

    def _load_table(self, table: Table, arrow: pa.Table) -> LoadTable:
        return LoadTable(name=table.name, key=("_instance", *table.key), arrow=arrow)

    def _empty_tables(self, filled: set[str], has_dead: bool) -> list[LoadTable]:
        """Every declared table exists after the first run, and again when a declaration changed."""
        fingerprint = _fingerprint(self.tables)
        if self.state.get("schema") == fingerprint:
            return []
        self.state["schema"] = fingerprint
        missing = [table for table in self.tables.values() if table.name not in filled]
        empty = [self._load_table(table, arrow_schema(table).empty_table()) for table in missing]
        return empty + ([] if has_dead else self._tombstone_table([], always=True))

    def _tombstone_table(self, dead: list[Tombstone], *, always: bool = False) -> list[LoadTable]:
        if not dead and not always:
            return []
        rows = [
            {
                "object": stone.object,
                "record_id": stone.record_id,
                "deleted_at": stone.deleted_at,
                "origin": stone.origin,
                "_instance": self.instance,
                "_loaded_at": self.loaded_at,
            }
            for stone in dead
        ]
        arrow = pa.Table.from_pylist(rows, schema=TOMBSTONE_SCHEMA)
        return [LoadTable(name="tombstone", key=("_instance", "object", "record_id"), arrow=arrow)]

    def _control_total(self, collector: Collector) -> dict[str, Any]:
        seen = collector.cursor_range()
        return {
            "_instance": self.instance,
            "system": self.system,
            "object": collector.table.name,
            "run_id": self.run_id,
            "rows_read": collector.rows_read,
            "rows_landed": len(collector.ids),
            "rows_quarantined": len(collector.refused_ids),
            "hash_total": collector.hash_total(),
            "first_cursor": seen[0].isoformat() if seen else None,
            "last_cursor": seen[1].isoformat() if seen else None,
            "_loaded_at": self.loaded_at,
        }

    def _amount_totals(self, collector: Collector) -> list[dict[str, Any]]:
        head = {
            "_instance": self.instance,
            "system": self.system,
            "object": collector.table.name,
            "run_id": self.run_id,
            "_loaded_at": self.loaded_at,
        }
        totals = collector.amount_totals().items()
        return [{**head, "column_name": name, "amount": amount} for name, amount in totals]

    def _drift_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "_instance": self.instance,
                "object": table,
                "column_name": column,
                "kind": kind,
                "first_seen": self.loaded_at,
            }
            for table, column, kind in self.drift
        ]

    def _canary_rows(self) -> list[dict[str, Any]]:
        head = {"_instance": self.instance, "system": self.system, "run_id": self.run_id}
        return [{**head, "name": name, "value": value} for name, value in self._canaries.items()]

    def _marks(self, table: Table) -> dict[str, Any]:
        return self.state.setdefault("tables", {}).setdefault(table.name, {})

    def _complete_until(self) -> datetime | None:
        kept = self.state.get("complete_until")
        return datetime.fromisoformat(kept) if kept else None


def _check_shrink(instance: str, collector: Collector, before: int) -> None:
    if before >= SHRINK_MINIMUM_ROWS and collector.rows_read * 2 < before:
        raise ShrinkError(
            f"{instance}: {collector.table.name}: the full read returned {collector.rows_read} records, the "
            f"last one {before}; below half is refused and the earlier data stays. Check the rights of the "
            "reading user; if the records are really gone, run once with --accept-shrink"
        )


def _fingerprint(tables: Mapping[str, Table]) -> str:
    declared = repr([(name, [(c.name, c.type) for c in table.columns]) for name, table in tables.items()])
    return hashlib.blake2b(declared.encode(), digest_size=8).hexdigest()
