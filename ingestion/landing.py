"""A vendor page to a typed Arrow table; rows that break a declared rule are set aside with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.convert import convert, to_json
from ingestion.errors import MalformedPageError, TypeFlipError
from ingestion.tables import ARROW_TYPES, Column, Table

# Fewer failures than this on a page are single bad records, never a changed type.
FLIP_MINIMUM = 5
# A change stamp further ahead than this would push the cursor past real changes.
CURSOR_FUTURE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class QuarantinedRow:
    """A vendor record that was refused, with all that is needed to judge and replay it."""

    instance: str
    object: str  # raw table name
    record_id: str  # key values joined with '|'; '?' where one is missing
    field: str  # vendor field name
    reason: str  # for a person
    rule: str  # required, type, minimum, allowed, future, duplicate_key
    payload: str  # the whole vendor row as JSON

    @property
    def quarantine_id(self) -> str:
        """Stable: the same bad row read twice is one entry."""
        parts = (self.instance, self.object, self.record_id, self.field, self.rule, self.payload)
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Landed:
    """One page after the guards."""

    arrow: pa.Table  # declared columns, then _extra, _instance, _loaded_at
    quarantined: list[QuarantinedRow]
    new_columns: frozenset[str] = frozenset()  # vendor fields we do not declare
    present: frozenset[str] = frozenset()  # vendor fields seen on the page


@dataclass
class _Refusals:
    """First broken rule per row position."""

    by_row: dict[int, tuple[Column, str, str]] = field(default_factory=dict)

    def add(self, position: int, column: Column, rule: str, reason: str) -> None:
        self.by_row.setdefault(position, (column, rule, reason))


def land(
    rows: Sequence[dict[str, Any]], table: Table, *, instance: str, loaded_at: datetime, page: int = 1
) -> Landed:
    """Type and judge one page.

    Raises MalformedPageError when the page is not a list of records, and TypeFlipError when most of it does
    not fit a column (a changed vendor type or a cut permission, not bad records).
    """
    _check_shape(rows, table, instance, page)
    refusals = _Refusals()
    arrays = []
    for column in table.columns:
        values = [row.get(column.source) for row in rows] if column.source else [None] * len(rows)
        array, failures = convert(values, column.type)
        if column.confidential:
            failures = dict.fromkeys(failures, f"is not a {column.type}; the value is confidential")
        _check_flip(column, values, failures, table, instance, page)
        for position, reason in failures.items():
            refusals.add(position, column, "type", f"{column.source}: {reason}")
        _apply_rules(array, column, table, loaded_at, refusals)
        arrays.append(array)
    present = frozenset().union(*rows) if rows else frozenset()
    new_columns = frozenset(present - set(table.sources))
    arrow = _assemble(rows, arrays, table, new_columns, instance, loaded_at)
    if refusals.by_row:
        _check_mass_refusal(refusals, len(rows), table, instance, page)
        keep = pa.array([position not in refusals.by_row for position in range(len(rows))])
        arrow = arrow.filter(keep)
    return Landed(
        arrow=arrow,
        quarantined=[
            quarantined(rows[position], table, instance, column.source or column.name, rule, reason)
            for position, (column, rule, reason) in sorted(refusals.by_row.items())
        ],
        new_columns=new_columns,
        present=present,
    )


def arrow_schema(table: Table) -> pa.Schema:
    """Schema of a landed table of this declaration."""
    declared = [(column.name, column.arrow) for column in table.columns]
    return pa.schema([*declared, ("_extra", pa.string()), ("_instance", pa.string()),
                      ("_loaded_at", ARROW_TYPES["timestamp"])])  # fmt: skip


def record_id(row: dict[str, Any], table: Table) -> str:
    """Key values of a vendor row joined with '|'."""
    sources = [table.column(name).source for name in table.key]
    return "|".join("?" if row.get(source) in (None, "") else str(row[source]) for source in sources)


def quarantined(
    row: dict[str, Any], table: Table, instance: str, field_name: str, rule: str, reason: str
) -> QuarantinedRow:
    """The quarantine entry for one vendor row."""
    return QuarantinedRow(
        instance=instance,
        object=table.name,
        record_id=record_id(row, table),
        field=field_name,
        reason=reason,
        rule=rule,
        payload=to_json({name: _told(name, value, table) for name, value in row.items()}),
    )


def _told(name: str, value: Any, table: Table) -> Any:
    """A value for the quarantine, which people read; replaying an entry then means reading the record again."""
    hidden = any(column.confidential and column.source == name for column in table.columns)
    return "(confidential)" if hidden and value is not None else value


def _check_shape(rows: Any, table: Table, instance: str, page: int) -> None:
    if not isinstance(rows, list | tuple):
        raise MalformedPageError(
            f"{instance}: {table.name}: page {page} is a {type(rows).__name__}, not a list of records; "
            "nothing of this run was kept, check the vendor's answer and run again"
        )
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise MalformedPageError(
                f"{instance}: {table.name}: page {page}, record {number} is a {type(row).__name__}, "
                "not a record; check the vendor's answer and run again"
            )


def _check_flip(
    column: Column, values: Sequence[Any], failures: dict[int, str], table: Table, instance: str, page: int
) -> None:
    if len(failures) < FLIP_MINIMUM:
        return
    filled = sum(1 for value in values if value not in (None, ""))
    if len(failures) * 2 > filled:
        example = next(iter(failures.values()))
        raise TypeFlipError(
            f"{instance}: {table.name}: page {page}: field {column.source!r} is declared {column.type} but "
            f"{len(failures)} of {filled} values do not fit ({example}); the earlier data stays, check the "
            "field's type at the vendor, then change the declaration or the vendor"
        )


def _check_mass_refusal(refusals: _Refusals, rows: int, table: Table, instance: str, page: int) -> None:
    missing: dict[str, int] = {}
    for column, rule, _ in refusals.by_row.values():
        if rule == "required":
            missing[column.source] = missing.get(column.source, 0) + 1
    for source, count in missing.items():
        if count >= FLIP_MINIMUM and count * 2 > rows:
            raise TypeFlipError(
                f"{instance}: {table.name}: page {page}: mandatory field {source!r} is empty in {count} of "
                f"{rows} records; the earlier data stays, check the reading user's permissions at the vendor"
            )


def _apply_rules(array: pa.Array, column: Column, table: Table, loaded_at: datetime, out: _Refusals) -> None:
    if column.required or column.name in table.key:
        missing = array.is_null()
        if column.type == "text":
            missing = pc.or_(missing, pc.fill_null(pc.equal(array, ""), False))
        _refuse(missing, array, column, "required", "is empty but mandatory", out)
    if column.minimum is not None:
        whole = pa.types.is_integer(array.type)
        bound = pa.scalar(int(column.minimum) if whole else Decimal(column.minimum), array.type)
        low = pc.less(array, bound)
        _refuse(low, array, column, "minimum", f"is below {column.minimum}", out)
    if column.allowed is not None:
        texts = array if column.type == "text" else pc.cast(array, pa.string())
        unknown = pc.and_(array.is_valid(), pc.invert(pc.is_in(texts, pa.array(sorted(column.allowed)))))
        _refuse(unknown, array, column, "allowed", "is not a known code", out)
    tolerance = column.future or (CURSOR_FUTURE if column.name == table.cursor else None)
    if tolerance is not None:
        limit = loaded_at + tolerance
        last = limit.date() if column.type == "date" else limit
        late = pc.greater(array, pa.scalar(last, array.type))
        _refuse(late, array, column, "future", f"lies after {last.isoformat()}", out)


def _refuse(mask: pa.Array, array: pa.Array, column: Column, rule: str, text: str, out: _Refusals) -> None:
    mask = pc.fill_null(mask, False)
    if not pc.any(mask).as_py():
        return
    for position in pc.indices_nonzero(mask).to_pylist():
        shown = "" if column.confidential else f"{array[position].as_py()!s} "
        out.add(position, column, rule, f"{column.source} {shown}{text}")


def _assemble(
    rows: Sequence[dict[str, Any]],
    arrays: list[pa.Array],
    table: Table,
    new_columns: frozenset[str],
    instance: str,
    loaded_at: datetime,
) -> pa.Table:
    count = len(rows)
    extra: pa.Array = pa.nulls(count, pa.string())
    if new_columns:
        extra = pa.array([_extra(row, new_columns) for row in rows], pa.string())
    landed = [
        *arrays,
        extra,
        pa.repeat(instance, count),
        pa.repeat(pa.scalar(loaded_at, ARROW_TYPES["timestamp"]), count),
    ]
    return pa.Table.from_arrays(landed, schema=arrow_schema(table))


def _extra(row: dict[str, Any], new_columns: frozenset[str]) -> str | None:
    unknown = {name: row[name] for name in new_columns if row.get(name) is not None}
    return to_json(unknown) if unknown else None
