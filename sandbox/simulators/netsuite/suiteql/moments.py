"""Dates and stamps as the account's user sees them: Oracle format models, user date format, time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

_TOKENS = {
    "YYYY": "%Y",
    "YY": "%y",
    "MONTH": "%B",
    "MON": "%b",
    "MM": "%m",
    "DD": "%d",
    "DY": "%a",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "AM": "%p",
    "PM": "%p",
}
_BY_LENGTH = sorted(_TOKENS, key=len, reverse=True)


@cache
def python_format(model: str) -> str:
    """strftime format of an Oracle format model; ValueError names the part nobody knows."""
    out, rest = "", model
    while rest:
        token = next((known for known in _BY_LENGTH if rest.upper().startswith(known)), None)
        if token:
            out, rest = out + _TOKENS[token], rest[len(token) :]
        elif rest[0].isalpha():
            raise ValueError(f"date format not recognized: {model}")
        else:
            out, rest = out + rest[0], rest[1:]
    return out


def utc_text(moment: datetime) -> str:
    """The store's text of a moment."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> datetime:
    """A moment of the store."""
    return datetime.fromisoformat(text)


class UserMoments:
    """Reads and writes moments for one user: zone for clock times, format for bare dates.

    An hour that comes twice (end of daylight saving) means its first pass, as in Oracle's default.
    """

    def __init__(self, zone: ZoneInfo, date_format: str) -> None:
        self.zone = zone
        self.date_format = date_format

    def to_char(self, text: str | None, model: str) -> str | None:
        """TO_CHAR of a stored stamp or date."""
        if text is None:
            return None
        moment: date = parse_stamp(text).astimezone(self.zone) if "T" in text else date.fromisoformat(text)
        return moment.strftime(python_format(model))

    def stamp(self, text: str | None, python: str) -> str | None:
        """TO_TIMESTAMP: account-local text to the store's UTC text."""
        if text is None:
            return None
        return utc_text(datetime.strptime(text, python).replace(tzinfo=self.zone))

    def day(self, text: str | None, python: str) -> str | None:
        """TO_DATE without a clock time."""
        if text is None:
            return None
        return datetime.strptime(text, python).replace(tzinfo=UTC).date().isoformat()

    def midnight(self, day: str | None) -> str | None:
        """The stamp at which a local day begins."""
        if day is None or "T" in day:
            return day
        return utc_text(datetime.fromisoformat(day).replace(tzinfo=self.zone))

    def local_day(self, text: str | None) -> str | None:
        """TRUNC of a stamp: the local day it falls on."""
        if text is None or "T" not in text:
            return text
        return parse_stamp(text).astimezone(self.zone).date().isoformat()

    def shown(self, text: str) -> str:
        """A date nobody formatted, in the user's preference."""
        day = date.fromisoformat(self.local_day(text) or "")
        parts = {"YYYY": f"{day:%Y}", "MM": f"{day:%m}", "DD": f"{day:%d}"}
        parts |= {"M": str(day.month), "D": str(day.day)}
        for separator in "/.-":
            if separator in self.date_format:
                return separator.join(parts[part] for part in self.date_format.split(separator))
        raise ValueError(f"unknown date format {self.date_format}")

    def typed(self, text: str) -> str:
        """A date a user typed in a bare literal; ValueError when it is not in the user's format."""
        separator = next(mark for mark in "/.-" if mark in self.date_format)
        names = self.date_format.split(separator)
        values = text.split(separator)
        if len(values) != len(names) or not all(value.isdigit() for value in values):
            raise ValueError(f"invalid date value {text} (must be {self.date_format})")
        found = {name[0]: int(value) for name, value in zip(names, values, strict=True)}
        return date(found["Y"], found["M"], found["D"]).isoformat()
