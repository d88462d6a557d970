"""Small projects that carry one planted disagreement over a contract's value or a change, or look as if they did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sandbox.firm.days import add_weekdays, moment, to_weekday
from sandbox.firm.group import UNITS
from sandbox.firm.people import Person
from sandbox.firm.projects import LEGS, ChangeRequest, Milestone, Project
from sandbox.firm.rates import CURRENCY_FACTOR
from sandbox.firm.staffing import Book, assign, build_project
from sandbox.firm.timesheets import TimeEntry, entry_rate, submission_of

_HOURLY, _FIXED, _STAGED = "time_and_materials", "fixed_fee", "milestone"
_ALL = frozenset(LEGS)
#: Working days from the planting back to the approval of a planted change; one in its grace was approved yesterday.
_APPROVED_BEFORE = 15


@dataclass(frozen=True)
class _Case:
    """What is planted: errors of the copies as shares of the price, and changes with the legs nobody carried."""

    story: str
    contract_type: str
    planted: bool = True  # False: looks wrong and is right
    psa: float = 0.0
    schedule: float = 0.0
    changes: tuple[int, ...] = ()  # percent of the price
    lacks: frozenset[str] = frozenset()
    halved: frozenset[str] = frozenset()
    extends: int = 0
    approved: bool = True
    approved_before: int = _APPROVED_BEFORE
    takes: int = 1


_CASES = (
    _Case("c05_budget", _FIXED, psa=0.1),
    _Case("c05_schedule", _FIXED, schedule=-0.05),
    _Case("c05_apart", _STAGED, psa=-0.08),
    _Case("c05_frame", _HOURLY, psa=0.2),
    _Case("c05_below", _HOURLY, planted=False, psa=-0.3),
    _Case("c05_discount", _FIXED, planted=False),
    _Case("c05_parts", _FIXED, planted=False),
    _Case("c06_none", _FIXED, changes=(10,), lacks=_ALL),
    _Case("c06_budget", _STAGED, changes=(10,), lacks=frozenset({"budget"})),
    _Case("c06_schedule", _FIXED, changes=(10,), lacks=frozenset({"schedule"})),
    _Case("c06_crm", _HOURLY, changes=(10,), lacks=frozenset({"crm"})),
    _Case("c06_order", _FIXED, changes=(10,), lacks=frozenset({"order"})),
    _Case("c06_plan", _HOURLY, changes=(10,), lacks=frozenset({"plan"}), extends=21),
    _Case("c06_half", _FIXED, changes=(10,), halved=frozenset({"budget"})),
    _Case("c06_cancel", _STAGED, changes=(10, -10), lacks=_ALL),
    _Case("c06_early", _HOURLY, changes=(10,)),
    _Case("c06_unapproved", _FIXED, changes=(10,), approved=False),
    _Case("c06_grace", _FIXED, planted=False, changes=(10,), approved_before=1, takes=2),
    _Case("c06_settled", _HOURLY, planted=False, changes=(10, -10), extends=14),
)
CASES: Mapping[str, _Case] = {case.story: case for case in _CASES}
#: Stories whose contract value disagrees with a copy, and those whose change is not carried through.
C05_STORIES = ("c05_budget", "c05_schedule", "c05_apart", "c05_frame", "c06_none", "c06_budget", "c06_schedule",
               "c06_half")  # fmt: skip
C06_STORIES = tuple(c.story for c in _CASES if c.planted and c.lacks | c.halved)
EARLY_STORIES = ("c06_early", "c06_unapproved")


def contract_projects(book: Book) -> list[Project]:
    """The projects of all cases, each copy with a customer and a lead of its own."""
    return [
        project
        for case in _CASES
        for copy in range(book.spec.each if case.planted else 2)
        for project in _projects(book, case, copy)
    ]


def _projects(book: Book, case: _Case, copy: int) -> Iterator[Project]:
    key = f"X{case.story.replace('_', '')}{copy}"
    first = _project(book, case, key, copy)
    yield first
    if case.story == "c05_parts":
        second = _project(book, case, f"{key}b", copy)
        yield replace(
            second, account=first.account, price=first.price // 2, deal=first.deal, first_part_of=key
        )


def _project(book: Book, case: _Case, key: str, copy: int) -> Project:
    start = to_weekday(book.spec.planted_on - timedelta(days=70 + 2 * (copy % 10)))
    end = to_weekday(book.spec.planted_on + timedelta(days=100))
    lead = book.chance.order(_steady(book, start), "contract case", key)[0]
    plain = [c.accounts[0] for c in book.customers if len(c.accounts) == 1 and c.entity == lead.entity]
    account = book.chance.pick(plain, "account", key)
    team = (replace(assign(key, lead, start, end, 0.4, 5), works=False),)
    practice = lead.team_on(start).practice
    project = build_project(
        book, key, account, practice, lead, case.contract_type, start, end, team, story=case.story, milestones=(),
    )  # fmt: skip
    thousands = round((40 + book.chance.between(0, 80, "price", key)) * CURRENCY_FACTOR[account.currency])
    price = thousands * 1000 * UNITS[account.currency]
    staged = _milestones(project, price) if case.contract_type == _STAGED else ()
    return replace(
        project, price=price, milestones=staged, psa_error=round(price * case.psa),
        schedule_error=round(price * case.schedule),
    )  # fmt: skip


def _steady(book: Book, start: date) -> list[Person]:
    return [
        p for p in book.people
        if p.role not in ("Partner", "Principal") and not p.story and not p.contractor and p.termination is None
        and p.employed_on(start - timedelta(days=20)) and sum(p.pattern) >= 40
    ]  # fmt: skip


def _milestones(project: Project, price: int) -> tuple[Milestone, ...]:
    titles = ("Concept accepted", "Build accepted", "Go-live accepted")
    part = price // 3
    amounts = (part, part, price - 2 * part)
    # uneven by one main unit, so that no line is told from another by its amount alone
    shift = UNITS[project.currency]
    amounts = (amounts[0] - shift, amounts[1], amounts[2] + shift)
    if project.story == "c05_apart":  # a fourth amount was agreed and never planned for billing
        amounts = (amounts[0], amounts[1], amounts[2] - price // 20)
    days = [to_weekday(project.start + timedelta(days=back)) for back in (25, 110, 150)]
    return tuple(
        Milestone(key=f"{project.key}#{n}", project=project.key, order=n, title=titles[n], baseline=day, due=day,
                  accepted=day, amount=amount)
        for n, (day, amount) in enumerate(zip(days, amounts, strict=True))
    )  # fmt: skip


def case_changes(book: Book, project: Project, as_of: datetime) -> Iterator[ChangeRequest]:
    """The changes of a case, as they are known at that moment."""
    case = CASES[project.story]
    for number, percent in enumerate(case.changes):
        day = add_weekdays(book.spec.planted_on, 4 * number - case.approved_before)
        approved = moment(day, 14, 30) if case.approved else None
        amount = project.price * percent // 100
        sign = "Additional" if amount > 0 else "Reduced"
        yield ChangeRequest(
            key=f"CR-{project.key}-{number}", deal=str(project.deal), project=project.key, amount=amount,
            currency=project.currency, created_at=moment(add_weekdays(day, -5), 11, 10),
            approved_at=approved if approved and approved <= as_of else None,
            description=f"{sign} scope agreed with the client for {project.name}", number=number,
            scheduled=case.contract_type != _HOURLY, extends=case.extends if number == 0 else 0,
            takes=case.takes, lacks=case.lacks, halved=case.halved, story=project.story,
        )  # fmt: skip


def early_entries(projects: Mapping[str, Project], planted_on: date) -> list[TimeEntry]:
    """Hours on the task of a change that nobody had approved on that day, billed by the hour or not."""
    return [
        _early(project, add_weekdays(planted_on, -45 + number))
        for project in projects.values()
        if project.story in EARLY_STORIES
        for number in range(2)
    ]


def _early(project: Project, day: date) -> TimeEntry:
    person = project.team[0].person
    created = moment(day, 17, 25)
    week, submitted = submission_of(day, created)
    return TimeEntry(
        key=f"{day:%y%m%d}{person.key}-{project.story}-{project.key}", project=project.key, task=CHANGE_TASK,
        person=person, role=person.role, day=day, minutes=60, billable=True,
        rate=entry_rate(project, person.role, day), week=week, created_at=created, submitted_at=submitted,
        approved_at=created + timedelta(days=4, hours=16), story=project.story,
    )  # fmt: skip


CHANGE_TASK = 5  # place of the first change's task among a project's stories
