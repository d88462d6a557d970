"""What a simulated firm is made from, and how many discrepancies are planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sandbox.firm.days import add_months

HORIZON = timedelta(days=150)


@dataclass(frozen=True)
class FirmSpec:
    """The inputs of a world; together with an as-of moment they determine every row.

    `planted_at` is the first as-of moment: history is counted back from it and discrepancies are planted
    relative to it, so that they stay put while time advances.
    """

    seed: int
    people: int
    months: int
    planted_at: datetime

    def __post_init__(self) -> None:
        if self.people < 40:
            raise ValueError(
                f"people: {self.people} is too small for the planted discrepancies; use 40 or more"
            )
        if self.months < 9:
            raise ValueError(f"months: {self.months} is too short; use 9 or more")
        if self.planted_at.tzinfo is None:
            raise ValueError("planted_at needs a time zone, for example 2026-06-30T18:00:00Z")

    @property
    def start(self) -> date:
        """First day of history."""
        return add_months(self.planted_at.astimezone(UTC).date().replace(day=1), 1 - self.months)

    @property
    def planted_on(self) -> date:
        """The day of `planted_at`."""
        return self.planted_at.astimezone(UTC).date()

    @property
    def each(self) -> int:
        """How many discrepancies of each sub-kind: two in a small firm, growing with its size."""
        return max(2, round(self.people / 50))

    def horizon(self, as_of: datetime) -> date:
        """How far ahead deals are simulated, because those of the near future are already in the pipeline."""
        return as_of.date() + HORIZON
