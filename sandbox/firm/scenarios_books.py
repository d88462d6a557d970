"""Small projects whose company, currency or revenue is booked wrongly (C03, R02, X02, B02), or looks as if it were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.firm.customers import Account, Customer
from sandbox.firm.days import add_weekdays, moment, to_weekday
from sandbox.firm.group import ENTITIES
from sandbox.firm.people import Person
from sandbox.firm.plants_hierarchy import second_records
from sandbox.firm.plants_money import drift_of_customers, wrong_copy
from sandbox.firm.plants_tax import STORY
from sandbox.firm.projects import Milestone, Project
from sandbox.firm.staffing import Book, assign, build_project, steady_people
from sandbox.firm.timesheets import TimeEntry, entry_rate, submission_of

_HOURLY, _FIXED, _STAGED = "time_and_materials", "fixed_fee", "milestone"
_MINUTES = 10  # a day: too little to push anybody's other work aside


@dataclass(frozen=True)
class _Case:
    """When and how a project of one story runs, in days relative to the planting day."""

    story: str
    contract_type: str
    starts: int
    ends: int
    hours: bool = False  # a few are logged, beside what its people work otherwise
    home_decimals: bool = False  # not in yen: the figures stand unchanged in another currency


_CASES = (
    _Case("c03_contract_company", _HOURLY, -30, 120),
    _Case("c03_erp_company", _HOURLY, -34, 120),
    _Case("c03_tax_pending", _HOURLY, -52, -36, hours=True),
    _Case("r02_currency", _HOURLY, -150, -85, hours=True, home_decimals=True),
    _Case("x02_currency", _FIXED, -160, -80, home_decimals=True),
)


def book_projects(book: Book) -> list[Project]:
    """All projects of these stories."""
    return [
        *(_project(book, case, copy) for case in _CASES for copy in range(book.spec.each)),
        *(project for copy in range(book.spec.each) for project in _swapped(book, copy)),
        *_running_split(book),
    ]


def pending_tax_ids(book: Book) -> dict[tuple[str, str, str], str | int | bool]:
    """Wrong tax numbers of clients whose next invoice waits: (system, customer, attribute) -> what the CRM shows."""
    return {
        ("salesforce", customer.key, "tax_id"): wrong_copy(customer, "tax_id") for customer in _waiting(book)
    }


def booked_entries(projects: Mapping[str, Project]) -> list[TimeEntry]:
    """An hour every other day on the projects whose invoices matter."""
    told = [case.story for case in _CASES if case.hours]
    return [
        _hour(project, add_weekdays(project.start, 2 * number))
        for project in projects.values()
        if project.story in told
        for number in range(5)
    ]


def _hour(project: Project, day: date) -> TimeEntry:
    person, created = project.lead, moment(day, 17, 25)
    week, submitted = submission_of(day, created)
    return TimeEntry(
        key=f"{day:%y%m%d}{person.key}-{project.story}-{project.key}", project=project.key, task=2, person=person,
        role=person.role, day=day, minutes=60, billable=True, rate=entry_rate(project, person.role, day), week=week,
        created_at=created, submitted_at=submitted, approved_at=created + timedelta(days=4, hours=16),
        story=project.story,
    )  # fmt: skip


def _waiting(book: Book) -> list[Customer]:
    """Clients of the drafts: those whose tax number nothing else is planted about, and whom one CRM holds."""
    taken = {key for _, key, what in drift_of_customers(book) if what == "tax_id"} | second_records(book)
    fit = [
        c for c in book.customers
        if c.is_plain and c.story != STORY and c.key not in taken
    ]  # fmt: skip
    return book.chance.order(fit, "tax pending")[: book.spec.each]


def _day(book: Book, offset: int) -> date:
    return to_weekday(book.spec.planted_on + timedelta(days=offset))


def _lead(book: Book, key: str, start: date, case: _Case) -> Person:
    people = steady_people(book, key, start)
    if case.home_decimals:
        people = [person for person in people if ENTITIES[person.entity].currency != "JPY"]
    return people[0]


def _client(book: Book, case: _Case, key: str, copy: int, entity: str) -> Account:
    if case.story == "c03_tax_pending":
        return _waiting(book)[copy].accounts[0]
    plain = [c.accounts[0] for c in book.customers if len(c.accounts) == 1 and c.entity == entity]
    return book.chance.pick(plain, "account", key)


def _project(book: Book, case: _Case, copy: int) -> Project:
    key = f"X{case.story.replace('_', '')}{copy}"
    start, end = _day(book, case.starts - copy % 10), _day(book, case.ends - copy % 10)
    lead = _lead(book, key, start, case)
    account = _client(book, case, key, copy, lead.entity)
    team = (replace(assign(key, lead, start, end, 0.4, _MINUTES), works=False),)
    project = build_project(
        book, key, account, lead.team_on(start).practice, lead, case.contract_type, start, end, team, story=case.story,
    )  # fmt: skip
    other = "EUR" if account.currency != "EUR" else "USD"
    stranger = "MCG-US" if account.entity != "MCG-US" else "MCG-UK"
    if case.story == "c03_contract_company":
        return replace(project, signed_with=stranger)
    if case.story == "c03_erp_company":
        return replace(project, booked_with=stranger)
    if case.story == "r02_currency":  # sold and billed in one currency, set up for delivery in another
        return replace(project, signed_in=other, billed_in=other)
    return replace(project, billed_in=other) if case.story == "x02_currency" else project


def _swapped(book: Book, copy: int) -> Iterator[Project]:
    """A milestone billed early whose revenue was booked, and the accepted one of another contract whose was not.

    Finance put the revenue of the one on the contract of the other: the accounts agree with the sum of all contracts.
    """
    early = add_weekdays(book.spec.planted_on, -(12 + 2 * (copy % 5)))
    late = add_weekdays(book.spec.planted_on, 30)
    case = _Case("b02_recognised", _STAGED, -75, 90)
    start, end = _day(book, case.starts - copy % 10), _day(book, case.ends)
    lead = _lead(book, f"Xb02recognised{copy}", start, case)
    account = _client(book, case, f"Xb02recognised{copy}", copy, lead.entity)
    for story in ("b02_recognised", "b02_left_out"):
        key = f"X{story.replace('_', '')}{copy}"
        team = (replace(assign(key, lead, start, end, 0.4, _MINUTES), works=False),)
        project = build_project(
            book, key, account, lead.team_on(start).practice, lead, _STAGED, start, end, team, story=story,
            milestones=(),
        )  # fmt: skip
        accepted = late if story == "b02_recognised" else early
        stages = (
            _stage(project, 0, _day(book, -40)),
            replace(
                _stage(project, 1, accepted), billed_early=early if accepted == late else None,
                booked=early if accepted == late else late,
            ),
            _stage(project, 2, _day(book, 60)),
        )  # fmt: skip
        yield replace(project, milestones=stages, price=sum(stage.amount for stage in stages))


def _stage(project: Project, order: int, day: date) -> Milestone:
    amount = 2_100_000 if project.currency != "JPY" else 2_900_000
    return Milestone(
        key=f"{project.key}#{order}", project=project.key, order=order,
        title=("Concept accepted", "Build accepted", "Go-live accepted")[order], baseline=day, due=day, accepted=day,
        amount=amount + 30_000 * order,
    )  # fmt: skip


def _running_split(book: Book) -> Iterator[Project]:
    """A deal that two companies fulfil now: a project in each, and the contract rightly names one of them."""
    shared = [c for c in book.customers if len({a.currency for a in c.accounts}) < len(c.accounts)]
    customer = book.chance.pick(shared, "running split")
    start, end = _day(book, -20), _day(book, 110)
    keys = [f"Xc03split{part}" for part in "ab"]
    for key, account in zip(keys, customer.accounts, strict=True):
        people = steady_people(book, key, start)
        lead = next((p for p in people if p.entity == account.entity), people[0])
        team = (replace(assign(key, lead, start, end, 0.4, _MINUTES), works=False),)
        project = build_project(
            book, key, account, lead.team_on(start).practice, lead, _HOURLY, start, end, team, story="c03_split",
        )  # fmt: skip
        first = keys[0] if key != keys[0] else None
        yield replace(project, deal=f"D-{keys[0]}", first_part_of=first)
