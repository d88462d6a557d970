"""People at the clients and prospects, as the CRMs list them: each CRM its own, drawn apart from all else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.customers import Customer
from sandbox.firm.days import moment, stamp
from sandbox.firm.group import ENTITIES
from sandbox.firm.ids import PODS, Ids
from sandbox.firm.names import FIRST_NAMES, LAST_NAMES
from sandbox.firm.people import Person
from sandbox.firm.world import World
from sandbox.simulators.salesforce.ids import make_id

Row = dict[str, Any]
_MOST = 10  # contact numbers reserved for each account
_COUNTS = ((1, 3), (2, 4), (3, 2), (4, 1))
_HEADS = (
    "Chief Financial Officer",
    "Chief Operating Officer",
    "Managing Director",
    "Chief Information Officer",
)
_OTHERS = ("Head of Procurement", "Programme Director", "Accounts Payable Lead", "IT Director", "Project Sponsor",
           "Controller", "Procurement Manager")  # fmt: skip
_NAMES_OF = {entity.country: entity.id for entity in ENTITIES.values()}


@dataclass(frozen=True)
class _Place:
    """The account record at which people work."""

    key: str
    id: str
    number: int
    country: str
    website: str | None
    created_at: datetime


def contacts(world: World, ids: Ids, crm: str) -> list[Row]:
    """The `Contact` rows of one CRM; some are added while time passes, some are put in the recycle bin."""
    owners = [p for p in world.people if _may_own(world, p)]
    rows = (row for place in _places(world, ids, crm) for row in _people(world, ids, crm, place, owners))
    return [row for row in rows if row["CreatedDate"] <= stamp(world.as_of)]


def _may_own(world: World, person: Person) -> bool:
    """Sellers who are there from the first day to the end, so that no owner changes with the horizon."""
    seller = person.role in ("Partner", "Principal")
    return seller and person.hired < world.spec.start and person.termination is None


def _places(world: World, ids: Ids, crm: str) -> Iterator[_Place]:
    for customer in world.customers.values():
        if customer.crm == crm:
            yield _place_of(ids, customer)
    for account in world.crm_accounts:
        if account.crm == crm:
            yield _Place(
                account.key, ids.crm_account(account), account.number, account.country, account.website,
                account.created_at,
            )  # fmt: skip


def _place_of(ids: Ids, customer: Customer) -> _Place:
    return _Place(
        customer.key, ids.account(customer.number), 1000 + customer.number, customer.country, customer.website,
        customer.created_at,
    )  # fmt: skip


def _people(world: World, ids: Ids, crm: str, place: _Place, owners: list[Person]) -> Iterator[Row]:
    """The first is the head, to whom the others report; nobody deletes the head."""
    head = _id(crm, place, 0)
    for order in range(world.chance.weighted(_COUNTS, "contacts", place.key)):
        key = ("contact", place.key, order)
        made = _made(world, place, order)
        gone = _deleted_at(world, key, made) if order else None
        first = world.chance.pick(FIRST_NAMES[_NAMES_OF[place.country]], "first", *key)
        last = world.chance.pick(LAST_NAMES[_NAMES_OF[place.country]], "last", *key)
        changed = stamp(gone or made)
        yield {
            "Id": _id(crm, place, order),
            "AccountId": place.id,
            "FirstName": None if world.chance.hit(0.04, "no first name", *key) else first,
            "LastName": last,
            "Email": _email(world, place, key, first, last),
            "Title": world.chance.pick(_OTHERS if order else _HEADS, "title", *key),
            "ReportsToId": head if order else None,
            "OwnerId": ids.sf_user(world.chance.pick(owners, "owner", *key).number, crm),
            "CreatedDate": stamp(made),
            "LastModifiedDate": changed,
            "SystemModstamp": changed,
            "IsDeleted": gone is not None,
        }


def _id(crm: str, place: _Place, order: int) -> str:
    return make_id("Contact", place.number * _MOST + order, PODS[crm])


def _made(world: World, place: _Place, order: int) -> datetime:
    """The first two come with the account, whoever follows is met while the firm lives."""
    if order < 2:
        return place.created_at + timedelta(minutes=10 + order)
    began = moment(world.spec.start, 14, order)
    met = began + timedelta(days=world.chance.between(0, 1000, "contact met", place.key, order))
    return max(met, place.created_at + timedelta(minutes=10 + order))


def _deleted_at(world: World, key: tuple[object, ...], made: datetime) -> datetime | None:
    if not world.chance.hit(0.15, "leaves", *key):
        return None
    at = made + timedelta(days=world.chance.between(60, 1500, "left", *key))
    return at if at <= world.as_of else None


def _email(world: World, place: _Place, key: tuple[object, ...], first: str, last: str) -> str | None:
    """At the domain of the account; some are typed in capitals, some were never noted."""
    if place.website is None or world.chance.hit(0.08, "no mail", *key):
        return None
    domain = place.website.rpartition("//")[2].removeprefix("www.").partition("/")[0]
    address = f"{first}.{last}@{domain}".lower()
    return address.title() if world.chance.hit(0.1, "mail in capitals", *key) else address
