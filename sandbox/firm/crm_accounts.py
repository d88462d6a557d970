"""CRM accounts beside those of the clients: second records of a company, and companies that were never billed.

Two CRMs that grew apart hold some companies twice (C04). Each pair here is a duplicate by one key, or looks like one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.firm.customers import Customer
from sandbox.firm.days import moment
from sandbox.firm.group import KESTREL, SALESFORCE
from sandbox.firm.people import Person
from sandbox.firm.staffing import Book
from sandbox.firm.tax_ids import tax_number

_SITES = (
    ("US", "USD", "Boston", "02110"),
    ("GB", "GBP", "Leeds", "LS1 4AP"),
    ("DE", "EUR", "Hamburg", "20095"),
)
_STARTS = (
    "Quil", "Vesp", "Tarn", "Lum", "Orb", "Zan", "Mir", "Kor", "Fen", "Dal", "Yar", "Wex", "Pel", "Sov",
    "Jun",
)  # fmt: skip
_KINDS = (
    "tax", "renamed", "domain", "brand", "name", "family", "namesake", "mail group", "mail kestrel", "like",
    "tenant group", "tenant kestrel", "ring first", "ring second", "line",
)  # fmt: skip
_ENDS = ("lon", "tra", "mere", "dine", "oria", "ford", "wick", "sana")


@dataclass(frozen=True)
class CrmAccount:
    """One account record. `of` names the client it is a second record of; most are prospects of nobody yet."""

    key: str
    number: int
    crm: str
    name: str
    legal_name: str
    country: str
    currency: str
    city: str
    postal_code: str
    owner: Person
    created_at: datetime
    story: str
    tax_id: str | None = None
    website: str | None = None
    of: Customer | None = None
    parent: str | None = None  # key of the account above it in the same CRM

    @property
    def group(self) -> str:
        """Which accounts stand for one story: those of one kind and copy."""
        return self.key.partition("/")[0]


def crm_accounts(book: Book, drifted: set[str]) -> list[CrmAccount]:
    """All of them, in a stable order. Clients in `drifted` show a wrong tax number and get no second record."""
    listed = [*_seconds_of_clients(book, drifted)]
    kinds = (_same_tax_id, _same_domain, _same_name, _family)
    for kind in kinds:
        for number in range(book.spec.each):
            listed.extend(kind(book, number))
    listed.extend(_only_alike(book))
    listed.extend(_shared_domain(book))
    for number in range(rings(book)):
        listed.extend(_ring(book, number))
    listed.extend(_line(book))
    return [replace(account, number=5001 + number) for number, account in enumerate(listed)]


def _seconds_of_clients(book: Book, drifted: set[str]) -> Iterator[CrmAccount]:
    fit = [
        c for c in book.customers
        if c.crm == SALESFORCE and c.link == "reference" and len(c.accounts) == 1 and not c.credit_hold
        and c.key not in drifted
    ]  # fmt: skip
    for customer in book.chance.order(fit, "second record")[: book.spec.each]:
        yield CrmAccount(
            key=f"second-{customer.key}", number=0, crm=KESTREL, name=f"{customer.name} Group",
            legal_name=customer.legal_name, country=customer.country, currency=customer.currency,
            city=customer.city, postal_code=customer.postal_code, owner=_owner(book, customer.key),
            created_at=_made(book, customer.key), story="c04_erp_customer", tax_id=customer.tax_id,
            website=customer.website, of=customer,
        )  # fmt: skip


def rings(book: Book) -> int:
    """How many hierarchies meet themselves in CRM and in ERP; each is two findings, one for either company."""
    return max(1, book.spec.each // 2)


def _owner(book: Book, key: str) -> Person:
    return book.chance.pick(book.sellers, "crm owner", key)


def _made(book: Book, key: str) -> datetime:
    return moment(book.spec.start - timedelta(days=book.chance.between(40, 400, "crm made", key)), 10, 20)


def _word(kind: str, number: int) -> str:
    """A made-up first word that no other company has: one beginning for each kind."""
    turn = _ENDS[number // len(_ENDS)] if number >= len(_ENDS) else ""
    return _STARTS[_KINDS.index(kind)] + _ENDS[number % len(_ENDS)] + turn


def _side(crm: str) -> str:
    return crm.removeprefix("salesforce_")


def _prospect(book: Book, kind: str, number: int, crm: str, name: str, story: str) -> CrmAccount:
    country, currency, city, postal_code = _SITES[number % len(_SITES)]
    key = f"{kind}-{number}/{crm}-{name}"
    return CrmAccount(
        key=key, number=0, crm=crm, name=name, legal_name=name, country=country, currency=currency, city=city,
        postal_code=postal_code, owner=_owner(book, f"{kind}-{number}" if number % 2 else key),
        created_at=_made(book, key), story=story,
    )  # fmt: skip


def _tax(book: Book, kind: str, number: int) -> str:
    country = _SITES[number % len(_SITES)][0]
    return tax_number(country, book.chance.between(10**8, 10**9 - 1, "crm tax", kind, number))


def _same_tax_id(book: Book, number: int) -> Iterator[CrmAccount]:
    """Renamed in one of the CRMs; the tax number stayed."""
    tax = _tax(book, "tax", number)
    first, second = f"{_word('tax', number)} Freight", f"{_word('renamed', number)} Logistics"
    yield replace(_prospect(book, "tax", number, SALESFORCE, first, "c04_tax_id"), tax_id=tax)
    spaced = f"{tax[:3]} {tax[3:]}"
    yield replace(_prospect(book, "tax", number, KESTREL, second, "c04_tax_id"), tax_id=spaced)


def _same_domain(book: Book, number: int) -> Iterator[CrmAccount]:
    domain = f"{_word('domain', number).lower()}.example"
    first, second = f"{_word('domain', number)} Optics", f"{_word('brand', number)} Vision"
    yield replace(
        _prospect(book, "domain", number, SALESFORCE, first, "c04_domain"), website=f"https://www.{domain}"
    )
    yield replace(
        _prospect(book, "domain", number, KESTREL, second, "c04_domain"), website=f"http://{domain}/about"
    )


def _same_name(book: Book, number: int) -> Iterator[CrmAccount]:
    """Written with a slip in one of them, at the same postal code."""
    name = f"{_word('name', number)} Instruments"
    yield _prospect(book, "name", number, SALESFORCE, f"{name} Ltd", "c04_name")
    yield _prospect(book, "name", number, KESTREL, f"{name.replace('ments', 'mets')} Limited", "c04_name")


def _family(book: Book, number: int) -> Iterator[CrmAccount]:
    """A holding in both CRMs, whose subsidiary shares its domain and is no duplicate of it."""
    tax, name = _tax(book, "family", number), f"{_word('family', number)} Holding"
    site = f"https://{_word('family', number).lower()}-group.example"
    yield replace(_prospect(book, "family", number, SALESFORCE, name, "c04_family"), tax_id=tax, website=site)
    top = replace(_prospect(book, "family", number, KESTREL, name, "c04_family"), tax_id=tax, website=site)
    yield top
    daughter = _prospect(book, "family", number, KESTREL, f"{name} Services", "subsidiary")
    yield replace(daughter, website=site, parent=top.key)


def _only_alike(book: Book) -> Iterator[CrmAccount]:
    """Pairs that are no duplicates: other tax numbers, a free-mail domain, a likeness only a person may judge."""
    for number in range(2):
        for crm in (SALESFORCE, KESTREL):
            name = f"{_word('namesake', number)} Bakeries Ltd"
            other = replace(_prospect(book, "namesake", number, crm, name, "namesake"))
            yield replace(other, tax_id=_tax(book, f"namesake {crm}", number))
            mail = f"{_word(f'mail {_side(crm)}', number)} Studio"
            yield replace(
                _prospect(book, "mail", number, crm, mail, "free_mail"), website="https://www.gmx.de"
            )
            ending = "Industrial Systems" if crm == KESTREL else "Industries"
            like = _prospect(book, "like", number, crm, f"{_word('like', number)} {ending}", "suggestion")
            yield replace(like, postal_code=f"{like.postal_code[:-1]}{7 if crm == KESTREL else 8}")


def _shared_domain(book: Book) -> Iterator[CrmAccount]:
    """Six tenants of an office park under its domain: too many to be one company."""
    for park in range(2):
        for crm in (SALESFORCE, KESTREL):
            for number in range(3):
                name = f"{_word(f'tenant {_side(crm)}', 3 * park + number)} Partners"
                tenant = _prospect(book, "tenant", park, crm, name, "c04_chain")
                yield replace(tenant, website=f"https://officepark{park + 1}.example")


def _ring(book: Book, number: int) -> Iterator[CrmAccount]:
    """Two companies, each entered as the other's parent."""
    names = (f"{_word('ring first', number)} Foods", f"{_word('ring second', number)} Packaging")
    first, second = (_prospect(book, "ring", number, SALESFORCE, name, "c03_parent_crm") for name in names)
    yield replace(first, parent=second.key)
    yield replace(second, parent=first.key)


def _line(book: Book) -> Iterator[CrmAccount]:
    """A long hierarchy that does reach its top."""
    above: str | None = None
    for number in range(3):
        account = _prospect(book, "line", 0, SALESFORCE, f"{_word('line', number)} Estates", "family line")
        yield replace(account, parent=above)
        above = account.key
