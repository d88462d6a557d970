"""Contract positions in the books: what each month posts between unbilled receivable, deferred revenue and revenue.

Per project, which is one contract in one company: revenue to date less billings to date is unbilled where positive and
deferred where negative, never netted with another contract. Unbilled work is monetary and stands at the closing rate;
deferred revenue keeps the rates of the invoices it came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sandbox.firm.days import month_end
from sandbox.firm.fx import business_days
from sandbox.firm.group import ENTITIES, money
from sandbox.firm.projects import Project
from sandbox.firm.recognition import Recognition
from sandbox.firm.world import World

_EIGHT = Decimal("0.00000001")


@dataclass(frozen=True)
class Billing:
    """Revenue lines of one posted document: invoices positive, credit notes negative."""

    month: int  # place among the months of the books
    minor: int
    functional: Decimal


@dataclass(frozen=True)
class Step:
    """One month of one contract. `minor` in the contract's currency, the others in the company's."""

    month: date
    project: Project
    revenue: int
    revenue_functional: Decimal
    drawn: int  # out of deferred revenue
    drawn_functional: Decimal
    unbilled: int
    unbilled_functional: Decimal

    @property
    def exchange_difference(self) -> Decimal:
        """What balances the posting: a debit when positive."""
        return self.revenue_functional - self.drawn_functional - self.unbilled_functional

    @property
    def is_empty(self) -> bool:
        """Whether nothing moves."""
        figures = (self.revenue, self.drawn, self.unbilled)
        return not any(figures) and not any(
            (self.revenue_functional, self.drawn_functional, self.unbilled_functional)
        )


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in the minor unit of its currency."""
    return amount.quantize(Decimal(1) if currency == "JPY" else Decimal("0.01"), ROUND_HALF_UP)


def main_units(minor: int, currency: str) -> Decimal:
    """Minor units as an amount."""
    return Decimal(money(minor, currency))


def average_rate(world: World, base: str, other: str, month: date) -> Decimal:
    """Mean of the month's published rates, as far as they are known."""
    if base == other:
        return Decimal(1)
    last = min(month_end(month), world.as_of.date())
    found = [world.fx.rate(base, other, day) for day in business_days(month, last)]
    if base == "USD" or not found:
        return world.fx.average(base, other, month, last)
    return (sum(found, Decimal(0)) / len(found)).quantize(_EIGHT, ROUND_HALF_UP)


class ContractBooks:
    """The monthly postings of all contracts."""

    def __init__(self, world: World, billings: Mapping[str, list[Billing]]) -> None:
        self._world = world
        self._recognition = Recognition(world)
        self._billings = billings

    @property
    def months(self) -> tuple[date, ...]:
        """Months that have begun."""
        return self._recognition.months

    def steps(self) -> Iterator[Step]:
        """Every month of every contract in which something moves."""
        for project in self._world.projects.values():
            yield from self._of(project)

    def _of(self, project: Project) -> Iterator[Step]:
        home, foreign = ENTITIES[project.entity].currency, project.currency
        billed: dict[int, list[Billing]] = defaultdict(list)
        for billing in self._billings.get(project.key, ()):
            billed[billing.month].append(billing)
        earned = self._recognition.to_date(project)
        before = bill = drawn_before = 0
        open_before, pool = Decimal(0), Decimal(0)
        for place, month in enumerate(self.months):
            average = average_rate(self._world, home, foreign, month)
            bill += sum(b.minor for b in billed[place])
            pool += sum((b.functional for b in billed[place]), Decimal(0))
            drawn_to_date = min(earned[place], bill)
            drawn = drawn_to_date - drawn_before
            share = rounded(self._drawn(drawn, bill - drawn_before, pool, average, foreign), home)
            open_now = earned[place] - drawn_to_date
            last = min(month_end(month), self._world.as_of.date())
            closing = rounded(main_units(open_now, foreign) * self._world.fx.rate(home, foreign, last), home)
            revenue = earned[place] - before
            step = Step(
                month=month, project=project, revenue=revenue,
                revenue_functional=rounded(main_units(revenue, foreign) * average, home),
                drawn=drawn, drawn_functional=share, unbilled=revenue - drawn,
                unbilled_functional=closing - open_before,
            )  # fmt: skip
            before, drawn_before, open_before, pool = earned[place], drawn_to_date, closing, pool - share
            if not step.is_empty:
                yield step

    @staticmethod
    def _drawn(drawn: int, held: int, pool: Decimal, average: Decimal, currency: str) -> Decimal:
        """What leaves deferred revenue: at the rates it was billed at, beyond that at the month's average."""
        if drawn == held:
            return pool
        if held and (drawn > 0) == (held > 0) and abs(drawn) < abs(held):
            return pool * drawn / held
        return (
            pool + main_units(drawn - held, currency) * average
            if held
            else main_units(drawn, currency) * average
        )
