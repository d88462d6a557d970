"""Exchange rates: a slow deterministic walk per currency, business days only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sandbox.firm.chance import Chance
from sandbox.firm.days import ONE_DAY

_IN_USD = {"USD": 1.0, "GBP": 1.27, "EUR": 1.09, "JPY": 0.0067}


class Rates:
    """Rates from a fixed first day; the walk never depends on how far it is read."""

    def __init__(self, chance: Chance, first: date) -> None:
        self._chance = chance
        self.first = first
        self._days: list[dict[str, float]] = []

    def _in_usd(self, day: date) -> dict[str, float]:
        index = max(0, (day - self.first).days)
        while len(self._days) <= index:
            self._days.append(self._next(self.first + timedelta(days=len(self._days))))
        return self._days[index]

    def _next(self, day: date) -> dict[str, float]:
        if not self._days:
            return dict(_IN_USD)
        last = self._days[-1]
        if day.weekday() > 4:
            return last
        step = {c: (self._chance.share("fx", c, day) - 0.5) * 0.009 for c in _IN_USD if c != "USD"}
        pull = {c: 0.01 * (_IN_USD[c] / last[c] - 1) for c in step}
        return {"USD": 1.0} | {c: last[c] * (1 + step[c] + pull[c]) for c in step}

    def rate(self, base: str, other: str, day: date) -> Decimal:
        """What one unit of `other` is worth in `base` on that day, to eight places."""
        if base == other:
            return Decimal("1.00000000")
        values = self._in_usd(day)
        return Decimal(values[other] / values[base]).quantize(Decimal("0.00000001"))

    def average(self, base: str, other: str, first: date, last: date) -> Decimal:
        """Mean of the business days between two dates, both included."""
        found = [self.rate(base, other, day) for day in business_days(first, last)]
        return (sum(found, Decimal(0)) / max(1, len(found))).quantize(Decimal("0.00000001"))


def business_days(first: date, last: date) -> Iterator[date]:
    """Monday to Friday between two dates, both included."""
    day = first
    while day <= last:
        if day.weekday() < 5:
            yield day
        day += ONE_DAY
