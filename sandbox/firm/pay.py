"""Pay by date, the hourly cost that finance derives from it, and what is wrong with some people's cost rates (R03)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from config import load_config
from sandbox.firm.days import add_months, to_weekday
from sandbox.firm.group import ENTITIES, UNITS
from sandbox.firm.people import Person
from sandbox.firm.rates import cost_on
from sandbox.firm.staffing import Book

KNOWN_AHEAD = timedelta(days=14)  # a pay review is entered that long before it takes effect
FAULTS = ("r03_none", "r03_late", "r03_zero", "r03_stale", "r03_psa_missing", "r03_psa_differs")
_UNPAID_DAYS = 40  # of late pay: so long after time was booked does it begin
_STALE_MONTHS = 20  # no review for longer than the eighteen months a rate may be old


@dataclass(frozen=True)
class Pay:
    """A row of the compensation history: `rate` per `per`, in main units."""

    person: Person
    order: int
    start: date
    rate: Decimal
    kind: str
    per: str
    reason: str

    @property
    def currency(self) -> str:
        """People are paid in the currency of their company."""
        return ENTITIES[self.person.entity].currency


@dataclass(frozen=True)
class Payroll:
    """The pay of everybody, and whose cost rate is wrong in which way."""

    rows: tuple[Pay, ...]
    faults: dict[str, str]  # person key -> fault

    def in_force(self, person: Person, day: date) -> Pay | None:
        """The pay of that day."""
        begun = [row for row in self.rows if row.person is person and row.start <= day]
        return begun[-1] if begun else None


def make_payroll(book: Book, until: date) -> Payroll:
    """Pay from hiring on, reviewed each April; the faults are chosen among people who stay."""
    faults = _faults(book)
    rows = [
        row for person in book.people for row in _of_person(book, person, faults.get(person.key, ""), until)
    ]
    return Payroll(tuple(rows), faults)


def _faults(book: Book) -> dict[str, str]:
    fit = [
        p for p in book.people
        if not p.story and not p.contractor and p.number > 5 and p.termination is None
        and p.hired < book.spec.start - timedelta(days=30)
    ]  # fmt: skip
    waiting, faults = list(book.chance.order(fit, "cost rates")), dict[str, str]()
    for kind in FAULTS * book.spec.each:
        # pay can only be old of somebody who was there
        able = (p for p in waiting if kind != "r03_stale" or p.hired <= _last_review_before_stale(book))
        person = next(able, None)
        if person is not None:
            faults[person.key] = kind
            waiting.remove(person)
    return faults


def _last_review_before_stale(book: Book) -> date:
    return add_months(book.spec.planted_on.replace(day=1), -_STALE_MONTHS)


def _of_person(book: Book, person: Person, fault: str, until: date) -> list[Pay]:
    if fault == "r03_none":
        return []
    planted = book.spec.planted_on
    hired = [(start, "Hire" if order == 0 else "Rehire") for order, (start, _) in enumerate(person.spans)]
    reviews = [
        (date(year, 4, 1), "Annual review")
        for year in range(person.hired.year, until.year + 1)
        if date(year, 4, 1) > person.hired + timedelta(days=89)
        and date(year, 4, 1) <= until
        and person.employed_on(date(year, 4, 1))
    ]
    moments = sorted({*hired, *reviews})
    if fault == "r03_late":
        first = to_weekday(planted - timedelta(days=_UNPAID_DAYS))
        moments = [(first, "Hire"), *(m for m in moments if m[0] > first)]
    if fault == "r03_stale":
        moments = [m for m in moments if m[0] <= _last_review_before_stale(book)]
    if fault == "r03_zero":
        moments = [*(m for m in moments if m[0] < planted - timedelta(days=60)),
                   (to_weekday(planted - timedelta(days=50)), "Correction")]  # fmt: skip
    rows = [_pay(person, order, *m) for order, m in enumerate(moments)]
    if fault == "r03_zero":
        rows[-1] = Pay(person, rows[-1].order, rows[-1].start, Decimal(0), "Salary", "Year", "Correction")
    return rows


def _pay(person: Person, order: int, start: date, reason: str) -> Pay:
    currency = ENTITIES[person.entity].currency
    hourly = Decimal(cost_on(currency, person.role, start)) / UNITS[currency]
    if person.contractor:
        return Pay(person, order, start, hourly, "Contract", "Hour", reason)
    loading, _, year, week = _basis(person.entity, start)
    yearly = hourly * year * sum(person.pattern) / week / loading
    return Pay(person, order, start, yearly.quantize(Decimal(1), ROUND_HALF_UP), "Salary", "Year", reason)


def hourly_cost(pay: Pay, day: date) -> Decimal:
    """What finance derives: pay x loading / hours, the hours shrinking with the part of a week worked."""
    loading, contract, year, week = _basis(pay.person.entity, day)
    if pay.per == "Hour":
        return (pay.rate * contract).quantize(Decimal("0.01"), ROUND_HALF_UP)
    hours = year * sum(pay.person.pattern) / week
    return (pay.rate * loading / hours).quantize(Decimal("0.01"), ROUND_HALF_UP)


def psa_cost(payroll: Payroll, person: Person, day: date) -> tuple[int, date] | None:
    """The copy the delivery system shows in minor units, and since when; None where it has none."""
    pay, fault = payroll.in_force(person, day), payroll.faults.get(person.key)
    if pay is None or fault == "r03_psa_missing":
        return None
    amount = hourly_cost(pay, day) * UNITS[pay.currency]
    if fault == "r03_psa_differs":
        amount = amount * Decimal("1.07") + UNITS[pay.currency]
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP)), pay.start


@lru_cache(maxsize=64)
def _lines() -> tuple[tuple[str, date, tuple[Decimal, Decimal, Decimal, Decimal]], ...]:
    return tuple(
        (b.legal_entity, b.valid_from,
         (b.loading_factor, b.contract_loading_factor, b.hours_per_year, b.full_time_week_hours))
        for b in load_config().cost_rates.basis
    )  # fmt: skip


def _basis(entity: str, day: date) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    begun = sorted((owner != "*", start, values) for owner, start, values in _lines()
                   if owner in ("*", entity) and start <= day)  # fmt: skip
    return begun[-1][2]
