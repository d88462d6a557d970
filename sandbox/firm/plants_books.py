"""Planted errors in the books: invoices of the wrong company or period, at a wrong rate, or a draft to the PSA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from sandbox.firm.billing import Invoice
from sandbox.firm.group import ENTITIES
from sandbox.firm.projects import Project
from sandbox.firm.staffing import Book

#: Story of an invoice -> what is wrong with it.
BOOK_FAULTS = ("b04_entity", "b04_period", "b04_psa_draft", "x02_rate", "x02_conversion")


def plant_books(
    book: Book, projects: Mapping[str, Project], invoices: tuple[Invoice, ...], credited: frozenset[str]
) -> tuple[Invoice, ...]:
    """Break some posted invoices of the months before the planting that carry no other fault."""
    planted = book.spec.planted_at
    since, until = planted - timedelta(days=200), planted - timedelta(days=40)
    sound = (i for i in invoices if not i.story and i.key not in credited and not projects[i.project].story)
    fit = [
        i
        for i in sound
        if i.posted_at and i.net > 0 and i.key.startswith("I-") and since < i.created_at < until
    ]
    pool, chosen = book.chance.order(fit, "book plants"), dict[str, Invoice]()
    for fault in BOOK_FAULTS:
        free = [i for i in pool if i.key not in chosen and _fits(fault, projects[i.project], i)]
        chosen.update((i.key, _break(fault, projects[i.project], i)) for i in free[: book.spec.each])
    return tuple(chosen.get(i.key, i) for i in invoices)


def _fits(fault: str, project: Project, invoice: Invoice) -> bool:
    home = ENTITIES[project.entity].currency
    if fault.startswith("x02_"):
        return project.currency != home
    if project.currency != home:
        return False
    return invoice.psa is not None if fault == "b04_psa_draft" else True


def _break(fault: str, project: Project, invoice: Invoice) -> Invoice:
    changes: dict[str, Callable[[], Invoice]] = {
        "b04_entity": lambda: replace(invoice, entity=_other(project.entity)),
        "b04_period": lambda: replace(invoice, period_shift=1),
        "b04_psa_draft": lambda: invoice,
        "x02_rate": lambda: replace(invoice, rate_factor="1.0150"),
        "x02_conversion": lambda: replace(invoice, conversion_error=9),
    }
    return replace(changes[fault](), story=fault)


def _other(entity: str) -> str:
    return "MCG-US" if entity != "MCG-US" else "MCG-UK"
