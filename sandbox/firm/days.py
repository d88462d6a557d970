"""Dates, working days and the holidays of each calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from config import load_config

ONE_DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day of another month; the day must exist there (first of month always does)."""
    index = day.year * 12 + day.month - 1 + months
    return day.replace(year=index // 12, month=index % 12 + 1)


def first_of_month(day: date) -> date:
    """First day of the month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the month."""
    return add_months(day.replace(day=1), 1) - ONE_DAY


def months_between(first: date, last: date) -> Iterator[date]:
    """First days of the months from one date to another, both months included."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = add_months(month, 1)


def moment(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An aware UTC moment on that day."""
    return datetime.combine(day, time(hour, minute, second), UTC)


def monday_of(day: date) -> date:
    """Monday of the week."""
    return day - timedelta(days=day.weekday())


def to_weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def add_weekdays(day: date, count: int) -> date:
    """Move by working days, Monday to Friday; holidays are not looked at."""
    step = ONE_DAY if count >= 0 else -ONE_DAY
    for _ in range(abs(count)):
        day += step
        while day.weekday() > 4:
            day += step
    return day


def nth_weekday(month: date, number: int) -> date:
    """The nth working day of a month, counted from 1."""
    return add_weekdays(month.replace(day=1) - ONE_DAY, number)


def period_id(day: date) -> str:
    """The ERP's monthly posting period of a day."""
    return str((day.year - 2020) * 12 + day.month + 100)


def stamp(at: datetime) -> str:
    """ISO text in UTC with a Z, as the simulators' stores keep it."""
    return at.isoformat()[:19] + "Z"


def parse_moment(text: str) -> datetime:
    """An aware UTC moment from ISO text. Raises ValueError without a zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} needs a time zone, for example 2026-06-30T18:00:00Z")
    return at.astimezone(UTC)


@lru_cache(maxsize=4)
def holidays() -> Mapping[str, Mapping[date, str]]:
    """Public holidays by calendar, from the configuration."""
    found: dict[str, dict[date, str]] = {}
    for row in load_config().holidays:
        found.setdefault(row.calendar, {})[row.holiday_date] = row.name
    return found
