"""Published reports as the copy holds them: which there are, their columns, and how a value of each reads.

The rules are those of the models' names: `_rc` is money in reporting currency, `_tc` in the row's own, `is_` a
yes or no, `month` the first day of a month.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from console import format
from console.context import FILTERS, Scope
from console.published import Published, Row

RATIO = re.compile(
    r"^util_|utilization|_ratio$|_share$|_percent$|_pct$|^target$|realization|attainment|^margin$"
)
# Pay is nobody's business on a page of figures, and what one hour of one person costs tells it.
CONFIDENTIAL = re.compile(r"cost_rate|salary|compensation|^pay_|_pay$|_pay_|loaded_cost")
COST = re.compile(r"cost|margin")
PERSON = "resource_id"
NEWEST_FIRST = ("month", "period", "work_date", "as_of_date", "occurred_on", "invoice_date")
TECHNICAL = frozenset({"trend_json"})
CODE = re.compile(r"[a-z]+(_[a-z]+)+")
LABELS = {"practice_id": "Practice", "business_unit_id": "Business unit", "legal_entity_id": "Company"}
Names = Mapping[str, Mapping[str, str]]
"""What ids are called, by column."""


@dataclass(frozen=True)
class Column:
    """One column of a report."""

    name: str
    type: str

    @property
    def label(self) -> str:
        """Its heading."""
        if self.name in LABELS:
            return LABELS[self.name]
        stem = re.sub(r"^is_|_name$", "", self.name)
        return format.words(re.sub(r"_rc$", "", stem)) + (
            ", reporting currency" if stem.endswith("_rc") else ""
        )

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self.type.startswith(("DECIMAL", "BIGINT", "INTEGER", "DOUBLE", "HUGEINT", "SMALLINT"))

    def text(self, row: Row, currency: str, names: Names) -> str:
        """The row's value for people; a dash where nothing is known."""
        value = row[self.name]
        if value is None:
            return format.DASH
        if self.name in names:
            return names[self.name].get(value, value)
        if self.type.startswith("DECIMAL"):
            return self._decimal(value, row, currency)
        if self.is_number:
            return format.whole(value)
        if self.type == "BOOLEAN":
            return "yes" if value else "no"
        if self.type == "DATE":
            return (
                format.month(value)
                if self.name == "month" or self.name.endswith("_month")
                else format.day(value)
            )
        if self.type.startswith("TIMESTAMP"):
            return format.moment(value)
        return format.words(value) if CODE.fullmatch(str(value)) else str(value)

    def _decimal(self, value: Decimal, row: Row, currency: str) -> str:
        if RATIO.search(self.name):
            return format.percent(value)
        if self.name.endswith("_rc"):
            return format.money(value, currency)
        if row.get("currency") and (self.name.endswith("_tc") or "amount" in self.name):
            return format.money(value, row["currency"])
        return format.hours(value)


@dataclass(frozen=True)
class Report:
    """One published leadership model."""

    id: str
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        """Its name for people."""
        return format.words(self.id.removeprefix("rpt_"))

    @property
    def table(self) -> str:
        """Its relation; the name comes from the catalogue of the copy."""
        return f'leadership."{self.id}"'

    def has(self, name: str) -> bool:
        """Whether it has a column of that name."""
        return any(column.name == name for column in self.columns)

    def is_open_to(self, scope: Scope) -> bool:
        """What has no business unit is the whole firm's: only people who see every unit see it."""
        return scope.sees_all or self.has("business_unit_id")

    def where(self, scope: Scope) -> tuple[str, list[str]]:
        """Its rows in scope; a filter it does not know does not narrow it."""
        return scope.where(*(name for name in FILTERS if self.has(name)))

    @property
    def order(self) -> str:
        """Newest first, then by the columns as they come, so that pages neither repeat nor miss a row."""
        newest = [f'"{name}" desc' for name in NEWEST_FIRST if self.has(name)]
        rest = [f'"{column.name}"' for column in self.columns if column.name not in NEWEST_FIRST]
        return ", ".join(newest + rest)


def reports(copy: Published) -> list[Report]:
    """Every report of the copy, by name."""
    return [Report(name, tuple(columns)) for name, columns in sorted(_catalogue(copy).items())]


def report_named(copy: Published, name: str) -> Report | None:
    """The report of that id, or None."""
    return next((report for report in reports(copy) if report.id == name), None)


def columns_of(report: Report) -> tuple[list[Column], list[Column]]:
    """The columns a page shows, and those that are withheld. An id whose name stands beside it is not shown."""
    withheld = [column for column in report.columns if _is_withheld(report, column)]
    shown = [
        column
        for column in report.columns
        if column not in withheld and column.name not in TECHNICAL and not _is_named_beside(report, column)
    ]
    return shown, withheld


def _is_withheld(report: Report, column: Column) -> bool:
    per_person = report.has(PERSON) and COST.search(column.name)
    return bool(CONFIDENTIAL.search(column.name) or per_person)


def _is_named_beside(report: Report, column: Column) -> bool:
    stem = column.name.removesuffix("_id")
    return stem != column.name and (
        report.has(f"{stem}_name") or (stem == PERSON[:-3] and report.has("full_name"))
    )


def _catalogue(copy: Published) -> dict[str, list[Column]]:
    rows: list[dict[str, Any]] = copy.rows(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'leadership' order by table_name, ordinal_position"
    )
    found: dict[str, list[Column]] = {}
    for row in rows:
        found.setdefault(row["table_name"], []).append(Column(row["column_name"], row["data_type"]))
    return found
