"""Which guards each system has: those that follow from the declared tables, and the vendor's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ingestion.expectations.outcome import EVERY_TABLE, Guard, Severity
from ingestion.tables import Table

CURRENCY = "^[A-Z]{3}$"
SHARE_ROWS = 50  # a share of fewer rows is noise

# Canary of an extract -> the table whose living records it counts.
COUNTED: Mapping[str, str] = {"listed_people": "employee"}

# Tables that are never empty in a working instance: an empty one means a cut right or a broken read.
NEVER_EMPTY: Mapping[str, tuple[str, ...]] = {
    "salesforce": ("account", "opportunity", "opportunity_stage", "user"),
    "netsuite": ("subsidiary", "currency", "customer", "transaction", "accountingperiod"),
    "kantata": ("workspace", "time_entry", "user", "account_membership", "role"),
    "bamboohr": ("employee", "job_info", "employment_status"),
}


def _filled(object: str, column: str, share: float, severity: Severity = "blocking") -> Guard:
    return Guard(
        object=object,
        expectation="ExpectColumnValuesToNotBeNull",
        arguments={"column": column, "mostly": share},
        severity=severity,
        minimum_rows=SHARE_ROWS,
    )


def _between(
    object: str, column: str, low: float | None, high: float | None, severity: Severity = "warning"
) -> Guard:
    return Guard(
        object=object,
        expectation="ExpectColumnValuesToBeBetween",
        arguments={"column": column, "min_value": low, "max_value": high},
        severity=severity,
    )


def _like(object: str, column: str, pattern: str, severity: Severity = "warning") -> Guard:
    return Guard(
        object=object,
        expectation="ExpectColumnValuesToMatchRegex",
        arguments={"column": column, "regex": pattern},
        severity=severity,
    )


def _figure(column: str, low: float | None, high: float | None) -> Guard:
    return Guard(
        object=EVERY_TABLE,
        expectation="ExpectColumnValuesToBeBetween",
        arguments={"column": column, "min_value": low, "max_value": high},
        frame="figures",
    )


SPECIAL: Mapping[str, tuple[Guard, ...]] = {
    "salesforce": (
        _like("account", "id", "^[a-zA-Z0-9]{18}$", "blocking"),
        _like("contact", "id", "^[a-zA-Z0-9]{18}$", "blocking"),
        _filled("contact", "account_id", 0.5, "warning"),
        _between("opportunity", "probability", 0, 100),
        _filled("opportunity", "stage_name", 0.99),
        _filled("opportunity", "amount", 0.2),
        _like("opportunity", "currency_iso_code", CURRENCY),
    ),
    "netsuite": (
        _like("transaction", "id", "^[0-9]+$", "blocking"),
        _between("transaction", "exchangerate", 0.000001, None),
        _filled("transaction", "foreigntotal", 0.95),
        _filled("transactionline", "foreignamount", 0.5),
        _between("currencyrate", "exchangerate", 0.00000001, None, "blocking"),
    ),
    "kantata": (
        # money columns vanish without a word when the token's owner loses financial rights
        _filled("workspace", "price_in_cents", 0.05),
        _filled("time_entry", "rate_in_cents", 0.2),
        _filled("account_membership", "bill_rate_in_cents", 0.05),
        _between("time_entry", "time_in_minutes", 0, 1440),
        _like("time_entry", "currency", CURRENCY),
        _between("story", "percentage_complete", 0, 100),
    ),
    "bamboohr": (
        _filled("employee", "work_email", 0.8, "warning"),
        _filled("employee", "hire_date", 0.9),
        _filled("employee", "location", 0.9),
        _filled("employee", "department", 0.9),
        _between("employee", "standard_hours_per_week", 0, 60),
        *(_between("work_pattern", day, 0, 24) for day in ("monday", "wednesday", "friday")),
        _between("time_off_day", "amount", 0, 24),
    ),
}


def guards_for(system: str, tables: Mapping[str, Table], max_age_hours: int) -> list[Guard]:
    """All guards of a system; those on columns that an instance does not have are left out."""
    found = [
        _figure("rows_alive", 1, None),  # only figured for tables that are never empty
        _figure("duplicate_keys", 0, 0),
        _figure("hours_since_success", None, max_age_hours),
        _figure("listed_difference", None, 0.02),  # records the vendor lists against records we hold
    ]
    for table in tables.values():
        found += _declared(table)
    return found + [guard for guard in SPECIAL.get(system, ()) if _has_columns(guard, tables)]


def _declared(table: Table) -> Iterable[Guard]:
    key = ["_instance", *table.key]
    yield Guard(
        object=table.name,
        expectation="ExpectCompoundColumnsToBeUnique",
        arguments={"column_list": key},
    )
    for column in table.columns:
        if column.required or column.name in table.key:
            yield Guard(
                object=table.name,
                expectation="ExpectColumnValuesToNotBeNull",
                arguments={"column": column.name},
            )
        if column.minimum is not None:
            low = float(Decimal(column.minimum))
            yield _between(table.name, column.name, low, None, "blocking")
        if column.allowed is not None:
            yield Guard(
                object=table.name,
                expectation="ExpectColumnValuesToBeInSet",
                arguments={"column": column.name, "value_set": sorted(column.allowed)},
            )


def _has_columns(guard: Guard, tables: Mapping[str, Table]) -> bool:
    if guard.object not in tables:
        return False
    declared = {column.name: column for column in tables[guard.object].columns}
    return all(name in declared and declared[name].source for name in guard.columns)
