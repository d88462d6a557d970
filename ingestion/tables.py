"""What a raw table is: key, typed columns, cursor and delete strategy, all declared and never inferred."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pyarrow as pa

ColumnType = Literal["text", "int", "bool", "date", "timestamp", "money", "rate", "hours", "json"]

# How a deleted vendor record becomes a tombstone:
#   none          the vendor never deletes these
#   deleted_feed  the vendor lists deletions (the extract class reads them)
#   sweep         the extract class compares all current ids with the ids we hold
#   window        a date window is re-read whole; what vanished inside it is gone
#   full          the whole table is read every run; the runner itself finds what vanished
DeleteStrategy = Literal["none", "deleted_feed", "sweep", "window", "full"]

ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "money": pa.decimal128(18, 4),
    "rate": pa.decimal128(18, 8),
    "hours": pa.decimal128(12, 4),
    "json": pa.string(),
}

_SHORT_TYPES: Mapping[str, ColumnType] = {
    "t": "text",
    "i": "int",
    "b": "bool",
    "d": "date",
    "ts": "timestamp",
    "m": "money",
    "r": "rate",
    "h": "hours",
    "j": "json",
}

_NOTATION = re.compile(
    r"^(?P<source>[^:!=>]+?)(?::(?P<type>[a-z]+))?(?P<required>!)?(?:=>(?P<name>[a-z_][a-z0-9_]*))?$"
)


@dataclass(frozen=True, kw_only=False)
class Column:
    """One typed column of a raw table; a value breaking a rule below sends its row to quarantine."""

    name: str  # stable raw column name
    type: ColumnType
    source: str  # vendor field name; "" = this instance does not have the field, lands as null
    required: bool = False  # null, missing or "" is refused
    minimum: Decimal | int | None = None  # smallest accepted number
    allowed: frozenset[str] | None = None  # accepted codes, compared as text
    future: timedelta | None = None  # how far after the load time a date may lie; None = unchecked
    confidential: bool = False  # pay, names of clients' people: never shown, not even in a refusal
    custom: bool = False  # a customer's own field: `source` comes from the instance's custom_fields

    def __post_init__(self) -> None:
        if self.type not in ARROW_TYPES:
            raise ValueError(f"column {self.name!r}: unknown type {self.type!r}")

    @property
    def arrow(self) -> pa.DataType:
        return ARROW_TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One raw table and how it is kept up to date."""

    name: str  # raw table name
    key: tuple[str, ...]  # raw column names; `_instance` is added in front by the runner
    columns: tuple[Column, ...]
    cursor: str | None = None  # raw column that grows with each change; None = full load every run
    lag: timedelta = timedelta(0)  # the kept cursor never passes `until - lag`: late commits are re-read
    overlap: timedelta = timedelta(minutes=10)  # re-read before the kept cursor
    ordered: bool = False  # pages come in ascending cursor order, so a long extract may checkpoint
    deletes: DeleteStrategy = "none"
    page_size: int = 1000
    vendor_object: str = ""  # the vendor's object name, the key into the instance's custom_fields
    omits_nulls: bool = False  # the vendor leaves null fields out, so an absent field is not drift
    window: tuple[str, str] | None = None  # raw date columns of a row's first and last day
    partial: bool = False  # a run without `since` is still only a part (a window): no shrink guard
    totals: tuple[str, ...] = ()  # raw columns summed over the pages as control totals (X03)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"table {self.name!r}: columns declared twice: {sorted(twice)}")
        for name in (*self.key, *([self.cursor] if self.cursor else []), *(self.window or ()), *self.totals):
            if name not in names:
                raise ValueError(
                    f"table {self.name!r}: key, cursor, window or total {name!r} is not a column"
                )
        if self.ordered and not self.cursor:
            raise ValueError(f"table {self.name!r}: only a table with a cursor can be ordered")

    def column(self, name: str) -> Column:
        """The column of that raw name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")

    @property
    def sources(self) -> tuple[str, ...]:
        """Vendor field names to ask for, in declared order."""
        return tuple(column.source for column in self.columns if column.source)


def snake_case(name: str) -> str:
    """Raw name of a vendor field: `CurrencyIsoCode` -> `currency_iso_code`."""
    name = re.sub(r"__c$", "", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"[^a-zA-Z0-9]+", "_", name).strip("_").lower()


def fields(*notations: str, custom: bool = False) -> tuple[Column, ...]:
    """Columns from `Source[:type][!][=>raw_name]`, for example `"Amount:m"`, `"Id!"`, `"Tax__c=>tax_id"`.

    Types: t text (default), i int, b bool, d date, ts timestamp, m money, r rate, h hours, j json.
    `!` marks a mandatory field. Raises ValueError on anything else.
    """
    columns = []
    for notation in notations:
        match = _NOTATION.match(notation)
        short = match["type"] or "t" if match else ""
        if not match or short not in _SHORT_TYPES:
            raise ValueError(f"column notation {notation!r} is not Source[:type][!][=>raw_name]")
        source = match["source"].strip()
        name = match["name"] or snake_case(source)
        columns.append(
            Column(name, _SHORT_TYPES[short], source, required=bool(match["required"]), custom=custom)
        )
    return tuple(columns)


def bind(table: Table, custom_fields: Mapping[str, str]) -> Table:
    """The table as one instance has it: custom columns take their vendor field from configuration.

    `custom_fields` maps vendor field to stable raw name for this table's vendor object. A stable name we
    do not declare is added as text; a custom column the instance does not map lands as null.
    """
    by_name = {stable: vendor for vendor, stable in custom_fields.items()}
    columns = []
    for column in table.columns:
        vendor = by_name.pop(column.name, None)
        if vendor is not None:
            column = replace(column, source=vendor)
        elif column.custom:
            column = replace(column, source="")
        columns.append(column)
    columns += [Column(name, "text", vendor, custom=True) for name, vendor in by_name.items()]
    return replace(table, columns=tuple(columns))
