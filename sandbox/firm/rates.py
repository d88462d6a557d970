"""Bill rates: sets of rate cards with yearly versions, and the prices they give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sandbox.firm.group import ROLES, UNITS

BASE_USD = dict(zip(ROLES, (520, 440, 370, 310, 250, 195, 150), strict=True))
CURRENCY_FACTOR = {"USD": 1.0, "GBP": 0.78, "EUR": 0.9, "JPY": 140.0}
SET_FACTOR = {"standard": 1.0, "preferred": 0.92}
COST_SHARE = 0.42


@dataclass(frozen=True)
class SpecialCard:
    """A card agreed for one project. `fault` names what is wrong with it; the sound ones have none."""

    key: str
    project: str
    currency: str
    missing_role: str | None
    zero_role: str | None
    published: bool
    starts: date


@lru_cache(maxsize=4096)
def _rate(card_set: str, currency: str, role: str, year: int) -> int:
    factor = 1.04 ** (year - 2024) * CURRENCY_FACTOR[currency] * SET_FACTOR.get(card_set, 1.0)
    main = BASE_USD[role] * factor
    step = 500 if currency == "JPY" else 1
    return int(round(main / step) * step) * UNITS[currency]


def rate_on(card_set: str, currency: str, role: str, day: date) -> int:
    """Minor units per hour on that day; cards rise each January. Quarter hours give whole minor units."""
    return _rate(card_set, currency, role, day.year)


def billed_rate(story: str, card_set: str, currency: str, role: str, day: date) -> int:
    """What the PSA puts on an hour of a project with that story; quarter hours give whole minor units."""
    right = rate_on(card_set, currency, role, day)
    share = {"r02_short": 0.88, "r02_excess": 1.06, "r02_discount": 0.9, "r02_override": 0.95}.get(story)
    if story == "r02_old":
        return rate_on(card_set, currency, role, day.replace(year=day.year - 1, day=1))
    if story == "r02_role":
        place = ROLES.index(role)
        return rate_on(card_set, currency, ROLES[place + 1 if place + 1 < len(ROLES) else place - 1], day)
    step = 100  # whole main units, or hundreds of yen
    return round(right * share / step) * step if share else right


def cost_on(currency: str, role: str, day: date) -> int:
    """Internal cost per hour in minor units of the currency."""
    return round(_rate("standard", currency, role, day.year) * COST_SHARE / 100) * 100


def usd(minor: int, currency: str) -> float:
    """Rough size in USD for planning decisions only."""
    return minor / UNITS[currency] / CURRENCY_FACTOR[currency]
