"""What the finance department has recognised as revenue, project by project, month by month.

Revenue follows the methods of the firm's policy (hours at their price, hours against budget, accepted milestones, days
of the term). A month stays open until the first day of the month after the next; what becomes known later is caught up
in the first month that is still open, as closed months are never posted to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from sandbox.firm.days import add_months, moment, month_end, months_between
from sandbox.firm.group import UNITS
from sandbox.firm.kantata_changes import price_shown
from sandbox.firm.project_kantata import BILLED_OUT_AFTER, entered_at
from sandbox.firm.projects import Project
from sandbox.firm.world import World

_EIGHT = Decimal("0.00000001")


def closes_at(month: date) -> datetime:
    """When the books of a month are closed."""
    return moment(add_months(month, 2), 0)


@dataclass(frozen=True)
class _Fact:
    """Something earned: the day it belongs to, when finance could know it, and how much."""

    day: date
    known_at: datetime
    minor: int = 0
    minutes: int = 0


class Recognition:
    """Cumulative revenue of every project as it stood in the books at the end of each month."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.months = tuple(months_between(world.spec.start, world.as_of.date()))
        self._known_by = [self.known_by(month) for month in self.months]
        self._ceilings = {c.deal: c.not_to_exceed for c in world.contracts}
        self._earned = self._facts()

    def known_by(self, month: date) -> datetime:
        """The last moment whose knowledge entered that month's books."""
        return min(self._world.as_of, closes_at(month))

    def to_date(self, project: Project) -> list[int]:
        """Recognised to date in minor units, one figure per month of the books."""
        methods = {
            "time_and_materials": self._hourly,
            "fixed_fee": self._by_hours,
            "milestone": self._accepted,
        }
        return list(methods.get(project.contract_type, self._straight_line)(project))

    def month_of(self, day: date, known_at: datetime) -> int:
        """Place of the first month whose books contain a fact of that day."""
        first = self.months[0]
        place = max(0, (day.year - first.year) * 12 + day.month - first.month)
        while place < len(self.months) and known_at > self._known_by[place]:
            place += 1
        return place

    def _facts(self) -> Mapping[str, list[_Fact]]:
        found: dict[str, list[_Fact]] = defaultdict(list)
        at = self._world.as_of
        for entry in self._world.entries:
            project = self._world.projects.get(entry.project)
            if (
                project is None
                or entry.approved_at is None
                or entry.approved_at > at
                or not entry.is_there(at)
            ):
                continue
            minutes = entry.minutes_at(at)
            worth = minutes * entry.rate // 60 if entry.billable else 0
            found[project.key].append(_Fact(entry.day, entry.approved_at, worth, minutes))
        for expense in self._world.expenses:
            if expense.billable and expense.approved_at <= at:
                found[expense.project].append(_Fact(expense.day, expense.approved_at, expense.amount))
        return found

    def _sums(self, project: Project, name: str) -> Iterator[int]:
        per_month = [0] * (len(self.months) + 1)
        for fact in self._earned.get(project.key, ()):
            per_month[self.month_of(fact.day, fact.known_at)] += getattr(fact, name)
        total = 0
        for amount in per_month[:-1]:
            total += amount
            yield total

    def _hourly(self, project: Project) -> Iterator[int]:
        ceiling = self._ceilings.get(project.deal or "")
        for total in self._sums(project, "minor"):
            yield total if ceiling is None else min(total, ceiling)

    def _by_hours(self, project: Project) -> Iterator[int]:
        ended = _finished_at(project)
        for month, minutes in zip(self.months, self._sums(project, "minutes"), strict=True):
            if minutes and ended is not None and ended <= self.known_by(month):
                yield self._price(project, month)
            else:
                hours = Decimal(minutes) / 60
                whole = max(hours, Decimal(project.budget_hours))
                yield _share(self._price(project, month), project.currency, hours, whole)

    def _accepted(self, project: Project) -> Iterator[int]:
        days = [(m.booked or m.accepted, m.amount) for m in project.milestones]
        known = [(day, entered_at(day), amount) for day, amount in days]
        places = [(self.month_of(d, at), amount) for d, at, amount in known if at <= self._world.as_of]
        for place in range(len(self.months)):
            yield sum(amount for at, amount in places if at <= place)

    def _straight_line(self, project: Project) -> Iterator[int]:
        term = Decimal((project.end - project.start).days + 1)
        for month in self.months:
            last = min(month_end(month), project.end, self._world.as_of.date())
            days = (last - project.start).days + 1
            price = self._price(project, month)
            yield _share(price, project.currency, Decimal(days), term) if days > 0 else 0

    def _price(self, project: Project, month: date) -> int:
        """What the delivery system showed when the month's books were made up."""
        return price_shown(self._world, project, self.known_by(month))


def _finished_at(project: Project) -> datetime | None:
    """When the delivery system closes the project, which books what is left of a fixed price."""
    if project.archived_at:
        return project.archived_at
    return None if project.on_hold_from else moment(project.end + BILLED_OUT_AFTER, 7)


def _share(price: int, currency: str, part: Decimal, whole: Decimal) -> int:
    """A part of the price, the ratio to eight places as the books keep it."""
    if not whole:
        return 0
    ratio = (part / whole).quantize(_EIGHT, ROUND_HALF_UP)
    unit = UNITS[currency]
    main = (Decimal(price) / unit * ratio).quantize(Decimal(1) / unit, ROUND_HALF_UP)
    return int(main * unit)
