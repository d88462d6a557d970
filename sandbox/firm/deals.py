"""Sales: the deal behind each project, the pipeline that leads nowhere, contracts and change requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from sandbox.firm.days import add_weekdays, moment, months_between, to_weekday
from sandbox.firm.group import KESTREL, PRACTICES, UNITS
from sandbox.firm.people import Person
from sandbox.firm.projects import Contract, Deal, Project
from sandbox.firm.rates import CURRENCY_FACTOR
from sandbox.firm.staffing import Book

_TYPES = ("time_and_materials", "fixed_fee", "milestone", "retainer")


def make_deals(book: Book, projects: list[Project], horizon: date) -> list[Deal]:
    """Every opportunity: of projects, without projects, and the open and lost pipeline."""
    deals = []
    for project in projects:
        if project.deal and project.first_part_of is None:
            deals.append(_of_project(book, project, projects))
        if project.story == "two_deals":
            deals.append(_second_deal(book, project))
    return [*deals, *_without_project(book), *_pipeline(book, horizon)]


def _owner(book: Book, key: str) -> Person:
    return book.chance.pick(book.sellers, "owner", key)


def _of_project(book: Book, project: Project, projects: list[Project]) -> Deal:
    chance, key = book.chance, project.key
    parts = [project, *[p for p in projects if p.first_part_of == key]]
    services = sum(part.price for part in parts)
    if project.story == "two_deals":
        services -= _extension(project)
    discounted = project.story == "c05_discount"
    step = 10_000 * UNITS[project.currency] // 100 * (100 if UNITS[project.currency] == 1 else 1)
    product = step * chance.between(1, 30, "product", key) if chance.hit(0.15, "with product", key) else 0
    closed = add_weekdays(project.opened_at.date(), -1)
    if project.story == "c01_grace":
        closed = add_weekdays(book.spec.planted_on, -1)
    if project.story == "c01_open_deal":
        closed = add_weekdays(book.spec.planted_on, 40)
    created = closed - timedelta(days=chance.between(45, 130, "cycle", key))
    return Deal(
        key=str(project.deal),
        name=project.name,
        customer=project.account.customer,
        amount=services + product,
        services=services,
        currency=project.signed_in or project.currency,
        entity=project.entity,
        practice=project.practice,
        unit=project.unit,
        contract_type=project.contract_type,
        kind=chance.pick(("New Business", "Existing Business", "Existing Business"), "kind", key),
        created_at=moment(created, 10, chance.between(0, 59, "m", key)),
        closed_at=moment(closed, 15, chance.between(0, 59, "c", key)),
        won=project.story != "c01_open_deal",
        owner=_owner(book, key),
        start=project.start,
        end=project.end,
        projects=tuple(part.key for part in parts),
        story=project.story,
        workspace_field=project.story != "" or chance.hit(0.85, "field", key),
        discount=services // 20 if discounted else 0,
        pass_through=services // 10 if discounted else 0,
        signed_with=project.signed_with,
    )


def _extension(project: Project) -> int:
    """What the second deal of a project adds; the project's price holds both."""
    return project.price // 5 // 100 * 100


def _second_deal(book: Book, project: Project) -> Deal:
    first = _of_project(book, project, [project])
    amount = _extension(project)
    return replace(
        first,
        key=f"D2-{project.key}",
        name=f"{project.name} - extension",
        amount=amount,
        services=amount,
        created_at=first.closed_at - timedelta(days=20),
        closed_at=moment(add_weekdays(first.closed_at.date(), 3), 15, 10),
        kind="Existing Business",
    )


def _without_project(book: Book) -> Iterator[Deal]:
    """Won deals with no project: forgotten ones (planted), renewals and product sales (nothing to deliver)."""
    for number in range(book.spec.each):
        yield _won(book, f"D-Xc01none{number}", "c01_none", "New Business", 6 + 4 * (number % 9))
    for number in range(2):
        yield _won(book, f"D-Xrenewal{number}", "renewal", "Renewal", 25 + number)
        yield replace(_won(book, f"D-Xproduct{number}", "product", "Product", 21 + number), services=0)


def _won(book: Book, key: str, story: str, kind: str, weekdays_ago: int) -> Deal:
    chance = book.chance
    customer = chance.pick([c for c in book.customers if len(c.accounts) == 1], "customer", key)
    practice = chance.pick(list(PRACTICES), "practice", key)
    closed = add_weekdays(book.spec.planted_on, -weekdays_ago)
    thousands = 40 + 5 * chance.between(0, 40, "worth", key)
    unit = UNITS[customer.currency]
    amount = round(thousands * CURRENCY_FACTOR[customer.currency]) * 1000 * unit
    engagement = chance.pick(PRACTICES[practice].engagements, "engagement", key)
    return Deal(
        key=key, name=f"{customer.name} {engagement}", customer=customer.key, amount=amount, services=amount,
        currency=customer.currency, entity=customer.entity, practice=practice,
        unit="data" if customer.crm == KESTREL else PRACTICES[practice].unit,
        contract_type=chance.pick(_TYPES, "type", key), kind=kind,
        created_at=moment(closed - timedelta(days=70), 10, 5), closed_at=moment(closed, 15, 30), won=True,
        owner=_owner(book, key), start=to_weekday(closed + timedelta(days=21)),
        end=to_weekday(closed + timedelta(days=140)), projects=(), story=story,
    )  # fmt: skip


def _pipeline(book: Book, horizon: date) -> Iterator[Deal]:
    """Deals that are lost in the end; a few are deleted as duplicates while still open."""
    chance = book.chance
    monthly = max(2, book.spec.people // 20)
    for month in months_between(book.spec.start - timedelta(days=90), horizon):
        for number in range(monthly):
            key = f"D-L{month:%y%m}-{number:03d}"
            base = _won(book, key, "", "New Business", 0)
            created = month + timedelta(days=chance.between(0, 27, "created", key))
            closed = to_weekday(created + timedelta(days=chance.between(40, 150, "closed", key)))
            gone = None
            if chance.hit(0.06, "deleted", key):
                gone = moment(created + timedelta(days=chance.between(3, 25, "gone", key)), 13, 20)
            yield replace(
                base, won=False, created_at=moment(created, 9, 40), closed_at=moment(closed, 16, 5),
                deleted_at=gone, start=to_weekday(closed + timedelta(days=20)),
                end=to_weekday(closed + timedelta(days=160)), contract_type=chance.pick(_TYPES, "t", key),
            )  # fmt: skip


def make_contracts(book: Book, deals: list[Deal], ceilings: dict[str, int]) -> list[Contract]:
    """One signed contract per won services deal. `ceilings` are agreed maxima already reached, by deal."""
    contracts = []
    for deal in deals:
        if not deal.won or deal.story in ("product", "renewal"):
            continue
        ceiling = ceilings.get(deal.key)
        hourly = deal.contract_type == "time_and_materials" and not deal.story
        if ceiling is None and hourly and book.chance.hit(0.3, "ceiling", deal.key):
            ceiling = deal.services * 4
        contracts.append(
            Contract(
                key=f"K-{deal.key}", deal=deal.key, customer=deal.customer,
                contract_type=str(deal.contract_type), currency=deal.currency,
                value=deal.services + deal.discount + deal.pass_through,
                entity=deal.signed_with or deal.entity, start=deal.start, end=deal.end, signed_at=deal.closed_at,
                not_to_exceed=ceiling, in_advance=deal.contract_type == "retainer" or deal.story == "b02_advance",
                order_number=f"PO-{book.chance.between(10000, 99999, 'po', deal.key)}",
                discount=deal.discount, pass_through=deal.pass_through,
                order_amount=deal.services if _order_names_amount(book, deal) else None,
            )
        )  # fmt: skip
    return contracts


def _order_names_amount(book: Book, deal: Deal) -> bool:
    """Many customers' orders name an amount, which a change then has to raise too."""
    if deal.story.startswith("c06_"):
        return deal.story not in ("c06_settled", "c06_plan")
    return book.chance.hit(0.6, "order amount", deal.key)
