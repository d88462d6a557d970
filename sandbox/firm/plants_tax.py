"""Tax numbers typed wrongly once and copied everywhere: the systems agree, only the check digit does not (C03)."""

from __future__ import annotations

from dataclasses import replace

from sandbox.firm.customers import Customer
from sandbox.firm.plants_hierarchy import second_records
from sandbox.firm.plants_money import drift_of_customers
from sandbox.firm.staffing import Book
from sandbox.firm.tax_ids import mistyped

STORY = "c03_tax_check"


def with_mistyped_numbers(book: Book) -> list[Customer]:
    """The customers, a few of them with a wrong number. American numbers have no check digit to show it."""
    taken = {key for _, key, what in drift_of_customers(book) if what == "tax_id"} | second_records(book)
    fit = [
        c for c in book.customers
        if c.is_plain and c.country != "US" and c.key not in taken
    ]  # fmt: skip
    chosen = {c.key for c in book.chance.order(fit, "mistyped")[: book.spec.each]}
    return [
        replace(c, tax_id=mistyped(str(c.tax_id)), story=STORY) if c.key in chosen else c
        for c in book.customers
    ]
