"""Clients that the ERP does not know or no longer serves, and the projects made for them (C02)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sandbox.firm.customers import Account, Customer
from sandbox.firm.days import moment, to_weekday
from sandbox.firm.group import ENTITIES
from sandbox.firm.names import CITIES, LEGAL_FORMS, STREETS
from sandbox.firm.projects import Project
from sandbox.firm.staffing import Book, assign, build_project, steady_people

FIRST_NUMBER = 900
NOT_IN_ERP = ("c02_no_customer", "c02_done")


@dataclass(frozen=True)
class _Case:
    story: str
    starts: int
    ends: int
    planted: bool


_CASES = (
    _Case("c02_no_customer", -38, 60, True),
    _Case("c02_blocked", -42, 60, True),
    _Case("c02_done", -330, -230, False),  # over, and nothing was ever logged: no longer worth a customer
    _Case("c02_half_blocked", -36, 60, False),  # one of its two ERP records is retired, the other serves
)


def master_data_cases(book: Book) -> tuple[list[Customer], list[Project]]:
    """The clients of these stories and one project for each."""
    customers: list[Customer] = []
    projects: list[Project] = []
    for case in _CASES:
        for copy in range(book.spec.each if case.planted else 1):
            customer, project = _build(book, case, copy, FIRST_NUMBER + len(customers))
            customers.append(customer)
            projects.append(project)
    return customers, projects


def _build(book: Book, case: _Case, copy: int, number: int) -> tuple[Customer, Project]:
    key = f"X{case.story.replace('_', '')}{copy}"
    start, end = (
        to_weekday(book.spec.planted_on + timedelta(days=offset - copy % 10))
        for offset in (case.starts, case.ends)
    )
    lead = steady_people(book, key, start)[0]
    customer = _company(book, case.story, copy, number, lead.entity)
    team = (replace(assign(key, lead, start, end, 0.4, 150), works=False),)
    known = replace(book, customers=[*book.customers, customer])
    project = build_project(
        known, key, customer.accounts[0], lead.team_on(start).practice, lead, "time_and_materials", start, end, team,
        story=case.story,
    )  # fmt: skip
    return customer, project


def _company(book: Book, story: str, copy: int, number: int, entity: str) -> Customer:
    chance, key = book.chance, f"N{number}"
    again = f" {copy // len(_PARTS) + 1}" if copy >= len(_PARTS) else ""
    name = f"{_WORDS[story]} {_PARTS[copy % len(_PARTS)]}{again}"
    city, state, postal_code = CITIES[entity][copy % len(CITIES[entity])]
    # of like names in two CRMs: only a district of its own keeps each from being taken for another (C04)
    postal_code = f"{postal_code[:-2]}{copy % 100:02d}"
    short = name.lower().replace(" ", "-")
    home, currency = ENTITIES[entity], ENTITIES[entity].currency
    entities = (
        [entity, *[e for e in ENTITIES if e != entity][:1]] if story == "c02_half_blocked" else [entity]
    )
    return Customer(
        key=key, number=number, name=name, short=short, form=LEGAL_FORMS[entity][0], industry="Manufacturing",
        entity=entity, country=home.country, currency=currency, tax_id=None,
        street=f"{10 + copy} {STREETS[entity][0]}", city=city, state=state, postal_code=postal_code, terms=30,
        website=f"https://www.{short}.example",
        accounts=tuple(Account(key, one, currency) for one in entities),
        link="name" if story in NOT_IN_ERP else "reference",
        group_reference="salesforce" if story in NOT_IN_ERP else "both", credit_hold=False,
        created_at=moment(book.spec.start - timedelta(days=chance.between(60, 300, "made", key)), 9, 15), story=story,
    )  # fmt: skip


_WORDS = dict(
    zip((case.story for case in _CASES), ("Alderby", "Brockhurst", "Calloway", "Dunmore"), strict=True)
)
_PARTS = ("Valves", "Pumps", "Turbines", "Bearings", "Castings", "Gears", "Coils", "Seals", "Hoists", "Kilns")
