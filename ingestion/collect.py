"""Rows of one table in one run: judged, de-duplicated, never older than what the warehouse holds."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.landing import QuarantinedRow, arrow_schema, land, quarantined
from ingestion.tables import ARROW_TYPES, Table

_NO_CURSOR = -1


@dataclass
class _Place:
    """Where a record's newest version of this run stands."""

    chunk: int
    row: int
    cursor: int
    figures: tuple[Decimal, ...]  # what it adds to the control totals


class Collector:
    """Collects the pages of one table.

    `known` maps record id -> cursor (microseconds) of rows the warehouse holds in the window being read: a
    stale replica must not overwrite a newer row. Two versions of a record in one run: the one with the later
    cursor stays; equal copies are one; different copies with the same cursor are a duplicate key and the
    second goes to quarantine.
    """

    def __init__(self, table: Table, instance: str, loaded_at: datetime, known: Mapping[str, int]) -> None:
        self.table = table
        self.rows_read = 0
        self.rows_stale = 0
        self.new_columns: set[str] = set()
        self.present: set[str] = set()
        self.quarantined: list[QuarantinedRow] = []
        self.refused_ids: list[str] = []  # of the whole run, handed over or not
        self._instance = instance
        self._loaded_at = loaded_at
        self._known = known
        self._chunks: list[pa.Table] = []
        self._dropped: list[set[int]] = []
        self._flushed = 0  # chunks already handed over
        self._pages = 0
        self._places: dict[str, _Place] = {}

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Judge one page. Raises MalformedPageError or TypeFlipError."""
        self._pages += 1
        landed = land(rows, self.table, instance=self._instance, loaded_at=self._loaded_at, page=self._pages)
        self.rows_read += len(rows)
        self.new_columns |= landed.new_columns
        self.present |= landed.present
        self._refuse(landed.quarantined)
        self._chunks.append(landed.arrow)
        self._dropped.append(set())
        ids = record_ids(landed.arrow, self.table)
        marks = zip(ids, cursors(landed.arrow, self.table), figures(landed.arrow, self.table), strict=True)
        for row, (record, cursor, added) in enumerate(marks):
            self._place(record, row, cursor, added)

    @property
    def waiting(self) -> int:
        """Rows collected and not handed over yet."""
        return sum(chunk.num_rows for chunk in self._chunks[self._flushed :])

    @property
    def page(self) -> int:
        """Pages read so far."""
        return self._pages

    @property
    def ids(self) -> set[str]:
        """Record ids that landed in this run."""
        return set(self._places)

    def cursor_of(self, record: str) -> int | None:
        """Cursor (microseconds) of the version that landed in this run, else the one known before."""
        place = self._places.get(record)
        return place.cursor if place else self._known.get(record)

    def landed_in_run(self, record: str) -> bool:
        """Whether this run read that record."""
        return record in self._places

    def cursor_range(self) -> tuple[datetime, datetime] | None:
        """Smallest and greatest cursor landed, None when the table has no cursor or no row."""
        found = [place.cursor for place in self._places.values() if place.cursor != _NO_CURSOR]
        return (moment(min(found)), moment(max(found))) if found else None

    def hash_total(self) -> str:
        """Order-free control figure over the landed record ids."""
        return str(sum(zlib.crc32(record.encode()) for record in self._places))

    def amount_totals(self) -> dict[str, Decimal]:
        """Sum over the landed records of each column the table declares as a control total."""
        sums = [
            sum(column, Decimal(0))
            for column in zip(*(p.figures for p in self._places.values()), strict=True)
        ]
        return dict(zip(self.table.totals, sums or [Decimal(0)] * len(self.table.totals), strict=True))

    def take(self) -> tuple[pa.Table, list[QuarantinedRow]]:
        """Hand over what is waiting."""
        parts = []
        for number in range(self._flushed, len(self._chunks)):
            chunk, dropped = self._chunks[number], self._dropped[number]
            if dropped:
                chunk = chunk.filter(pa.array([row not in dropped for row in range(chunk.num_rows)]))
            parts.append(chunk)
            self._chunks[number] = chunk.slice(0, 0)
        self._flushed = len(self._chunks)
        refused, self.quarantined = self.quarantined, []
        return pa.concat_tables([arrow_schema(self.table).empty_table(), *parts]).combine_chunks(), refused

    def _place(self, record: str, row: int, cursor: int, added: tuple[Decimal, ...]) -> None:
        chunk = len(self._chunks) - 1
        if cursor != _NO_CURSOR and cursor < self._known.get(record, cursor):
            self._dropped[chunk].add(row)
            self.rows_stale += 1
            return
        earlier = self._places.get(record)
        if earlier is not None and not self._replaces(earlier, row, cursor):
            self._dropped[chunk].add(row)
            return
        if earlier is not None and earlier.chunk >= self._flushed:
            self._dropped[earlier.chunk].add(earlier.row)
        self._places[record] = _Place(chunk, row, cursor, added)

    def _replaces(self, earlier: _Place, row: int, cursor: int) -> bool:
        if cursor != earlier.cursor:
            return cursor > earlier.cursor
        if earlier.chunk < self._flushed:
            return True
        first = self._chunks[earlier.chunk].slice(earlier.row, 1).to_pylist()[0]
        second = self._chunks[-1].slice(row, 1).to_pylist()[0]
        if first != second:
            reason = "came twice in one run with different values; the first stays"
            declared = [column for column in self.table.columns if column.source]
            vendor_row = {column.source: second[column.name] for column in declared}
            key = self.table.column(self.table.key[0]).source
            self._refuse([quarantined(vendor_row, self.table, self._instance, key, "duplicate_key", reason)])
        return False

    def _refuse(self, rows: list[QuarantinedRow]) -> None:
        self.quarantined += rows
        self.refused_ids += [row.record_id for row in rows]


def record_ids(arrow: pa.Table, table: Table) -> list[str]:
    """Key columns of each row joined with '|'."""
    parts = [pc.cast(arrow.column(name), pa.string()) for name in table.key]
    joined = pc.binary_join_element_wise(*parts, "|") if len(parts) > 1 else parts[0]
    return joined.to_pylist()


def cursors(arrow: pa.Table, table: Table) -> list[int]:
    """Cursor of each row in microseconds, -1 where there is none."""
    if table.cursor is None:
        return [_NO_CURSOR] * arrow.num_rows
    moments = pc.cast(arrow.column(table.cursor), ARROW_TYPES["timestamp"])
    return pc.fill_null(pc.cast(moments, pa.int64()), _NO_CURSOR).to_pylist()


def figures(arrow: pa.Table, table: Table) -> list[tuple[Decimal, ...]]:
    """What each row adds to the control totals; an empty field adds nothing."""
    columns = [arrow.column(name).to_pylist() for name in table.totals]
    if not columns:
        return [()] * arrow.num_rows
    return [tuple(Decimal(value or 0) for value in row) for row in zip(*columns, strict=True)]


def micros(value: datetime) -> int:
    """Microseconds since 1970, exact."""
    return round(value.timestamp() * 1_000_000)


def moment(value: int) -> datetime:
    """The aware moment of that many microseconds."""
    seconds, rest = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
