"""Vendor values to declared Arrow types: a whole column at once, value by value only where that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.tables import ARROW_TYPES, ColumnType

_BOOLEANS: Mapping[Any, bool] = {
    "true": True,
    "t": True,
    "1": True,
    "yes": True,
    "false": False,
    "f": False,
    "0": False,
    "no": False,
}
_ARROW_ERRORS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


def convert(values: Sequence[Any], type_: ColumnType) -> tuple[pa.Array, dict[int, str]]:
    """The typed array, and per failing position the reason (that position is null).

    Decimals are rounded half-even to the declared scale; "" is null for all types but text. A stamp
    without an offset fails: guessing a time zone moves money between days.
    """
    try:
        return _whole_column(values, type_), {}
    except _ARROW_ERRORS:
        return _value_by_value(values, type_)


def _whole_column(values: Sequence[Any], type_: ColumnType) -> pa.Array:
    target = ARROW_TYPES[type_]
    if type_ == "text":
        return pa.array(values, pa.string())
    if type_ in ("int", "bool"):
        kinds = set(map(type, values)) - {type(None)}
        if kinds <= {bool if type_ == "bool" else int}:
            return pa.array(values, target)
        if type_ == "bool":
            raise pa.ArrowInvalid("booleans come as text")
    if type_ == "json":
        return pa.array([None if v is None else _as_json(v) for v in values], target)
    return pc.cast(pa.array(values, pa.string()), target)


def _value_by_value(values: Sequence[Any], type_: ColumnType) -> tuple[pa.Array, dict[int, str]]:
    parse = _PARSERS[type_]
    failures: dict[int, str] = {}
    parsed: list[Any] = []
    for position, value in enumerate(values):
        try:
            parsed.append(None if value is None else parse(value))
        except (ValueError, InvalidOperation) as error:
            failures[position] = str(error) or f"{_shown(value)} is not a {type_}"
            parsed.append(None)
    return _build(parsed, type_, failures), failures


def _build(parsed: list[Any], type_: ColumnType, failures: dict[int, str]) -> pa.Array:
    try:
        return pa.array(parsed, ARROW_TYPES[type_])
    except _ARROW_ERRORS:
        for position, value in enumerate(parsed):
            try:
                pa.array([value], ARROW_TYPES[type_])
            except _ARROW_ERRORS:
                failures[position] = f"{_shown(value)} does not fit {ARROW_TYPES[type_]}"
                parsed[position] = None
        return pa.array(parsed, ARROW_TYPES[type_])


def _shown(value: Any) -> str:
    return f"{str(value)[:60]!r} ({type(value).__name__})"


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError(f"{_shown(value)} is not a text")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _int(value: Any) -> int | None:
    if value == "":
        return None
    number = _decimal(value)
    if number is None or number != number.to_integral_value():
        raise ValueError(f"{_shown(value)} is not a whole number")
    return int(number)


def _decimal(value: Any) -> Decimal | None:
    if value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError(f"{_shown(value)} is not a number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError(f"{_shown(value)} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{_shown(value)} is not a finite number")
    return number


def _scaled(scale: int) -> Callable[[Any], Decimal | None]:
    quantum = Decimal(1).scaleb(-scale)

    def parse(value: Any) -> Decimal | None:
        number = _decimal(value)
        return None if number is None else number.quantize(quantum, rounding=ROUND_HALF_EVEN)

    return parse


def _bool(value: Any) -> bool | None:
    if value == "":
        return None
    if isinstance(value, bool):
        return value
    key = str(value).lower() if isinstance(value, str | int) else None
    if key not in _BOOLEANS:
        raise ValueError(f"{_shown(value)} is not a boolean")
    return _BOOLEANS[key]


def _date(value: Any) -> date | None:
    if value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or len(value) != len("2026-01-31"):
        raise ValueError(f"{_shown(value)} is not an ISO date")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{_shown(value)} is not an ISO date ({error})") from None


def _timestamp(value: Any) -> datetime | None:
    if value == "":
        return None
    moment = value if isinstance(value, datetime) else _iso_moment(value)
    if moment.tzinfo is None:
        raise ValueError(f"{_shown(value)} has no time zone offset")
    return moment.astimezone(UTC)


def _iso_moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not an ISO timestamp")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{_shown(value)} is not an ISO timestamp ({error})") from None


def _as_json(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def to_json(value: Any) -> str:
    """JSON text with sorted keys; dates, moments and decimals become ISO and plain text."""
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


_PARSERS: Mapping[ColumnType, Callable[[Any], Any]] = {
    "text": _text,
    "int": _int,
    "bool": _bool,
    "date": _date,
    "timestamp": _timestamp,
    "money": _scaled(4),
    "rate": _scaled(8),
    "hours": _scaled(4),
    "json": _as_json,
}
