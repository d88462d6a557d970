"""Planted errors in invoices and numbering, and copies in CRM and PSA that no longer agree with the ERP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sandbox.firm.billing import Invoice, Line
from sandbox.firm.customers import Customer
from sandbox.firm.days import add_weekdays, moment
from sandbox.firm.group import UNITS
from sandbox.firm.names import FORM_SPELLINGS
from sandbox.firm.plants_books import plant_books
from sandbox.firm.projects import Deal, Project
from sandbox.firm.receivables import Standing
from sandbox.firm.staffing import Book

#: Story of an invoice whose first line of hours says the month before the work.
MISDATED = "b03_service_month"
INVOICE_FAULTS = ("unreferenced_extra", "manual_time", "unreferenced_discount", "header", "draft_extra")


@dataclass(frozen=True)
class InvoicePlants:
    """Invoices after planting, when each credited one was credited, and before which a number is missing."""

    invoices: tuple[Invoice, ...]
    credited: Mapping[str, datetime]
    skipped_before: Mapping[str, bool]  # invoice key -> whether a deleted draft explains the gap


def plant_invoices(
    book: Book, projects: Mapping[str, Project], invoices: tuple[Invoice, ...]
) -> InvoicePlants:
    """Break some invoices, credit and rebill others. Chosen only among those of the planting day or before."""
    planted = book.spec.planted_at
    hourly = [
        i for i in invoices
        if i.psa and not projects[i.project].story and i.key.startswith("I-") and i.created_at <= planted
        and projects[i.project].contract_type == "time_and_materials" and i.net > 20_000
    ]  # fmt: skip
    older = [i for i in hourly if planted - timedelta(days=190) < i.created_at < planted - timedelta(days=35)]
    recent = [i for i in hourly if i.created_at >= planted - timedelta(days=30)]
    each, order = book.spec.each, book.chance.order
    pool = iter(order(older, "invoice plants"))
    changes: dict[str, Invoice] = {}
    for fault in INVOICE_FAULTS[:4]:
        for invoice in [next(pool) for _ in range(each)]:
            changes[invoice.key] = _broken(projects[invoice.project], invoice, fault)
    credited = {
        i.key: i.created_at + timedelta(days=12) for i in [next(pool) for _ in range(max(2, each // 2))]
    }
    for number, invoice in enumerate(_one_of_each_project(pool)[: each + 1]):
        changes[invoice.key] = _misdated(invoice, over_both_months=number == each)
    drafts = order(recent, "drafts")
    for invoice in drafts[:each]:
        broken = _broken(projects[invoice.project], invoice, "draft_extra")
        changes[invoice.key] = replace(broken, posted_at=None)
    for invoice in drafts[each : each + 2]:
        changes[invoice.key] = replace(invoice, posted_at=None)
    kept = [changes.get(i.key, i) for i in invoices]
    rebills = [_rebill(i, credited[i.key]) for i in kept if i.key in credited]
    everything = plant_books(book, projects, tuple(kept + rebills), frozenset(credited))
    return InvoicePlants(everything, credited, _gaps(book, projects, everything))


def _broken(project: Project, invoice: Invoice, fault: str) -> Invoice:
    unit = UNITS[project.currency] * (100 if project.currency == "JPY" else 1)
    first = invoice.lines[0]
    if fault == "header":
        return replace(invoice, header_error=120 * unit, story=f"b03_{fault}")
    if fault == "unreferenced_discount":
        line = Line(
            "discount", (), "Goodwill", None, None, -450 * unit, first.service_start, first.service_end
        )
    elif fault == "manual_time":
        line = Line("time", (), "Additional hours, keyed in by hand", 240, 180 * unit, 720 * unit,
                    first.service_start, first.service_end)  # fmt: skip
    else:
        line = Line(
            "extra",
            (),
            "Additional services",
            None,
            None,
            1850 * unit,
            first.service_start,
            first.service_end,
        )
    return replace(invoice, lines=(*invoice.lines, line), story=f"b03_{fault}")


def _one_of_each_project(invoices: Iterable[Invoice]) -> list[Invoice]:
    found: dict[str, Invoice] = {}
    for invoice in invoices:
        found.setdefault(invoice.project, invoice)
    return list(found.values())


def time_line(invoice: Invoice) -> Line:
    """The first line of hours; the one that is dated to the month before, where that is planted."""
    return next(line for line in invoice.lines if line.source == "time")


def _misdated(invoice: Invoice, *, over_both_months: bool) -> Invoice:
    line = time_line(invoice)
    before = line.service_start.replace(day=1) - timedelta(days=1)
    end = line.service_end if over_both_months else before
    wrong = replace(line, service_start=before.replace(day=1), service_end=end)
    lines = tuple(wrong if other is line else other for other in invoice.lines)
    return replace(invoice, lines=lines, story="two_months" if over_both_months else MISDATED)


def _rebill(invoice: Invoice, credited_at: datetime) -> Invoice:
    at = moment(add_weekdays(credited_at.date(), 1), 9, 45)
    return replace(
        invoice, key=f"{invoice.key}R", created_at=at, posted_at=moment(add_weekdays(at.date(), 1), 11, 20),
        story="rebilled",
    )  # fmt: skip


def _gaps(book: Book, projects: Mapping[str, Project], invoices: tuple[Invoice, ...]) -> dict[str, bool]:
    planted = book.spec.planted_at
    first_of: dict[str, datetime] = {}
    for invoice in invoices:
        entity = projects[invoice.project].entity
        first_of[entity] = min(first_of.get(entity, invoice.created_at), invoice.created_at)
    fit = [
        i for i in invoices
        if planted - timedelta(days=120) < i.created_at < planted - timedelta(days=10)
        and i.created_at > first_of[projects[i.project].entity] and i.story == ""
    ]  # fmt: skip
    chosen = book.chance.order(fit, "gap")[: 2 * book.spec.each]
    return {invoice.key: number % 2 == 1 for number, invoice in enumerate(chosen)}


def drift_of_customers(book: Book) -> dict[tuple[str, str, str], str | int | bool]:
    """Values of the copies that are wrong: (system, customer, attribute) -> value. Truth stays in the ERP."""
    each, chance = book.spec.each, book.chance
    fit = [c for c in book.customers if c.link == "reference" and len(c.accounts) == 1]
    pool = chance.order(fit, "drift")
    kinds = [
        ("salesforce", "legal_name"), ("kantata", "legal_name"), ("salesforce", "billing_address"),
        ("kantata", "billing_address"), ("salesforce", "payment_terms"), ("kantata", "payment_terms"),
        ("salesforce", "tax_id"), ("salesforce", "currency"), ("salesforce", "credit_hold"),
    ]  # fmt: skip
    drift: dict[tuple[str, str, str], str | int | bool] = {}
    for number in range(each * len(kinds)):
        system, attribute = kinds[number % len(kinds)]
        customer = pool[number % len(pool)]
        turn = number
        while (system, customer.key, attribute) in drift:
            turn += 1
            customer = pool[turn % len(pool)]
        drift[system, customer.key, attribute] = wrong_copy(customer, attribute)
    return drift


def wrong_copy(customer: Customer, attribute: str) -> str | int | bool:
    """What a copy shows that no longer agrees."""
    if attribute == "legal_name":
        return f"{customer.name.split()[0]} Holdings {customer.form}"
    if attribute == "billing_address":
        return f"{customer.number + 300} Old Mill Lane"
    if attribute == "payment_terms":
        return 30 if customer.terms != 30 else 45
    if attribute == "tax_id":
        tax = str(customer.tax_id)
        return tax[:-2] + f"{(int(tax[-2:]) + 11) % 100:02d}"
    if attribute == "currency":
        return "EUR" if customer.currency != "EUR" else "USD"
    return not customer.credit_hold


def other_spelling(customer: Customer) -> str:
    """The legal name written differently without meaning anything else."""
    form = FORM_SPELLINGS[customer.form]
    if customer.number % 6 == 1:
        return f"{customer.name.upper()} {form}"
    if customer.number % 6 == 3:
        return f"{customer.name}, {form}"
    return customer.legal_name


def drift_of_deals(
    book: Book, deals: list[Deal], standings: Mapping[str, Standing | None]
) -> dict[tuple[str, str], str | int | bool | date | None]:
    """Wrong ERP fields of opportunities: (deal, field) -> value, beside an otherwise true mirror."""
    each, chance = book.spec.each, book.chance
    known = [(d, s) for d in deals if not d.story and (s := standings.get(d.key))]
    pool = [pair for pair in sorted(known, key=lambda pair: chance.share("crm drift", pair[0].key))]
    drift: dict[tuple[str, str], str | int | bool | date | None] = {}
    used: set[str] = set()

    def take(fits: list[tuple[Deal, Standing]]) -> list[tuple[Deal, Standing]]:
        found = [pair for pair in fits if pair[0].key not in used][:each]
        used.update(deal.key for deal, _ in found)
        return found

    for deal, standing in take([p for p in pool if p[1].open_amount]):
        drift[deal.key, "open_amount"] = standing.open_amount * 3 // 2 // 100 * 100 + 100
    for deal, standing in take([p for p in pool if p[1].bucket]):
        drift[deal.key, "overdue_bucket"] = "current" if standing.bucket != "current" else "31-60"
    for deal, standing in take([p for p in pool if p[1].bucket]):
        drift[deal.key, "disputed"] = not standing.disputed
    for deal, standing in take([p for p in pool if p[1].last_payment]):
        earlier = standing.last_payment - timedelta(days=21) if standing.last_payment else None
        drift[deal.key, "last_payment_date"] = earlier
    return drift
