"""Rate cards as Kantata keeps them: sets, versions of sets, cards per currency, versions of cards, role rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sandbox.firm.days import moment
from sandbox.firm.group import CURRENCY_IDS, ROLES, UNITS
from sandbox.firm.ids import Ids
from sandbox.firm.projects import Project
from sandbox.firm.rates import SET_FACTOR, SpecialCard, rate_on
from sandbox.firm.world import World

Row = dict[str, Any]
_FIRST_YEAR = 2024
_PUBLISHED_AHEAD = timedelta(days=20)


def rate_cards(world: World, ids: Ids) -> dict[str, list[Row]]:
    """Rows of the five rate-card collections."""
    tables: dict[str, list[Row]] = {
        name: []
        for name in (
            "rate_card_sets",
            "rate_card_set_versions",
            "rate_cards",
            "rate_card_versions",
            "rate_card_roles",
        )
    }
    for number, name in enumerate(SET_FACTOR, start=1):
        title = "Standard rates" if name == "standard" else "Preferred client rates"
        tables["rate_card_sets"].append(
            {"id": str(number), "title": title, "account_default": name == "standard"}
        )
        for currency in CURRENCY_IDS:
            tables["rate_cards"].append(_card(number, currency))
        for order, (day, active) in enumerate(_versions(world)):
            version = _version(tables, number, order, day, active)
            for currency in CURRENCY_IDS:
                rates = {role: rate_on(name, currency, role, day) for role in ROLES}
                _rows(tables, ids, version, number, order, currency, rates)
    for number, special in enumerate(world.cards, start=10):
        _special(tables, ids, number, special)
    return tables


def _versions(world: World) -> list[tuple[date, bool]]:
    """Yearly versions, published three weeks ahead, and a draft that was never published."""
    first = min(_FIRST_YEAR, world.spec.start.year)
    days = [(date(year, 1, 1), True) for year in range(first, world.as_of.year + 2)]
    known = [pair for pair in days if moment(pair[0] - _PUBLISHED_AHEAD, 9) <= world.as_of]
    draft = (date(world.spec.planted_on.year, 4, 1), False)
    return sorted([*known, draft])


def card_of(world: World, project: Project) -> str:
    """The rate card a workspace points at."""
    if project.card.startswith("special:"):
        number = next(n for n, card in enumerate(world.cards, start=10) if card.key == project.card)
        return _card_id(number, world.cards[number - 10].currency)
    return _card_id(list(SET_FACTOR).index(project.card) + 1, project.currency)


def _card_id(number: int, currency: str) -> str:
    return str(number * 10 + int(CURRENCY_IDS[currency]))


def _card(number: int, currency: str) -> Row:
    return {"id": _card_id(number, currency), "rate_card_set_id": str(number), "currency": currency}


def _version(tables: dict[str, list[Row]], number: int, order: int, day: date, active: bool) -> str:
    version = str(number * 40 + order)
    tables["rate_card_set_versions"].append(
        {"id": version, "rate_card_set_id": str(number), "effective_date": day.isoformat(), "active": active}
    )
    return version


def _rows(
    tables: dict[str, list[Row]],
    ids: Ids,
    version: str,
    number: int,
    order: int,
    currency: str,
    rates: dict[str, int],
) -> None:
    own = int(_card_id(number, currency)) * 40 + order
    tables["rate_card_versions"].append(
        {
            "id": str(own), "rate_card_id": _card_id(number, currency), "rate_card_set_version_id": version,
            "default_rate": None,
        }
    )  # fmt: skip
    for role, minor in rates.items():
        tables["rate_card_roles"].append(
            {
                "id": str(own * 10 + ROLES.index(role)), "rate_card_version_id": str(own), "role_id": ids.role(role),
                "rate": f"{minor // UNITS[currency]}.00",
            }
        )  # fmt: skip


def _special(tables: dict[str, list[Row]], ids: Ids, number: int, card: SpecialCard) -> None:
    """A card agreed for one project: one currency, one version, and its fault."""
    title = f"Agreed rates - {card.project}"
    tables["rate_card_sets"].append({"id": str(number), "title": title, "account_default": False})
    tables["rate_cards"].append(_card(number, card.currency))
    version = _version(tables, number, 0, card.starts, card.published)
    rates = {
        role: 0 if role == card.zero_role else rate_on("standard", card.currency, role, card.starts)
        for role in ROLES
        if role != card.missing_role
    }
    _rows(tables, ids, version, number, 0, card.currency, rates)
