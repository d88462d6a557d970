"""What happens to a posted invoice: due date, tax, payments, disputes, credit notes and rebilling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.firm.billing import Invoice
from sandbox.firm.chance import Chance
from sandbox.firm.customers import Customer
from sandbox.firm.days import add_weekdays, moment, to_weekday
from sandbox.firm.group import ENTITIES
from sandbox.firm.projects import Project


@dataclass(frozen=True)
class Settlement:
    """Money or a credit note applied to an invoice. `kind` is 'Payment' or 'CreditMemoApplication'."""

    key: str
    invoice: str | None  # None: a receipt keyed in by mistake
    kind: str
    amount: int
    at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class Receivable:
    """An invoice with everything that bears on what is open. Gross amounts, minor units."""

    invoice: Invoice
    project: Project
    gross: int
    tax: int
    due: date
    dispute: tuple[datetime, datetime | None] | None
    settlements: tuple[Settlement, ...]

    @property
    def entity(self) -> str:
        """The company that issued it and holds the receivable."""
        return self.invoice.entity or self.project.entity

    @property
    def currency(self) -> str:
        """The currency it is written in, which is that of the contract unless somebody erred."""
        return self.project.billed_in or self.project.currency

    def is_posted(self, at: datetime) -> bool:
        """Whether the invoice counts as receivable at that moment."""
        return self.invoice.posted_at is not None and self.invoice.posted_at <= at

    def open_amount(self, at: datetime) -> int:
        """What the customer still owes on it."""
        return self.gross - sum(s.amount for s in self.settlements if s.at <= at)

    def is_disputed(self, at: datetime) -> bool:
        """Whether a dispute is running."""
        if self.dispute is None or self.dispute[0] > at:
            return False
        return self.dispute[1] is None or self.dispute[1] > at

    def changed_at(self, at: datetime) -> datetime:
        """The last change of the document by that moment."""
        moments = [self.invoice.created_at, *(s.at for s in self.settlements)]
        moments += [self.invoice.posted_at] if self.invoice.posted_at else []
        moments += [m for m in self.dispute or () if m]
        return max(m for m in moments if m <= at)


def tax_of(project: Project, customer: Customer, net: int) -> int:
    """Tax on a domestic sale; sales abroad carry none."""
    entity = ENTITIES[project.entity]
    return round(net * entity.tax_percent / 100) if customer.country == entity.country else 0


def receivable(
    chance: Chance, invoice: Invoice, project: Project, customer: Customer, credited_at: datetime | None
) -> Receivable:
    """The whole future of an invoice; what has happened by a moment is asked afterwards."""
    tax = tax_of(project, customer, invoice.net)
    gross = invoice.net + tax + invoice.header_error
    due = invoice.created_at.date() + timedelta(days=customer.terms)
    dispute = None
    settlements: tuple[Settlement, ...] = ()
    if credited_at:
        settlements = (
            Settlement(f"CM-{invoice.key}", invoice.key, "CreditMemoApplication", gross, credited_at),
        )
    elif invoice.posted_at and gross > 0:
        dispute = _dispute(chance, invoice, due)
        settlements = _payments(chance, invoice, gross, due, dispute)
    return Receivable(invoice, project, gross, tax, due, dispute, settlements)


def _dispute(chance: Chance, invoice: Invoice, due: date) -> tuple[datetime, datetime | None] | None:
    if not chance.hit(0.06, "dispute", invoice.key):
        return None
    opened = moment(add_weekdays(due, chance.between(-8, 8, "opened", invoice.key)), 10, 25)
    opened = max(opened, moment(add_weekdays(invoice.created_at.date(), 4), 10, 25))
    if chance.hit(0.25, "stays", invoice.key):
        return opened, None
    return opened, moment(add_weekdays(opened.date(), chance.between(12, 35, "closed", invoice.key)), 10, 40)


def _payments(
    chance: Chance, invoice: Invoice, gross: int, due: date, dispute: tuple[datetime, datetime | None] | None
) -> tuple[Settlement, ...]:
    roll = chance.share("pays", invoice.key)
    delay = (
        -3 + int(roll * 16)
        if roll < 0.5
        else 5 + int((roll - 0.5) * 66)
        if roll < 0.8
        else 26 + int((roll - 0.8) * 330)
    )
    day = to_weekday(max(due + timedelta(days=delay), add_weekdays(invoice.created_at.date(), 6)))
    if dispute:
        if dispute[1] is None:
            return ()
        day = max(day, add_weekdays(dispute[1].date(), 5))
    if roll > 0.985:
        return ()
    if not chance.hit(0.12, "partial", invoice.key):
        return (Settlement(f"PM-{invoice.key}", invoice.key, "Payment", gross, moment(day, 11, 5)),)
    first = gross * chance.between(30, 70, "part", invoice.key) // 100
    later = add_weekdays(day, chance.between(10, 40, "later", invoice.key))
    return (
        Settlement(f"PM-{invoice.key}", invoice.key, "Payment", first, moment(day, 11, 5)),
        Settlement(f"PM2-{invoice.key}", invoice.key, "Payment", gross - first, moment(later, 11, 5)),
    )


def overdue_bucket(days: int) -> str:
    """Days past due as the CRM shows them."""
    for limit, name in ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90")):
        if days <= limit:
            return name
    return "90+"


@dataclass(frozen=True)
class Standing:
    """What sales should see of a deal's receivables."""

    open_amount: int
    bucket: str | None
    disputed: bool
    last_payment: date | None


def standing(receivables: list[Receivable], at: datetime) -> Standing | None:
    """The true values of the CRM's ERP fields; None while nothing has been posted."""
    posted = [r for r in receivables if r.is_posted(at)]
    if not posted:
        return None
    still_open = [r for r in posted if r.open_amount(at) > 0]
    paid = [s.at.date() for r in posted for s in r.settlements if s.kind == "Payment" and s.at <= at]
    overdue = [(at.date() - r.due).days for r in still_open]
    return Standing(
        open_amount=sum(r.open_amount(at) for r in still_open),
        bucket=overdue_bucket(max(overdue)) if overdue else None,
        disputed=any(r.is_disputed(at) for r in still_open),
        last_payment=max(paid, default=None),
    )
