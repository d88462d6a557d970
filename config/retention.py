"""How long the ledger keeps what is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from config.base import Identifier, Strict

Years = Annotated[int, Field(ge=1, le=100)]


class Retention(Strict):
    """Whole years after which settled rows may be archived, by people in these roles.

    Ten years is the longest that tax law of common countries asks for books and their evidence.
    """

    corrections_years: Years = 10  # corrections with their audit trail
    events_years: Years = 10  # events told to subscribers, with their deliveries
    inbox_years: Years = 10  # messages of vendors that a read has answered
    roles: list[Identifier] = []  # none named: the roles without a limit


def years_before(moment: datetime, years: int) -> datetime:
    """The same moment that many calendar years ago; the last of February for a leap day."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, day=28)
