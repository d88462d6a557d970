"""How figures read on a page. Null is shown as a dash and never as zero."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\u2212"
DASH = "\u2013"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
NO_DECIMALS = {"JPY", "KRW"}
NUMBER = re.compile(r"-?\d+\.\d+")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
SAYINGS = {"true": "yes", "false": "no"}
SHORTS = {"id": "id", "erp": "ERP", "crm": "CRM", "psa": "PSA", "hr": "HR", "po": "PO", "netsuite": "NetSuite",
          "bamboohr": "BambooHR", "salesforce": "Salesforce", "kantata": "Kantata"}  # fmt: skip


def money_short(value: Decimal | None, currency: str = "USD") -> str:
    """$588.2m, $14.4m, $920k: for tiles and charts."""
    if value is None:
        return DASH
    size = abs(value)
    if size >= 999_500:
        text = f"{_round(size / 1_000_000, 1)}m"
    elif size >= 1_000:
        text = f"{_round(size / 1_000, 0)}k"
    else:
        text = f"{_round(size, 0)}"
    return f"{MINUS if value < 0 else ''}{SYMBOLS.get(currency, currency + ' ')}{text}"


def money(value: Decimal | None, currency: str = "USD") -> str:
    """Full amount in its currency's minor unit: for tables."""
    if value is None:
        return DASH
    places = 0 if currency in NO_DECIMALS else 2
    return (
        f"{MINUS if value < 0 else ''}{SYMBOLS.get(currency, currency + ' ')}{_round(abs(value), places):,}"
    )


def whole(value: Decimal | int | None) -> str:
    """1,234: counts, hours and days in tables."""
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else ''}{_round(abs(Decimal(value)), 0):,}"


def hours(value: Decimal | None) -> str:
    """7.50"""
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else ''}{_round(abs(value), 2):,}"


def percent(value: Decimal | None) -> str:
    """74.1% from a ratio of 0.741."""
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else ''}{_round(abs(value) * 100, 1)}%"


def percent_whole(value: Decimal | None) -> str:
    """74% from a ratio of 0.741: for narrow screens."""
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else ''}{_round(abs(value) * 100, 0)}%"


def points(value: Decimal | None) -> str:
    """+0.5 pts from a difference of two ratios."""
    if value is None:
        return DASH
    return f"{MINUS if value < 0 else '+'}{_round(abs(value) * 100, 1)} pts"


def day(value: date | datetime | None) -> str:
    """22 Nov 2026"""
    return DASH if value is None else f"{value.day} {value:%b %Y}"


def moment(value: datetime | None) -> str:
    """22 Nov 2026, 18:05 UTC"""
    return DASH if value is None else f"{value.day} {value:%b %Y, %H:%M} UTC"


def month(value: date | None) -> str:
    """Nov 2026"""
    return DASH if value is None else f"{value:%b %Y}"


def recorded(value: str | None, value_type: str = "") -> str:
    """A value as a record or the ledger holds it, as text: 28500.0000 reads 28,500.00, a date 17 Jun 2026."""
    if value is None:
        return "empty"
    if NUMBER.fullmatch(value) or value_type == "decimal":
        number = Decimal(value).normalize()
        places = max(2, -int(number.as_tuple().exponent))
        return f"{MINUS if number < 0 else ''}{abs(number):,.{places}f}"
    if DAY.fullmatch(value):
        return day(date.fromisoformat(value))
    return SAYINGS.get(value, value)


def words(name: str | None) -> str:
    """A technical name for people: erp_open_amount reads ERP open amount."""
    if not name:
        return DASH
    parts = [SHORTS.get(part, part) for part in name.split("_")]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


def same(one: str | None, other: str | None) -> bool:
    """Whether two recorded values say the same: 30500.00 is 30500.0000."""
    return recorded(one) == recorded(other)


def ratio(part: Decimal | None, whole_value: Decimal | None) -> Decimal | None:
    """part / whole, or None when there is no whole: a missing denominator is not zero percent."""
    if part is None or not whole_value:
        return None
    return Decimal(part) / Decimal(whole_value)


def _round(value: Decimal, places: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
