"""Hierarchies of the ERP's customers: most customers have none, some stand in a line, a few in a ring (C03, C04)."""

from __future__ import annotations

from sandbox.firm.crm_accounts import crm_accounts, rings
from sandbox.firm.plants_money import drift_of_customers
from sandbox.firm.staffing import Book


def erp_parents(book: Book) -> dict[str, str]:
    """Customer -> the customer above it. Rings of two are planted; one line of three reaches its top.

    The first ring holds a customer that two CRMs have: it is its own parent in the end and still a duplicate (C04).
    The others are customers of whom nothing else is told.
    """
    twice = second_records(book)
    told = {key for _, key, _ in drift_of_customers(book)}
    fit = [c.key for c in book.customers if c.is_plain]
    order = sorted(book.chance.order(fit, "hierarchy"), key=lambda key: key in told)
    doubled = [key for key in order if key in twice][:1]
    order = doubled + [key for key in order if key not in twice]
    pairs = [order[2 * number : 2 * number + 2] for number in range(rings(book))]
    found = {key: above for first, second in pairs for key, above in ((first, second), (second, first))}
    top, middle, bottom = order[-3:]
    return found | {middle: top, bottom: middle}


def ring_customers(parents: dict[str, str]) -> list[str]:
    """Customers whose path to the top comes back to them."""
    return [key for key, above in parents.items() if parents.get(above) == key]


def second_records(book: Book) -> set[str]:
    """Customers that two CRMs hold."""
    wrong_tax = {
        key for system, key, what in drift_of_customers(book) if (system, what) == ("salesforce", "tax_id")
    }
    return {account.of.key for account in crm_accounts(book, wrong_tax) if account.of}
