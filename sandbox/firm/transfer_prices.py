"""What one company of the group charges another for an hour: cost plus ten percent, by role and year."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from sandbox.firm.group import ENTITIES, ROLES, money
from sandbox.firm.rates import cost_on

MARKUP = Decimal("0.10")
_YEARS = range(2024, 2029)


def price_on(entity: str, role: str, day: date) -> int:
    """Minor units of the providing company's currency per hour, by the agreement in force on that day."""
    cost = cost_on(ENTITIES[entity].currency, role, day)
    return int((cost * (1 + MARKUP)).quantize(Decimal(1), ROUND_HALF_UP))


def write_prices(path: Path) -> int:
    """Write the agreement as configuration; returns the number of rows."""
    rows = list(_rows())
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("provider_entity", "role", "valid_from", "currency", "cost_per_hour", "markup"))
        writer.writerows(rows)
    return len(rows)


def _rows() -> Iterator[tuple[str, ...]]:
    for entity in ENTITIES.values():
        for role in ROLES:
            for year in _YEARS:
                day = date(year, 1, 1)
                cost = money(cost_on(entity.currency, role, day), entity.currency)
                yield entity.id, role, day.isoformat(), entity.currency, cost, str(MARKUP)
