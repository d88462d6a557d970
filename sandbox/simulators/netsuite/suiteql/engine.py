"""Runs a compiled query over the store and renders rows the way SuiteQL answers: strings, no nulls."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError, bad_query
from sandbox.simulators.netsuite.schema import COLUMNS, SQL_TYPES
from sandbox.simulators.netsuite.settings import Settings
from sandbox.simulators.netsuite.suiteql.compile import Compiled, compile_query
from sandbox.simulators.netsuite.suiteql.moments import UserMoments, utc_text
from sandbox.simulators.store import Store

MAX_LIMIT = 1000


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a query."""

    items: list[dict[str, Any]]
    total: int
    has_more: bool


def run(
    text: str, *, store: Store, settings: Settings, clock: Callable[[], datetime], limit: int, offset: int
) -> Page:
    """Run a query and return the rows [offset, offset + limit). Raises ApiError (400)."""
    _check_window(limit, offset, settings.row_cap)
    moments = UserMoments(settings.zone, settings.date_format)
    visible = {
        table: {
            name: SQL_TYPES[kind]
            for name, kind in columns.items()
            if name not in settings.hidden.get(table, frozenset())
        }
        for table, columns in COLUMNS.items()
        if table not in settings.hidden_tables
    }
    compiled = compile_query(text, visible, moments, lambda: utc_text(clock()))
    with store.lock:
        register(store.connection, moments)
        try:
            (total,) = store.connection.execute(compiled.count_sql).fetchone()
            rows = store.connection.execute(
                f"select * from ({compiled.sql}) limit ? offset ?", (limit, offset)
            ).fetchall()
        except sqlite3.Error as error:
            raise bad_query(f"Invalid or unsupported search: {error}.") from error
    shown = min(total, settings.row_cap)
    items = [_render(row, compiled, moments) for row in rows][: max(0, shown - offset)]
    return Page(items=items, total=total, has_more=offset + limit < shown)


def _check_window(limit: int, offset: int, cap: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise ApiError(400, "INVALID_PARAMETER", f"Invalid value for limit: {limit}. Use 1 to {MAX_LIMIT}.")
    if offset < 0 or offset % limit:
        raise ApiError(400, "INVALID_PARAMETER", f"Invalid offset {offset}: it must be divisible by limit.")
    if offset >= cap:
        raise ApiError(400, "INVALID_PARAMETER", f"Only the first {cap} results of a query can be read.")


def _render(row: sqlite3.Row, compiled: Compiled, moments: UserMoments) -> dict[str, Any]:
    item: dict[str, Any] = {"links": []}
    named = zip(compiled.columns, tuple(row), strict=True)
    for (alias, kind), value in sorted(named, key=lambda pair: pair[0][0]):
        if value is not None and value != "":
            item[alias] = _shown(value, kind, moments)
    return item


def _shown(value: Any, kind: str, moments: UserMoments) -> str:
    if kind in ("date", "stamp"):
        return moments.shown(value)
    if kind == "decimal":
        return plain(Decimal(str(value)))
    if isinstance(value, float):
        return plain(Decimal(f"{value:.15g}"))
    return str(value)


def plain(number: Decimal) -> str:
    """A number without trailing zeros or an exponent, as NetSuite prints it."""
    text = f"{number.normalize():f}"
    return "0" if text == "-0" else text


class _ExactSum:
    """SUM over decimals kept as text."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.count = 0

    def step(self, value: Any) -> None:
        if value is not None:
            self.total += Decimal(str(value))
            self.count += 1

    def finalize(self) -> str | None:
        return str(self.total) if self.count else None


class _ExactAverage(_ExactSum):
    def finalize(self) -> str | None:
        return str(self.total / self.count) if self.count else None


def register(connection: sqlite3.Connection, moments: UserMoments) -> None:
    """Teach SQLite what SuiteQL has and it has not."""
    functions: dict[str, tuple[int, Callable[..., Any]]] = {
        "ns_to_char": (2, moments.to_char),
        "ns_stamp": (2, moments.stamp),
        "ns_day": (2, moments.day),
        "ns_midnight": (1, moments.midnight),
        "ns_local_day": (1, moments.local_day),
    }
    for name, (arity, function) in functions.items():
        connection.create_function(name, arity, function, deterministic=True)
    connection.create_aggregate("ns_sum", 1, _ExactSum)  # type: ignore[arg-type]
    connection.create_aggregate("ns_avg", 1, _ExactAverage)  # type: ignore[arg-type]
