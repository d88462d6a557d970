"""Values in a SOQL filter: what each field type accepts, and the moments that date words stand for."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlglot import exp

from sandbox.simulators.salesforce.fields import ID_TYPES, NUMERIC_TYPES, TEXT_TYPES, SField
from sandbox.simulators.salesforce.ids import full_id
from sandbox.simulators.salesforce.soql.dialect import DATE, DATETIME, RANGE, SoqlError

STAMP = "%Y-%m-%dT%H:%M:%SZ"
_UNITS = {"DAYS": "DAY", "WEEKS": "WEEK", "MONTHS": "MONTH", "QUARTERS": "QUARTER", "YEARS": "YEAR"}


@dataclass(frozen=True)
class Span:
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date

    def bounds(self, field: SField) -> tuple[str, str]:
        """Both ends as the store writes values of that field."""
        if field.type == "date":
            return self.start.isoformat(), self.end.isoformat()
        return f"{self.start.isoformat()}T00:00:00Z", f"{self.end.isoformat()}T00:00:00Z"


def value_of(node: exp.Expression, field: SField, now: datetime) -> Any:
    """The store value (or Span, or None for null) of a literal compared with `field`.

    Raises SoqlError INVALID_FIELD when the literal does not fit the field's type.
    """
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Boolean):
        return int(node.this) if field.type == "boolean" else _misfit(field)
    if isinstance(node, exp.Neg):
        inner = value_of(node.this, field, now)
        return -inner
    if isinstance(node, exp.Literal):
        return _text(node.this, field) if node.is_string else _number(node.this, field)
    if isinstance(node, exp.Anonymous):
        return _temporal(str(node.this), node.expressions[0].this, field, now)
    if isinstance(node, exp.Column) and not node.table:
        return _named_span(node.name.upper(), field, now)
    raise SoqlError("MALFORMED_QUERY", f"unexpected value: {node.sql()}")


def _misfit(field: SField) -> Any:
    raise SoqlError(
        "INVALID_FIELD", f"value of filter criterion for field '{field.name}' must be of type {field.type}"
    )


def _text(value: str, field: SField) -> str:
    if field.type in ID_TYPES:
        known = full_id(value)
        if known is None:
            raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"{field.name}: invalid ID field: {value}")
        return known
    return value if field.type in TEXT_TYPES else _misfit(field)


def _number(value: str, field: SField) -> float | int:
    if field.type not in NUMERIC_TYPES:
        return _misfit(field)
    return float(value) if "." in value else int(value)


def _temporal(marker: str, value: str, field: SField, now: datetime) -> str | Span:
    if marker == RANGE:
        word, _, count = value.partition(":")
        if not count.isdigit():
            raise SoqlError("MALFORMED_QUERY", f"invalid date literal: {value}")
        return _counted_span(word.upper(), int(count), field, now)
    if marker == DATE and field.type == "date":
        return value
    if marker == DATETIME and field.type == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC).strftime(STAMP)
    return _misfit(field)


def _named_span(word: str, field: SField, now: datetime) -> Span:
    today = now.astimezone(UTC).date()
    days = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
    if word in days:
        start = today + timedelta(days=days[word])
        return _fits(Span(start, start + timedelta(days=1)), field)
    which, _, unit = word.partition("_")
    if which in {"THIS", "LAST", "NEXT"} and unit in _UNITS.values() and unit != "DAY":
        start = _shift(_floor(today, unit), unit, {"THIS": 0, "LAST": -1, "NEXT": 1}[which])
        return _fits(Span(start, _shift(start, unit, 1)), field)
    raise SoqlError("INVALID_FIELD", f"No such column '{word}' or date literal")


def _counted_span(word: str, count: int, field: SField, now: datetime) -> Span:
    today = now.astimezone(UTC).date()
    which, _, rest = word.partition("_N_")
    unit = _UNITS.get(rest)
    if which not in {"LAST", "NEXT"} or unit is None:
        raise SoqlError("MALFORMED_QUERY", f"unknown date literal: {word}:{count}")
    if unit == "DAY":
        start = today - timedelta(days=count) if which == "LAST" else today + timedelta(days=1)
        end = today + timedelta(days=1) if which == "LAST" else start + timedelta(days=count)
        return _fits(Span(start, end), field)
    current = _floor(today, unit)
    if which == "LAST":
        return _fits(Span(_shift(current, unit, -count), current), field)
    return _fits(Span(_shift(current, unit, 1), _shift(current, unit, count + 1)), field)


def _fits(span: Span, field: SField) -> Span:
    return span if field.type in {"date", "datetime"} else _misfit(field)


def _floor(day: date, unit: str) -> date:
    if unit == "WEEK":  # weeks start on Sunday, the en_US default
        return day - timedelta(days=(day.weekday() + 1) % 7)
    month = {"MONTH": day.month, "QUARTER": (day.month - 1) // 3 * 3 + 1, "YEAR": 1}[unit]
    return date(day.year, month, 1)


def _shift(day: date, unit: str, count: int) -> date:
    if unit == "WEEK":
        return day + timedelta(weeks=count)
    months = day.year * 12 + day.month - 1 + count * {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
