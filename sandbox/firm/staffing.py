"""Who works on what: week by week, people who come free are put together into new projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from sandbox.firm.chance import Chance
from sandbox.firm.customers import Account, Customer
from sandbox.firm.days import add_weekdays, moment, monday_of
from sandbox.firm.group import CONTRACT_TYPES, KESTREL, PRACTICES
from sandbox.firm.people import NOTICE, Person
from sandbox.firm.projects import Assignment, Milestone, Project
from sandbox.firm.rates import rate_on
from sandbox.firm.spec import FirmSpec

_TYPES = tuple(zip(CONTRACT_TYPES, (0.5, 0.15, 0.2, 0.15), strict=True))
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Book:
    """What staffing needs to know of the firm."""

    spec: FirmSpec
    chance: Chance
    people: list[Person]
    customers: list[Customer]

    @cached_property
    def sellers(self) -> list[Person]:
        """Partners and principals who own deals: there from the first day to the end."""
        sellers = (p for p in self.people if p.role in ("Partner", "Principal"))
        return [p for p in sellers if p.hired < self.spec.start and p.termination is None]

    def accounts(self, entity: str) -> list[Account]:
        """Everything billed through that entity."""
        return [a for c in self.customers for a in c.accounts if a.entity == entity]


def staff_projects(book: Book, horizon: date) -> list[Project]:
    """All projects that start before the horizon, in order of their start."""
    seen: set[str] = set()
    free: dict[str, date] = {}
    staff = [p for p in book.people if p.role != "Partner"]
    projects: list[Project] = []
    week = monday_of(book.spec.start + timedelta(days=6))
    while week <= horizon:
        for practice in PRACTICES:
            ready = [p for p in staff if _is_ready(book, p, practice, week, free)]
            ready.sort(key=lambda p: (p.entity, p.key))
            for number, team in enumerate(_teams(book.chance, ready, practice, week, free, seen)):
                project = _project(book, practice, week, number, team)
                projects.append(project)
                for person in team:
                    gap = book.chance.between(0, 18, "bench", person.key, project.key)
                    free[person.key] = project.end + timedelta(days=gap)
                    seen.add(person.key)
        week += _WEEK
    return projects


def _is_ready(book: Book, person: Person, practice: str, week: date, free: dict[str, date]) -> bool:
    if free.get(person.key, date.min) > week or person.team_on(week).practice != practice:
        return False
    start, end = person.span_at(week)
    if start > week or (end is not None and end < week + timedelta(days=21)):
        return False
    if person.key not in free:  # the first weeks of history do not all start on one Monday
        first = max(book.spec.start, start) + timedelta(days=book.chance.between(0, 20, "first", person.key))
        return week >= monday_of(first)
    return True


def _teams(
    chance: Chance, ready: list[Person], practice: str, week: date, free: dict[str, date], seen: set[str]
) -> list[list[Person]]:
    teams, place = [], 0
    while place < len(ready):
        size = chance.between(2, 5, "size", practice, week, place)
        team = ready[place : place + size]
        place += size
        waited = any(p.key in seen and (week - free[p.key]).days > 13 for p in team)
        if len(team) > 1 or waited or team[0].key not in seen:
            teams.append(team)
    return teams


def _account(book: Book, lead: Person, key: str) -> Account:
    entity = lead.entity
    if book.chance.hit(0.12, "foreign client", key):
        entity = book.chance.pick(sorted({a.entity for c in book.customers for a in c.accounts}), "for", key)
    return book.chance.pick(book.accounts(entity), "account", key)


def _project(book: Book, practice: str, week: date, number: int, team: list[Person]) -> Project:
    chance = book.chance
    key = f"{week:%y%m%d}-{PRACTICES[practice].kantata}-{number}"
    lead = min(team, key=lambda p: (_SENIORITY[p.role], p.key))
    account = _account(book, lead, key)
    contract_type = chance.weighted(_TYPES, "type", key)
    weeks = chance.between(8, 30, "weeks", key)
    if week <= monday_of(book.spec.start) + timedelta(days=28):
        weeks = chance.between(4, 30, "weeks", key)
    end = week + timedelta(days=7 * weeks - 3)
    shares = {p.key: chance.between(78, 97, "share", key, p.key) / 100 for p in team}
    assignments = tuple(assign(key, p, week, end, shares[p.key]) for p in team)
    card = "preferred" if chance.hit(0.2, "card", key) else "standard"
    return build_project(book, key, account, practice, lead, contract_type, week, end, assignments, card=card)


def steady_people(book: Book, key: str, start: date) -> list[Person]:
    """People who are there the whole time, in an order of their own for each key."""
    fit = [
        p for p in book.people
        if p.role not in ("Partner", "Principal") and not p.story and not p.contractor
        and p.employed_on(start - timedelta(days=20)) and p.termination is None and sum(p.pattern) >= 40
    ]  # fmt: skip
    return book.chance.order(fit, "steady", key)


def assign(
    project: str, person: Person, start: date, end: date, share: float, daily_minutes: int | None = None
) -> Assignment:
    """A booking that respects the person's last day, once that is announced."""
    last = person.span_at(start)[1]
    cut = last is not None and last < end
    announced = moment(last - NOTICE, 12) if last else None
    return Assignment(
        key=f"{project}/{person.key}",
        project=project,
        person=person,
        start=start,
        end=last if cut and last else end,
        planned_end=end,
        cut_at=announced if cut else None,
        share=share,
        daily_minutes=daily_minutes,
    )


def build_project(
    book: Book, key: str, account: Account, practice: str, lead: Person, contract_type: str,
    start: date, end: date, team: tuple[Assignment, ...], *, card: str = "standard", story: str = "",
    milestones: tuple[Milestone, ...] | None = None,
) -> Project:  # fmt: skip
    """A project with price, budget and milestones derived from its team."""
    chance = book.chance
    hours = sum(_hours(assignment) for assignment in team)
    worth = sum(_hours(a) * rate_on(card, account.currency, a.person.role, start) for a in team)
    step = 50_000  # minor units: 500 dollars, or 50,000 yen
    price = max(step, round(worth / step) * step)
    customer = next(c for c in book.customers if c.key == account.customer)
    closed = add_weekdays(start, -chance.between(5, 15, "closed", key))
    if milestones is None:
        milestones = _milestones(chance, key, start, end, price) if contract_type == "milestone" else ()
    return Project(
        key=key,
        number=0,
        name=f"{customer.name} {chance.pick(PRACTICES[practice].engagements, 'engagement', key)}",
        deal=f"D-{key}",
        account=account,
        practice=practice,
        unit="data" if customer.crm == KESTREL else lead.team_on(start).unit,
        contract_type=contract_type,
        start=start,
        end=end,
        opened_at=moment(add_weekdays(closed, 1), 8, chance.between(5, 55, "opened", key)),
        team=team,
        price=price,
        budget_hours=hours,
        milestones=milestones,
        card=card,
        lead=lead,
        story=story,
    )


def _hours(assignment: Assignment) -> int:
    days = max(1, (assignment.planned_end - assignment.start).days * 5 // 7)
    if assignment.daily_minutes is not None:
        return max(8, days * assignment.daily_minutes // 60)
    return max(8, round(days * sum(assignment.person.pattern) / 5 * assignment.share * 0.9))


def _milestones(chance: Chance, key: str, start: date, end: date, price: int) -> tuple[Milestone, ...]:
    count = chance.between(2, 4, "milestones", key)
    titles = ("Concept accepted", "Design accepted", "Build accepted", "Go-live accepted")[-count:]
    part = price // count // 100 * 100
    found = []
    for order, title in enumerate(titles):
        baseline = add_weekdays(start + (end - start) * (order + 1) / count, -1)
        slip = chance.weighted([(0, 6), (5, 2), (12, 1)], "slip", key, order)
        amount = price - part * (count - 1) if order == count - 1 else part
        accepted = add_weekdays(baseline, slip + chance.between(-2, 3, "accepted", key, order))
        found.append(
            Milestone(f"{key}#{order}", key, order, title, baseline, add_weekdays(baseline, slip), accepted, amount,
                      external_id=not chance.hit(0.15, "no external id", key, order))
        )  # fmt: skip
    return tuple(found)


_SENIORITY = {
    role: rank
    for rank, role in enumerate(
        ("Principal", "Senior Manager", "Manager", "Senior Consultant", "Consultant", "Analyst")
    )
}
