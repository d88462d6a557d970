"""What a suite says about one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Severity = Literal["blocking", "warning"]
EVERY_TABLE = "*"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One expectation on one raw table.

    `frame` rows: the rows this run landed; figures: counts and ages, one row per table, object EVERY_TABLE.
    Below `minimum_rows` rows the guard says nothing, because shares of a handful of rows mean nothing.
    """

    object: str
    expectation: str  # class name in great_expectations.expectations
    arguments: dict[str, Any]
    severity: Severity = "blocking"
    frame: Literal["rows", "figures"] = "rows"
    minimum_rows: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be handed over for it."""
        found = [
            self.arguments[name] for name in ("column", "column_A", "column_B") if name in self.arguments
        ]
        return (*found, *self.arguments.get("column_list", ()))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the engine says about one guard."""

    expectation: str
    columns: tuple[str, ...]
    success: bool
    evaluated: bool
    severity: Severity
    observed: str
    failing_keys: list[str]


@dataclass(frozen=True, kw_only=True)
class ExpectationOutcome:
    """One expectation, evaluated. An expectation that could not run has failed, never passed."""

    instance: str
    system: str
    object: str
    suite: str
    expectation: str  # readable: class name and columns
    success: bool
    severity: Severity
    observed: str
    failing_keys: list[str]  # record ids, first 1000
    run_id: str
    evaluated_at: datetime
