"""Small projects made to carry one planted discrepancy, or to look as if they did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sandbox.firm.customers import Account
from sandbox.firm.days import add_weekdays, moment, to_weekday
from sandbox.firm.projects import Assignment, Milestone, Project
from sandbox.firm.rates import SpecialCard
from sandbox.firm.staffing import Book, assign, build_project, steady_people

#: Hours billed at another rate than the card in force gives (R02), and those for which that was agreed.
WRONG_RATES = ("r02_short", "r02_excess", "r02_role", "r02_old")
AGREED_STORIES = ("r02_discount", "r02_override")
RATE_STORIES = (*WRONG_RATES, *AGREED_STORIES)
RATE_FAULTS = ("r01_date_gap", "r01_no_role", "r01_unpublished", "r01_zero_rate", "r01_other_currency")


@dataclass(frozen=True)
class _Case:
    """When and how one scenario project runs, in days relative to the planting day."""

    story: str
    contract_type: str
    starts: int
    ends: int
    people: int = 1
    daily: int = 150
    works: bool = True
    spread: int = 3  # later copies start that many days earlier


_CASES = (
    *(
        _Case(fault, "time_and_materials", -64, -30, 2 if fault in ("r01_no_role", "r01_zero_rate") else 1)
        for fault in RATE_FAULTS
    ),
    _Case("nte", "time_and_materials", -150, -85),
    *(_Case(story, "time_and_materials", -150, -85) for story in RATE_STORIES),
    _Case("hold", "time_and_materials", -150, -95),
    _Case("b01_hold", "milestone", -110, 60),
    _Case("b01_hold_unlinked", "milestone", -120, 60),
    _Case("b01_ready", "milestone", -115, 60),
    _Case("b01_grace", "milestone", -100, 60),
    _Case("b02_early", "milestone", -75, 90),
    _Case("b02_advance", "milestone", -85, 90),
    _Case("c01_archived", "time_and_materials", -40, 60, works=False),
    _Case("c01_no_deal", "fixed_fee", -45, 60, works=False),
    _Case("c01_open_deal", "fixed_fee", -35, 60, works=False),
    _Case("c01_grace", "time_and_materials", 9, 75, spread=0),
    _Case("two_deals", "milestone", -25, 150),
)
_LOOK_ALIKES = (
    *AGREED_STORIES,
    "b02_advance",
    "nte",
    "hold",
    "b01_ready",
    "b01_grace",
    "c01_grace",
    "two_deals",
)


def scenario_projects(book: Book) -> list[Project]:
    """All scenario projects of the firm."""
    projects: list[Project] = []
    for case in _CASES:
        copies = 2 if case.story in _LOOK_ALIKES else book.spec.each
        projects.extend(_build(book, case, copy) for copy in range(copies))
    return [*projects, *_splits(book)]


def _day(book: Book, offset: int) -> date:
    return to_weekday(book.spec.planted_on + timedelta(days=offset))


def _build(book: Book, case: _Case, copy: int) -> Project:
    key = f"X{case.story.replace('_', '')}{copy}"
    start = _day(book, case.starts - case.spread * (copy % 10))
    end = _day(book, case.ends - case.spread * (copy % 10))
    staff = steady_people(book, key, start)
    team = [staff[0], *[p for p in staff if p.role != staff[0].role][: case.people - 1]]
    account = book.chance.pick(_plain_accounts(book, staff[0].entity), "account", key)
    assignments = tuple(replace(assign(key, p, start, end, 0.4, case.daily), works=case.works) for p in team)
    milestones = _milestones(book, case, key, copy, account) if case.contract_type == "milestone" else None
    project = build_project(
        book, key, account, staff[0].team_on(start).practice, staff[0], case.contract_type, start, end,
        assignments, story=case.story, milestones=milestones,
    )  # fmt: skip
    return _adjust(book, case, project)


def _plain_accounts(book: Book, entity: str) -> list[Account]:
    """Accounts of customers with a single one, so that nothing else is special about them."""
    return [c.accounts[0] for c in book.customers if len(c.accounts) == 1 and c.entity == entity]


def _adjust(book: Book, case: _Case, project: Project) -> Project:
    planted = book.spec.planted_on
    if case.story in RATE_FAULTS:
        return replace(project, card=f"special:{project.key}")
    if project.milestones:  # the agreed price is what its milestones bill
        project = replace(project, price=sum(m.amount for m in project.milestones))
    if case.story == "hold":
        return replace(project, on_hold_from=_day(book, -90))
    if case.story == "c01_archived":
        return replace(project, archived_at=moment(_day(book, -15), 10, 30))
    if case.story == "c01_no_deal":
        return replace(project, deal=None)
    if case.story == "c01_grace":
        return replace(project, opened_at=moment(add_weekdays(planted, 1), 8, 20))
    return project


def _milestones(book: Book, case: _Case, key: str, copy: int, account: Account) -> tuple[Milestone, ...]:
    planted = book.spec.planted_on
    late = add_weekdays(planted, -(9 + 2 * (copy % 12)))
    days = [_day(book, -80), late, _day(book, 45)]
    if case.story == "b01_grace":
        days[1] = add_weekdays(planted, -1 - copy % 2)
    if case.story == "two_deals":
        days = [_day(book, 110), _day(book, 130), _day(book, 148)]
    early = add_weekdays(planted, -(12 + 2 * (copy % 5))) if case.story.startswith("b02_") else None
    if early:
        days[0] = _day(book, -40)
        days[1] = add_weekdays(planted, 30)
    base = 2_400_000 if account.currency != "JPY" else 3_200_000
    amount = base + 50_000 * book.chance.between(0, 20, "amount", key)
    return tuple(
        Milestone(
            key=f"{key}#{order}", project=key, order=order,
            title=("Concept accepted", "Build accepted", "Go-live accepted")[order],
            baseline=day, due=day, accepted=day, amount=amount,
            hold=order == 1 and case.story.startswith("b01_hold"),
            ready_only=order == 1 and case.story == "b01_ready",
            external_id=not (order == 1 and case.story == "b01_hold_unlinked"),
            billed_early=early if order == 1 else None,
        )
        for order, day in enumerate(days)
    )  # fmt: skip


def _splits(book: Book) -> Iterator[Project]:
    """Deals split over two legal entities that bill in one currency: two projects, one opportunity."""
    shared = [c for c in book.customers if len({a.currency for a in c.accounts}) < len(c.accounts)][:2]
    for number, customer in enumerate(shared):
        start, end = _day(book, -160 - 5 * number), _day(book, -50)
        keys = [f"Xsplit{number}{part}" for part in "ab"]
        for key, account in zip(keys, customer.accounts, strict=True):
            staff = steady_people(book, key, start)
            lead = next((p for p in staff if p.entity == account.entity), staff[0])
            team: tuple[Assignment, ...] = (assign(key, lead, start, end, 0.4, 120),)
            project = build_project(
                book, key, account, lead.team_on(start).practice, lead, "time_and_materials", start, end, team,
                story="split",
            )  # fmt: skip
            first = keys[0] if key != keys[0] else None
            yield replace(project, deal=f"D-{keys[0]}", first_part_of=first)


def special_cards(projects: list[Project]) -> list[SpecialCard]:
    """The rate cards agreed for scenario projects, each with its fault."""
    return [_card(p) for p in projects if p.card.startswith("special:")]


def _card(project: Project) -> SpecialCard:
    lead = project.team[0].person.role
    other = "EUR" if project.currency != "EUR" else "USD"
    return SpecialCard(
        key=project.card,
        project=project.name,
        currency=other if project.story == "r01_other_currency" else project.currency,
        missing_role=lead if project.story == "r01_no_role" else None,
        zero_role=lead if project.story == "r01_zero_rate" else None,
        published=project.story != "r01_unpublished",
        starts=project.end + timedelta(days=3)
        if project.story == "r01_date_gap"
        else project.start.replace(month=1, day=1),
    )
