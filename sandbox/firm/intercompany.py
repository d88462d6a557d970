"""People lent to another company of the group: what each pair of companies charges for a month, and what went wrong."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sandbox.firm.days import add_months, first_of_month, moment, month_end, nth_weekday
from sandbox.firm.transfer_prices import price_on
from sandbox.firm.world import World

#: What may be wrong with a pair of documents.
PAIR_FAULTS = ("x01_one_sided", "x01_amount", "x01_period", "x01_price")


@dataclass(frozen=True)
class ChargeLine:
    """Hours of a role on a project, at the transfer price."""

    project: str
    role: str
    minutes: int
    price: int

    @property
    def amount(self) -> int:
        """Minor units of the provider's currency."""
        return round(self.minutes * self.price / 60)


@dataclass(frozen=True)
class CrossCharge:
    """One month of one pair of companies; provider and receiver each keep a document of it."""

    provider: str
    receiver: str
    month: date
    lines: tuple[ChargeLine, ...]
    fault: str = ""

    @property
    def key(self) -> str:
        """Stable name."""
        return f"IC-{self.provider}-{self.receiver}-{self.month:%y%m}"

    @property
    def at(self) -> datetime:
        """When both documents are made."""
        return charged_at(self.month)


def charged_at(month: date) -> datetime:
    """Cross charges of a month are made on the eighth working day of the next."""
    return moment(nth_weekday(add_months(month, 1), 8), 15)


def cross_charges(world: World) -> list[CrossCharge]:
    """All that were made by now, in order."""
    found = world.__dict__.get("_cross_charges")
    if found is None:
        found = _planted(world, _made(world))
        object.__setattr__(world, "_cross_charges", found)
    return list(found)


def _made(world: World) -> list[CrossCharge]:
    sums: dict[tuple[date, str, str], dict[tuple[str, str, int], int]] = defaultdict(lambda: defaultdict(int))
    for entry in world.entries:
        project = world.projects.get(entry.project)
        if project is None or entry.approved_at is None or entry.person.entity == project.entity:
            continue
        month = first_of_month(entry.day)
        while charged_at(month) < entry.approved_at:  # approved late: charged with the next month
            month = add_months(month, 1)
        if charged_at(month) <= world.as_of:
            price = price_on(entry.person.entity, entry.role, month_end(month))
            sums[month, entry.person.entity, project.entity][entry.project, entry.role, price] += (
                entry.minutes
            )
    found = []
    for (month, provider, receiver), lines in sorted(sums.items()):
        charged = tuple(
            ChargeLine(project, role, minutes, price)
            for (project, role, price), minutes in sorted(lines.items())
        )
        found.append(CrossCharge(provider, receiver, month, charged))
    return found


def _planted(world: World, charges: list[CrossCharge]) -> list[CrossCharge]:
    """Faults in pairs of the months before the planting."""
    planted = world.spec.planted_at
    since = planted - timedelta(days=400)
    pool = world.chance.order([c for c in charges if since < c.at < planted - timedelta(days=20)], "pairs")
    faults = [fault for fault in PAIR_FAULTS for _ in range(world.spec.each)]
    chosen = {charge.key: fault for charge, fault in zip(pool, faults, strict=False)}
    return [_broken(charge, chosen.get(charge.key, "")) for charge in charges]


def _broken(charge: CrossCharge, fault: str) -> CrossCharge:
    lines = charge.lines
    if fault == "x01_price":
        lines = tuple(replace(line, price=line.price - line.price // 20) for line in lines)
    return replace(charge, lines=lines, fault=fault)
