"""Customers and the ERP accounts they are billed through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.firm.chance import Chance
from sandbox.firm.days import moment
from sandbox.firm.group import ENTITIES, KESTREL, SALESFORCE
from sandbox.firm.names import CITIES, COMPANY_KINDS, COMPANY_WORDS, LEGAL_FORMS, STREETS
from sandbox.firm.spec import FirmSpec
from sandbox.firm.tax_ids import tax_number

TERMS = (30, 45, 60, 14)


@dataclass(frozen=True)
class Account:
    """One way to bill a customer: through a legal entity, in a currency. The ERP keeps a record per way."""

    customer: str
    entity: str
    currency: str

    @property
    def key(self) -> str:
        """Stable name of the ERP record."""
        return f"{self.customer}/{self.entity}/{self.currency}"


@dataclass(frozen=True)
class Customer:
    """A client company as it truly is. `link` says how its records can be matched across systems."""

    key: str
    number: int
    name: str
    short: str
    form: str
    industry: str
    entity: str
    country: str
    currency: str
    tax_id: str | None
    street: str
    city: str
    state: str
    postal_code: str
    terms: int
    website: str
    accounts: tuple[Account, ...]
    link: str  # 'reference', 'tax' or 'name'
    group_reference: str  # what the PSA group carries: 'both', 'salesforce' or 'netsuite'
    credit_hold: bool
    created_at: datetime
    story: str = ""

    @property
    def crm(self) -> str:
        """The CRM instance that holds it."""
        return crm_of(self.number)

    @property
    def legal_name(self) -> str:
        """Name with its legal form, as the ERP has it."""
        return f"{self.name} {self.form}"

    @property
    def is_plain(self) -> bool:
        """One ERP record, and every system says by reference which: nothing about its identity is in question."""
        return self.link == "reference" and len(self.accounts) == 1


def crm_of(number: int) -> str:
    """A sixth of the clients came with Kestrel Data, which keeps a CRM of its own."""
    return KESTREL if number % 6 == 5 else SALESFORCE


def make_customers(spec: FirmSpec, chance: Chance) -> list[Customer]:
    """The client base; a tenth of it has two ERP accounts on purpose."""
    count = max(26, round(spec.people * 0.32))
    return [_customer(spec, chance, number) for number in range(count)]


def _entity(chance: Chance, number: int) -> str:
    if number < 12:
        return list(ENTITIES)[number % 4]
    return chance.weighted([(e.id, e.weight) for e in ENTITIES.values()], "customer entity", number)


def _name(chance: Chance, entity: str, number: int) -> tuple[str, str]:
    """Distinct names: the word and kind run through all pairs before a third word is added."""
    words = COMPANY_WORDS[entity]
    place = number * 7 + chance.between(0, 3, "name turn", entity)
    kind, industry = COMPANY_KINDS[place % len(COMPANY_KINDS)]
    word = words[number % len(words)]
    extra = number // (len(words) * 2)
    middle = f" {words[(number + extra) % len(words)]}" if extra else ""
    return f"{word}{middle} {kind}", industry


def _tax_id(chance: Chance, entity: str, number: int) -> str:
    digits = chance.between(10**12, 10**13 - 1, "tax", number)
    return tax_number(ENTITIES[entity].country, digits, newer=number % 2 == 1)


def _accounts(chance: Chance, key: str, number: int, entity: str) -> tuple[Account, ...]:
    home = Account(key, entity, ENTITIES[entity].currency)
    if number not in (1, 2, 4) and not (number > 12 and chance.hit(0.08, "second account", number)):
        return (home,)
    others = [other for other in ENTITIES.values() if other.id != entity and other.currency != "JPY"]
    other = others[0] if number in (1, 2, 4) else chance.pick(others, "second entity", number)
    if number % 2:  # another entity bills in its own currency
        return (home, Account(key, other.id, other.currency))
    return (home, Account(key, other.id, home.currency))  # another entity bills in the customer's currency


def _customer(spec: FirmSpec, chance: Chance, number: int) -> Customer:
    entity = _entity(chance, number)
    key = f"C{number:04d}"
    accounts = _accounts(chance, key, number, entity)
    name, industry = _name(chance, entity, sum(_entity(chance, n) == entity for n in range(number)))
    city, state, postal_code = chance.pick(CITIES[entity], "city", number)
    short = name.lower().replace(" & ", "-").replace(" ", "-")
    link, group_reference = _link(number, len(accounts))
    house = chance.between(1, 240, "house", number)
    return Customer(
        key=key,
        number=number,
        name=name,
        short=short,
        form=chance.pick(LEGAL_FORMS[entity], "form", number),
        industry=industry,
        entity=entity,
        country=ENTITIES[entity].country,
        currency=ENTITIES[entity].currency,
        tax_id=None if link == "name" else _tax_id(chance, entity, number),
        street=f"{house} {chance.pick(STREETS[entity], 'street', number)}",
        city=city,
        state=state,
        postal_code=postal_code,
        terms=chance.weighted([(30, 6), (45, 2), (60, 1.5), (14, 0.5)], "terms", number),
        website=f"https://www.{short}.example",
        accounts=accounts,
        link=link,
        group_reference=group_reference,
        credit_hold=len(accounts) == 1 and number % 11 == 5,
        created_at=moment(spec.start - timedelta(days=chance.between(200, 1500, "created", number)), 9, 15),
    )


def _link(number: int, accounts: int) -> tuple[str, str]:
    if accounts > 1:
        return "reference", "both"
    if number % 9 == 7:
        return "tax", "salesforce"
    if number % 13 == 8:
        return "name", "salesforce"
    return "reference", ("both", "salesforce", "netsuite")[number % 3]
