"""Which journals the finance department keeps: their keys and when each is opened."""

from __future__ import annotations

from datetime import date, datetime

from sandbox.firm.days import add_months, moment, months_between
from sandbox.firm.group import ENTITIES
from sandbox.firm.intercompany import CrossCharge, cross_charges
from sandbox.firm.world import World


def recognition_key(entity: str, currency: str, month: date) -> str:
    """Journal of a company's contracts in one currency and month."""
    return f"RR-{entity}-{currency}-{month:%y%m}"


def valuation_key(entity: str, month: date, reverses: bool) -> str:
    """Valuation of receivables at a month's end, and its reversal on the next day."""
    return f"{'FXV' if reverses else 'FXR'}-{entity}-{month:%y%m}"


def provider_key(charge: CrossCharge) -> str:
    """Document of the company that lends."""
    return f"{charge.key}-P"


def receiver_key(charge: CrossCharge) -> str:
    """Document of the company that borrows."""
    return f"{charge.key}-R"


def books(world: World) -> list[tuple[str, str]]:
    """Pairs of company and contract currency; known from the first day."""
    return sorted({(a.entity, a.currency) for c in world.customers.values() for a in c.accounts})


def recognition_opened(month: date) -> datetime:
    """The nightly run opens a month's journal on its first day."""
    return moment(month, 6)


def valued_at(month: date) -> datetime:
    """When the receivables of a month's end are valued."""
    return moment(add_months(month, 1), 5)


def journals(world: World) -> list[tuple[datetime, str]]:
    """All journals opened by now."""
    found = []
    for month in months_between(world.spec.start, world.as_of.date()):
        for entity, currency in books(world):
            found.append((recognition_opened(month), recognition_key(entity, currency, month)))
        for entity in ENTITIES:
            found.append((valued_at(month), valuation_key(entity, month, False)))
            found.append((valued_at(month), valuation_key(entity, month, True)))
    for charge in cross_charges(world):
        found.append((charge.at, provider_key(charge)))
        if charge.fault != "x01_one_sided":
            found.append((charge.at, receiver_key(charge)))
    return [(at, key) for at, key in found if at <= world.as_of]
