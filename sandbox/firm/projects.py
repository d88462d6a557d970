"""Projects, their teams and milestones, and the deals and contracts behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sandbox.firm.customers import Account
from sandbox.firm.days import add_weekdays, moment
from sandbox.firm.people import Person

STAGES = (
    ("Prospecting", 10, False, False),
    ("Qualification", 25, False, False),
    ("Proposal", 50, False, False),
    ("Negotiation", 75, False, False),
    ("Closed Won", 100, True, True),
    ("Closed Lost", 0, True, False),
)
PHASES = ("Discovery", "Design", "Delivery", "Project management")


@dataclass(frozen=True)
class Assignment:
    """A person on a project. `planned_end` stands until `cut_at`, when a leaver's bookings are shortened."""

    key: str
    project: str
    person: Person
    start: date
    end: date
    planned_end: date
    cut_at: datetime | None
    share: float
    daily_minutes: int | None = None  # given: that much each day, beside the person's main work
    works: bool = True  # False: booked only, no time follows
    hard: bool = True

    def end_at(self, at: datetime) -> date:
        """The booked end as the PSA shows it at that moment."""
        return self.end if self.cut_at and self.cut_at <= at else self.planned_end


@dataclass(frozen=True)
class Milestone:
    """A payable result. `accepted` is when the customer accepts it, which may lie ahead."""

    key: str
    project: str
    order: int
    title: str
    baseline: date
    due: date
    accepted: date
    amount: int
    hold: bool = False  # planted: accepted and forgotten
    ready_only: bool = False  # looks forgotten, but the schedule line is ready
    external_id: bool = True
    billed_early: date | None = None  # invoiced after that day, although the customer accepts later
    booked: date | None = None  # planted: the day with which finance books its revenue


@dataclass(frozen=True)
class Project:
    """One piece of client work. Money is in minor units of `account.currency`."""

    key: str
    number: int
    name: str
    deal: str | None
    account: Account
    practice: str
    unit: str
    contract_type: str
    start: date
    end: date
    opened_at: datetime
    team: tuple[Assignment, ...]
    price: int
    budget_hours: int
    milestones: tuple[Milestone, ...]
    card: str
    lead: Person
    story: str = ""
    archived_at: datetime | None = None
    on_hold_from: date | None = None
    first_part_of: str | None = None  # a split deal: the other project of the same deal
    psa_error: int = 0  # the PSA shows a price that differs from the agreed one by that much
    schedule_error: int = 0  # the last line of the ERP's schedule differs by that much
    signed_in: str | None = None  # planted: deal and contract are in that currency, the project is not
    billed_in: str | None = None  # planted: its invoices are in that currency
    signed_with: str | None = None  # planted: the contract names that company
    booked_with: str | None = None  # planted: the ERP's project belongs to that company

    @property
    def currency(self) -> str:
        """Currency of contract, rates and invoices."""
        return self.account.currency

    @property
    def entity(self) -> str:
        """The contracting legal entity."""
        return self.account.entity

    @property
    def code(self) -> str:
        """Project code shared by PSA and ERP."""
        return f"PRJ-{self.key}"


@dataclass(frozen=True)
class Deal:
    """An opportunity. `won` says how it ends on its close date; before that it is open."""

    key: str
    name: str
    customer: str
    amount: int
    services: int
    currency: str
    entity: str
    practice: str
    unit: str
    contract_type: str | None
    kind: str  # 'New Business', 'Existing Business', 'Renewal' or 'Product'
    created_at: datetime
    closed_at: datetime
    won: bool
    owner: Person
    start: date
    end: date
    projects: tuple[str, ...]
    story: str = ""
    deleted_at: datetime | None = None
    workspace_field: bool = True  # whether sales noted the project id on the opportunity
    discount: int = 0  # agreed off the list value that the contract names
    pass_through: int = 0  # other people's costs in the contract's value, not ours to deliver
    signed_with: str | None = None  # planted: the contract names that company instead of the deal's

    def stage_at(self, at: datetime) -> tuple[int, datetime]:
        """Index into STAGES at that moment, and since when."""
        if at >= self.closed_at:
            return (4 if self.won else 5), self.closed_at
        step = (self.closed_at - self.created_at) / 4
        index = min(3, int((at - self.created_at) / step))
        return index, self.created_at + step * index


@dataclass(frozen=True)
class Contract:
    """The signed agreement of a won deal."""

    key: str
    deal: str
    customer: str
    contract_type: str
    value: int
    currency: str
    entity: str
    start: date
    end: date
    signed_at: datetime
    not_to_exceed: int | None
    in_advance: bool
    order_number: str
    discount: int = 0
    pass_through: int = 0
    order_amount: int | None = None  # None: the customer's order names no amount


#: What an approved change alters: the deal's amount, the project's price and end, the ERP's schedule, the order.
LEGS = ("crm", "budget", "plan", "schedule", "order")


@dataclass(frozen=True)
class ChangeRequest:
    """More or less scope on a running project, agreed or still open."""

    key: str
    deal: str
    project: str
    amount: int
    currency: str
    created_at: datetime
    approved_at: datetime | None
    description: str
    number: int = 0  # counted within the project
    scheduled: bool = False  # billed by a schedule line of its own
    extends: int = 0  # days by which the project ends later
    takes: int = 1  # working days until it is carried through
    lacks: frozenset[str] = frozenset()  # planted: legs that nobody carries
    halved: frozenset[str] = frozenset()  # planted: legs carried with half the amount
    story: str = ""

    @property
    def carried_at(self) -> datetime | None:
        """When its legs are carried through."""
        if self.approved_at is None:
            return None
        return moment(add_weekdays(self.approved_at.date(), self.takes), 10, 20)

    def moves(self, leg: str, at: datetime) -> int:
        """What it has added to that leg by then."""
        if self.carried_at is None or self.carried_at > at or leg in self.lacks:
            return 0
        if leg == "plan":
            return self.extends
        return self.amount // 2 if leg in self.halved else self.amount
