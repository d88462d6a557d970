"""Invoices: time and materials month by month, milestones, schedules and retainers, credits and rebills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.firm.chance import Chance
from sandbox.firm.days import (
    add_months,
    add_weekdays,
    first_of_month,
    moment,
    month_end,
    months_between,
    nth_weekday,
    to_weekday,
)  # fmt: skip
from sandbox.firm.expenses import Expense
from sandbox.firm.group import UNITS
from sandbox.firm.people import Person
from sandbox.firm.projects import ChangeRequest, Milestone, Project
from sandbox.firm.timesheets import TimeEntry


@dataclass(frozen=True)
class Line:
    """A revenue line. `reference` names the record it bills; projections turn it into that system's id."""

    source: str  # 'time', 'expense', 'milestone', 'fixed_fee', 'retainer', 'extra' or 'discount'
    reference: tuple[str, ...]
    text: str
    minutes: int | None
    rate: int | None
    amount: int
    service_start: date
    service_end: date
    reason: str = ""  # why the price is not the card's, as agreed


@dataclass(frozen=True)
class Invoice:
    """An ERP invoice; `psa` is the delivery system's invoice it was made from, if any."""

    key: str
    project: str
    psa: str | None
    lines: tuple[Line, ...]
    created_at: datetime
    posted_at: datetime | None  # None: stays a draft
    header_error: int = 0  # planted: the header differs from its lines by that much
    story: str = ""
    entity: str | None = None  # planted: issued by that company instead of the contract's
    period_shift: int = 0  # planted: posted that many months beside its date
    rate_factor: str = "1"  # planted: converted at that multiple of the table's rate
    conversion_error: int = 0  # planted: main units by which the first line is converted wrongly

    @property
    def net(self) -> int:
        """Sum of the lines, without tax."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Charge:
    """A billing-schedule line of a fixed-price project."""

    key: str
    project: str
    milestone: Milestone | None
    amount: int
    day: date
    text: str
    created_at: datetime
    ready_at: datetime | None
    invoice: str | None
    invoiced_at: datetime | None
    change: str | None = None  # the change that it bills


@dataclass(frozen=True)
class Billed:
    """Everything billing produced, and which entry or expense went into which invoice."""

    invoices: tuple[Invoice, ...]
    charges: tuple[Charge, ...]
    entries: Mapping[str, str]
    expenses: Mapping[str, str]
    invoiced_at: Mapping[str, datetime]  # by milestone


@dataclass(frozen=True)
class Ledger:
    """What billing reads."""

    chance: Chance
    projects: Mapping[str, Project]
    entries: list[TimeEntry]
    expenses: list[Expense]
    changes: list[ChangeRequest]
    forgotten: frozenset[str]
    as_of: datetime


def runs_of(month: date) -> tuple[datetime, ...]:
    """When time of that month is billed: the main run, a second one, and a last for late approvals."""
    following = add_months(month, 1)
    return (
        moment(nth_weekday(following, 5), 9),
        moment(to_weekday(following + timedelta(days=15)), 9),
        moment(month_end(month) + timedelta(days=28), 8),
    )


def bill(ledger: Ledger) -> Billed:
    """All invoices created by the as-of moment."""
    invoices, entries, expenses = _time_and_materials(ledger)
    charges: list[Charge] = []
    for project in ledger.projects.values():
        if project.story in ("c01_no_deal", "c01_open_deal"):
            continue
        made, schedule = _scheduled(ledger, project)
        invoices.extend(made)
        charges.extend(schedule)
    for change in ledger.changes:
        invoice, line = _of_change(ledger, change)
        invoices.extend([invoice] if invoice else [])
        charges.extend([line] if line else [])
    at = {c.milestone.key: c.invoiced_at for c in charges if c.milestone and c.invoiced_at}
    return Billed(tuple(invoices), tuple(charges), entries, expenses, at)


def month_key(project: str, day: date) -> str:
    """Project and month, as forgotten months are named."""
    return f"{project}|{day:%Y-%m}"


def _is_billed(ledger: Ledger, project: Project, day: date) -> bool:
    if month_key(project.key, day) in ledger.forgotten:
        return False
    if project.story == "nte":
        return first_of_month(day) == first_of_month(project.start)
    if project.story == "hold":
        return first_of_month(day) < first_of_month(project.end)
    return True


def _run(ledger: Ledger, day: date, approved_at: datetime) -> datetime | None:
    runs = runs_of(first_of_month(day))
    run = next((run for run in runs if run > approved_at), runs[-1])
    return run if run > approved_at and run <= ledger.as_of else None


def _time_and_materials(ledger: Ledger) -> tuple[list[Invoice], dict[str, str], dict[str, str]]:
    batches: dict[tuple[str, date, datetime], tuple[list[TimeEntry], list[Expense]]] = defaultdict(
        lambda: ([], [])
    )
    priced = {p.key: p for p in ledger.projects.values() if p.contract_type == "time_and_materials"}
    for entry in ledger.entries:
        project = priced.get(entry.project)
        if project and entry.billable and entry.approved_at and _is_billed(ledger, project, entry.day):
            run = _run(ledger, entry.day, entry.approved_at)
            if run and not entry.story.startswith("unbilled"):
                batches[entry.project, first_of_month(entry.day), run][0].append(entry)
    for expense in ledger.expenses:
        project = priced.get(expense.project)
        if project and expense.billable and _is_billed(ledger, project, expense.day):
            run = _run(ledger, expense.day, expense.approved_at)
            if run:
                batches[expense.project, first_of_month(expense.day), run][1].append(expense)
    invoices: list[Invoice] = []
    by_entry: dict[str, str] = {}
    by_expense: dict[str, str] = {}
    extras = _extras(ledger)
    for (key, month, run), (entries, expenses) in sorted(batches.items()):
        name = f"I-{key}-{run:%y%m%d}"
        main = run == runs_of(month)[0]
        more = extras.get(month_key(key, month), []) if main and entries else []
        invoices.append(_monthly(ledger, priced[key], name, month, run, entries, expenses, more))
        by_entry.update((entry.key, name) for entry in entries)
        by_expense.update((expense.key, name) for expense in expenses)
    return invoices, by_entry, by_expense


def _extras(ledger: Ledger) -> dict[str, list[Line]]:
    """Agreed changes of time-and-materials work, billed with the month in which they were approved."""
    found: dict[str, list[Line]] = defaultdict(list)
    for change in ledger.changes:
        if change.approved_at and not change.story:
            day = change.approved_at.date()
            line = Line("extra", ("change", change.key), f"Change request: {change.description}"[:90], None, None,
                        change.amount, first_of_month(day), month_end(day))  # fmt: skip
            found[month_key(change.project, day)].append(line)
    return found


def _monthly(
    ledger: Ledger, project: Project, key: str, month: date, run: datetime, entries: list[TimeEntry],
    expenses: list[Expense], extras: list[Line],
) -> Invoice:  # fmt: skip
    sums: dict[tuple[str, str, int], int] = defaultdict(int)
    people: dict[str, Person] = {}
    for entry in entries:
        sums[entry.person.key, entry.role, entry.rate] += entry.minutes
        people[entry.person.key] = entry.person
    last = month_end(month)
    lines = [
        Line("time", ("time", person, role), f"{role} - {people[person].name}", minutes, rate,
             minutes * rate // 60, month, last, "frame agreement" if project.story == "r02_discount" else "")
        for (person, role, rate), minutes in sorted(sums.items())
    ]  # fmt: skip
    lines += [
        Line("expense", ("expense", e.key), f"{e.category} {e.day:%d %b}", None, None, e.amount, e.day, e.day)
        for e in expenses
    ]
    lines += extras
    if entries and ledger.chance.hit(0.04, "discount", key):
        step = UNITS[project.currency] * (1000 if project.currency == "JPY" else 1)
        amount = sum(line.amount for line in lines) // 20 // step * step
        if amount:
            lines.append(Line("discount", ("contract", str(project.deal)), "Volume discount as agreed", None, None,
                              -amount, month, last))  # fmt: skip
    # Nobody posts it while what it says of the client is still to be checked.
    waits = project.story == "c03_tax_pending"
    posted = None if waits else moment(add_weekdays(run.date(), 1), 11, 30)
    return Invoice(key, project.key, f"PSA-{key}", tuple(lines), run, posted)


def _scheduled(ledger: Ledger, project: Project) -> tuple[list[Invoice], list[Charge]]:
    if project.contract_type == "milestone":
        pairs = [_of_milestone(ledger, project, milestone) for milestone in project.milestones]
        return [invoice for invoice, _ in pairs if invoice], [charge for _, charge in pairs]
    if project.contract_type == "fixed_fee":
        pairs = [_of_schedule(ledger, project, order) for order in range(3)]
        return [invoice for invoice, _ in pairs if invoice], [charge for _, charge in pairs]
    if project.contract_type == "retainer":
        return list(_retainer(ledger, project)), []
    return [], []


def _of_milestone(ledger: Ledger, project: Project, milestone: Milestone) -> tuple[Invoice | None, Charge]:
    accepted = milestone.billed_early or milestone.accepted
    ready = moment(add_weekdays(accepted, 1), 12, 0)
    at = moment(add_weekdays(accepted, 3), 9, 40)
    open_item = milestone.hold or milestone.ready_only
    happens = not open_item and at <= ledger.as_of
    key = f"I-{milestone.key}"
    charge = Charge(
        key=f"CH-{milestone.key}", project=project.key, milestone=milestone, amount=milestone.amount,
        day=milestone.baseline, text=milestone.title, created_at=project.opened_at + timedelta(hours=3),
        ready_at=None if milestone.hold else ready, invoice=key if happens else None,
        invoiced_at=at if happens else None,
    )  # fmt: skip
    if not happens:
        return None, charge
    line = Line("milestone", ("milestone", milestone.key), milestone.title, None, None, milestone.amount,
                accepted, accepted)  # fmt: skip
    posted = moment(add_weekdays(at.date(), 1 + ledger.chance.between(0, 2, "post", key)), 11, 15)
    return Invoice(key, project.key, f"PSA-{key}", (line,), at, posted), charge


def _of_schedule(ledger: Ledger, project: Project, order: int) -> tuple[Invoice | None, Charge]:
    share = (30, 40, 30)[order]
    amount = (
        project.price * share // 100
        if order < 2
        else project.price - project.price * 30 // 100 - project.price * 40 // 100 + project.schedule_error
    )
    day = to_weekday(project.start + (project.end - project.start) * (0.05, 0.5, 0.98)[order])
    at = moment(day, 9, 50)
    key, text = f"I-{project.key}#F{order}", f"Instalment {order + 1} of 3"
    happens = at <= ledger.as_of
    charge = Charge(
        key=f"CH-{project.key}#F{order}", project=project.key, milestone=None, amount=amount, day=day, text=text,
        created_at=project.opened_at + timedelta(hours=3), ready_at=moment(add_weekdays(day, -2), 9),
        invoice=key if happens else None, invoiced_at=at if happens else None,
    )  # fmt: skip
    if not happens:
        return None, charge
    line = Line("fixed_fee", ("charge", charge.key), text, None, None, amount, project.start, project.end)
    posted = moment(add_weekdays(day, 1 + ledger.chance.between(0, 2, "post", key)), 11, 45)
    return Invoice(key, project.key, None, (line,), at, posted), charge


def _of_change(ledger: Ledger, change: ChangeRequest) -> tuple[Invoice | None, Charge | None]:
    """The schedule line that a change of a fixed price adds, billed at the end of the project."""
    made = change.carried_at
    if made is None or made > ledger.as_of or not change.scheduled or not change.moves("schedule", made):
        return None, None
    project = ledger.projects[change.project]
    day = max(to_weekday(project.end), add_weekdays(made.date(), 3))
    at, key = moment(day, 9, 55), f"I-{change.key}"
    happens = at <= ledger.as_of
    charge = Charge(
        key=f"CH-{change.key}", project=project.key, milestone=None, amount=change.amount, day=day,
        text=f"Change request: {change.description}"[:90], created_at=made,
        ready_at=moment(add_weekdays(day, -2), 9), invoice=key if happens else None,
        invoiced_at=at if happens else None, change=change.key,
    )  # fmt: skip
    if not happens:
        return None, charge
    line = Line("extra", ("change", change.key), charge.text, None, None, change.amount, project.start, day)
    posted = moment(add_weekdays(day, 1 + ledger.chance.between(0, 2, "post", key)), 11, 45)
    return Invoice(key, project.key, None, (line,), at, posted), charge


def _retainer(ledger: Ledger, project: Project) -> Iterator[Invoice]:
    months = list(months_between(project.start, project.end))
    fee = project.price // len(months) // 1000 * 1000
    for month in months:
        day = max(to_weekday(month), project.start)
        at = moment(day, 9, 20)
        if at > ledger.as_of:
            continue
        line = Line("retainer", ("contract", str(project.deal)), f"Retainer {month:%B %Y}, in advance", None, None, fee,
                    month, month_end(month))  # fmt: skip
        yield Invoice(f"I-{project.key}#{month:%y%m}", project.key, None, (line,), at,
                      moment(add_weekdays(day, 1), 11, 50))  # fmt: skip
