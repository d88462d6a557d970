"""Stands in for dbt's adapter while linting: a dispatched macro becomes a call of the same name."""

from __future__ import annotations

from collections.abc import Callable

_SHAPES: dict[str, Callable[..., str]] = {
    "date_series": lambda *_: "select cast('2026-01-01' as date) as calendar_date",
    "type_moment": lambda: "timestamp with time zone",
    "replace_all": lambda text, pattern, new: f"regexp_replace({text}, '{pattern}', '{new}', 'g')",
    "listagg": lambda text, separator, order: f"string_agg({text}, '{separator}' order by {order})",
    "try_cast": lambda text, type_name: f"cast({text} as {type_name})",
}


def dispatch(name: str) -> Callable[..., str]:
    """The macro as something that renders to valid SQL of the same shape."""
    return _SHAPES.get(name, lambda *values: f"{name}({', '.join(str(value) for value in values)})")


def quote(name: str) -> str:
    """A quoted identifier."""
    return f'"{name}"'
