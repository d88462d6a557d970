"""The firm's whole world at one moment: a pure function of the spec, the as-of moment and the configuration."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime

from sandbox.firm.billing import Billed, Invoice, Ledger, bill
from sandbox.firm.bookings import firm_bookings
from sandbox.firm.chance import Chance
from sandbox.firm.changes import make_changes
from sandbox.firm.contract_cases import contract_projects, early_entries
from sandbox.firm.crm_accounts import CrmAccount, crm_accounts
from sandbox.firm.customers import Customer, make_customers
from sandbox.firm.days import add_months
from sandbox.firm.deals import make_contracts, make_deals
from sandbox.firm.expenses import Expense, make_expenses
from sandbox.firm.fx import Rates
from sandbox.firm.leave import Leave, make_leave
from sandbox.firm.pay import Payroll, make_payroll
from sandbox.firm.people import Person, make_people
from sandbox.firm.plants_close import Omissions, leave_open, omit, plant_omissions
from sandbox.firm.plants_double import Doubles, double_invoices, doubled_entries
from sandbox.firm.plants_hierarchy import erp_parents
from sandbox.firm.plants_money import drift_of_customers, drift_of_deals, plant_invoices
from sandbox.firm.plants_overbook import Overbooking, plant_overbooking
from sandbox.firm.plants_tasks import TaskPlans, plan_tasks
from sandbox.firm.plants_tax import with_mistyped_numbers
from sandbox.firm.plants_time import TimePlants, mark_skipped, plant_time
from sandbox.firm.projects import Assignment, ChangeRequest, Contract, Deal, Project
from sandbox.firm.rates import SpecialCard
from sandbox.firm.receivables import Receivable, Standing, receivable, standing
from sandbox.firm.scenarios import scenario_projects, special_cards
from sandbox.firm.scenarios_books import book_projects, booked_entries, pending_tax_ids
from sandbox.firm.scenarios_master import master_data_cases
from sandbox.firm.spec import FirmSpec
from sandbox.firm.staffing import Book, staff_projects
from sandbox.firm.timesheets import TimeBook, TimeEntry, log_time

#: A copy that would make two records of one client look like two companies.
_OTHER_TAX_ID = ("salesforce", "tax_id")


@dataclass(frozen=True)
class World:
    """All facts known by `as_of`. Projections show them; ground truth names what is wrong with them."""

    spec: FirmSpec
    as_of: datetime
    chance: Chance
    people: list[Person]
    customers: dict[str, Customer]
    crm_accounts: list[CrmAccount]  # beside those of the customers
    projects: dict[str, Project]  # those whose workspace exists by now, in order of opening
    deals: list[Deal]
    contracts: list[Contract]
    changes: list[ChangeRequest]
    cards: list[SpecialCard]
    leaves: list[Leave]
    entries: list[TimeEntry]
    expenses: list[Expense]
    billed: Billed
    receivables: list[Receivable]  # in order of creation
    credited: dict[str, datetime]
    gaps: dict[str, bool]
    doubles: Doubles
    fx: Rates
    bookings: list[Assignment]
    plants: TimePlants
    overbooking: tuple[Overbooking, ...]
    task_plans: TaskPlans
    payroll: Payroll
    omissions: Omissions
    customer_drift: dict[tuple[str, str, str], str | int | bool]
    deal_drift: dict[tuple[str, str], str | int | bool | date | None]
    erp_parents: dict[str, str]  # customer -> the one above it in the ERP

    def standing(self, deal: Deal, at: datetime) -> Standing | None:
        """The true receivables of a deal at that moment."""
        return standing(self._by_deal.get(deal.key, []), at)

    def changes_of(self, *, deal: str | None = None, project: str | None = None) -> list[ChangeRequest]:
        """Changes of a deal or of a project, oldest first."""
        index = self.__dict__.get("_changes")
        if index is None:
            index = defaultdict(list)
            for change in sorted(self.changes, key=lambda c: (c.created_at, c.key)):
                index["deal", change.deal].append(change)
                index["project", change.project].append(change)
            object.__setattr__(self, "_changes", index)
        return list(index.get(("deal", deal) if deal else ("project", project), []))

    @property
    def _by_deal(self) -> dict[str, list[Receivable]]:
        found = self.__dict__.get("_cache")
        if found is None:
            found = defaultdict(list)
            for item in self.receivables:
                if item.project.deal:
                    found[item.project.deal].append(item)
            object.__setattr__(self, "_cache", found)
        return found


def build_world(spec: FirmSpec, as_of: datetime) -> World:
    """Build the world as it is at `as_of`, which must not lie before the planting."""
    if as_of < spec.planted_at:
        raise ValueError(f"as_of {as_of:%Y-%m-%d} lies before the first day of this firm, {spec.planted_on}")
    chance, horizon = Chance(spec.seed), spec.horizon(as_of)
    people = make_people(spec, chance, horizon)
    book = Book(spec, chance, people, make_customers(spec, chance))
    customers = with_mistyped_numbers(book)
    book = replace(book, customers=customers)
    unserved, their_projects = master_data_cases(book)
    planned = [
        *staff_projects(book, horizon),
        *scenario_projects(book),
        *contract_projects(book),
        *their_projects,
        *book_projects(book),
    ]
    deals = make_deals(book, planned, horizon)
    ordered = sorted(planned, key=lambda p: (p.opened_at, p.key))
    projects = {p.key: replace(p, number=n) for n, p in enumerate(ordered) if p.opened_at <= as_of}
    plants = plant_time(book, projects)
    bookings = firm_bookings(book, planned)
    overbooking = plant_overbooking(book, projects, bookings)
    task_plans = plan_tasks(book, projects, bookings, plants.bookings, overbooking)
    asked = (case.leave for case in overbooking if case.leave and case.leave.created_at <= as_of)
    leaves = [*make_leave(spec, chance, people, as_of), *asked]
    entries = log_time(TimeBook(spec, chance, projects, as_of), people, leaves)
    planted = (*plants.entries, *early_entries(projects, spec.planted_on), *booked_entries(projects))
    entries += [entry for entry in planted if entry.created_at <= as_of]
    expenses = make_expenses(chance, list(projects.values()), as_of)
    omissions = plant_omissions(book, projects, entries, expenses)
    expenses = leave_open(omissions, expenses)
    entries = omit(omissions, entries)
    entries += doubled_entries(book, projects, entries)
    entries = mark_skipped(sorted(entries, key=lambda e: (e.created_at, e.key)), plants.skipped)
    changes = make_changes(book, list(projects.values()), as_of)
    billed = bill(Ledger(chance, projects, entries, expenses, changes, plants.forgotten, as_of))
    invoices = plant_invoices(book, projects, billed.invoices)
    taken = frozenset({*invoices.credited, *invoices.skipped_before})
    doubles = double_invoices(book, projects, invoices.invoices, taken)
    everything = (*invoices.invoices, *doubles.invoices)
    by_key = {c.key: c for c in [*customers, *unserved]}
    drift = drift_of_customers(book) | pending_tax_ids(book)
    receivables = [
        receivable(chance, i, projects[i.project], _customer(by_key, projects, i), invoices.credited.get(i.key))
        for i in sorted(everything, key=lambda i: (i.created_at, i.key)) if i.created_at <= as_of
    ]  # fmt: skip
    extra = [booking for case in overbooking for booking in case.bookings]
    known = [deal for deal in deals if deal.created_at <= as_of]
    world = World(
        spec=spec, as_of=as_of, chance=chance, people=people, customers=by_key, projects=projects, deals=known,
        contracts=make_contracts(book, [d for d in known if d.closed_at <= as_of], _ceilings(projects, receivables)),
        changes=changes, cards=special_cards(list(projects.values())), leaves=leaves, entries=entries,
        expenses=expenses, billed=billed, receivables=receivables, credited=dict(invoices.credited),
        gaps=dict(invoices.skipped_before), doubles=doubles,
        fx=Rates(chance, add_months(spec.start, -1)),
        bookings=[b for b in (*bookings, *plants.bookings, *extra) if b.project in projects],
        plants=plants, overbooking=overbooking, task_plans=task_plans, payroll=make_payroll(book, horizon),
        omissions=omissions, customer_drift=drift, deal_drift={}, erp_parents=erp_parents(book),
        crm_accounts=crm_accounts(book, {key for system, key, what in drift if (system, what) == _OTHER_TAX_ID}),
    )  # fmt: skip
    won = [d for d in deals if d.won and d.closed_at <= spec.planted_at]
    mirror = {d.key: world.standing(d, spec.planted_at) for d in won}
    return replace(world, deal_drift=drift_of_deals(book, won, mirror))


def _customer(customers: dict[str, Customer], projects: dict[str, Project], invoice: Invoice) -> Customer:
    return customers[projects[invoice.project].account.customer]


def _ceilings(projects: dict[str, Project], receivables: list[Receivable]) -> dict[str, int]:
    """Contracts whose agreed maximum is exactly what has been billed."""
    reached: dict[str, int] = defaultdict(int)
    for item in receivables:
        if item.project.story == "nte" and item.project.deal:
            reached[item.project.deal] += item.invoice.net
    return {projects[p.key].deal or "": reached[p.deal or ""] for p in projects.values() if p.story == "nte"}
