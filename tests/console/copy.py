"""A small published copy with the column contracts of the dbt project, and figures that can be added up by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from ruamel.yaml import YAML

from config.paths import REPOSITORY, Home

MODELS = REPOSITORY / "dbt_project" / "models" / "marts"
AS_OF = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
TYPES = {"string": "varchar"}
TABLES = {
    "leadership": (
        "rpt_metric", "rpt_metric_month",
        "rpt_month", "rpt_executive_summary", "rpt_findings", "rpt_utilization_month", "rpt_check_status",
        "rpt_utilization_person_month", "rpt_utilization_entry", "rpt_revenue_month", "rpt_revenue_project",
        "rpt_data_freshness",
    ),
    "reconciliation": ("fct_check_run", "fct_finding_record"),
    "canonical": ("fct_invoice", "fct_fx_rate", "dim_project", "dim_customer", "dim_practice", "dim_legal_entity"),
}  # fmt: skip
LANDING = """
create table raw_landing.quarantine(_instance varchar, object varchar, record_id varchar, field varchar,
    reason varchar, quarantined_at timestamptz, state varchar);
create table raw_landing.schema_drift(_instance varchar, object varchar, column_name varchar, kind varchar,
    first_seen timestamptz);
create table raw_landing.sync_run(_instance varchar, mode varchar, started_at timestamptz,
    finished_at timestamptz, status varchar, error varchar, rows_read bigint);
"""
CLOUD = {"practice_id": "cloud", "practice_name": "Cloud Platforms", "business_unit_id": "digital",
         "legal_entity_id": "MCG-US", "target": "0.76"}  # fmt: skip
STRATEGY = {"practice_id": "strategy", "practice_name": "Strategy", "business_unit_id": "advisory",
            "legal_entity_id": "MCG-UK", "target": "0.74"}  # fmt: skip


def write_copy(home: Home) -> None:
    """Write the copy and point the home's link at it."""
    home.serving.mkdir(parents=True, exist_ok=True)
    target = home.serving / "serving-1.duckdb"
    with duckdb.connect(str(target)) as connection:
        for schema in (*TABLES, "raw_landing"):
            connection.execute(f"create schema {schema}")
        for schema, names in TABLES.items():
            for name in names:
                columns = ", ".join(f'"{column}" {kind}' for column, kind in contract(schema, name))
                connection.execute(f"create table {schema}.{name} ({columns})")
        connection.execute(LANDING)
        _fill(connection)
    home.published.symlink_to(target.name)


def change_copy(home: Home, *statements: str) -> None:
    """Publish another copy in which the statements have run."""
    number = int(home.published.resolve().stem.removeprefix("serving-")) + 1
    target = home.serving / f"serving-{number}.duckdb"
    shutil.copyfile(home.published.resolve(), target)
    with duckdb.connect(str(target)) as connection:
        for statement in statements:
            connection.execute(statement)
    link = home.serving / "next"
    link.symlink_to(target.name)
    link.replace(home.published)


def contract(schema: str, name: str) -> list[tuple[str, str]]:
    """Columns and types as the model's contract gives them."""
    document = YAML(typ="safe").load((MODELS / schema / f"{name}.yml").read_text())
    model = next(model for model in document["models"] if model["name"] == name)
    return [
        (column["name"], TYPES.get(column["data_type"], column["data_type"])) for column in model["columns"]
    ]


def _put(connection: duckdb.DuckDBPyConnection, table: str, *rows: Mapping[str, Any]) -> None:
    for row in rows:
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def _fill(connection: duckdb.DuckDBPyConnection) -> None:
    _put(
        connection, "leadership.rpt_month",
        {"month": APRIL, "month_end": date(2026, 4, 30), "is_open_month": False, "months_back": 2},
        {"month": MAY, "month_end": date(2026, 5, 31), "is_open_month": False, "months_back": 1},
        {"month": JUNE, "month_end": date(2026, 6, 30), "is_open_month": True, "months_back": 18},
    )  # fmt: skip
    _put(connection, "canonical.dim_practice", {"practice_id": "cloud", "practice_name": "Cloud Platforms"},
         {"practice_id": "strategy", "practice_name": "Strategy"})  # fmt: skip
    _put(connection, "canonical.dim_legal_entity",
         {"legal_entity_id": "MCG-US", "legal_entity_name": "Meridian Consulting Group, Inc."},
         {"legal_entity_id": "MCG-UK", "legal_entity_name": "Meridian Consulting Ltd"})  # fmt: skip
    _utilization(connection)
    _revenue(connection)
    _findings(connection)
    _summary(connection)
    _health(connection)


def _utilization(connection: duckdb.DuckDBPyConnection) -> None:
    """May: Ada 100 of 144 and Ben 70 of 104 in Cloud (170/248 = 68.5%), Cleo on leave in Strategy (no figure)."""

    def person(name: str, team: Mapping[str, Any], month: date, **hours: str) -> dict[str, Any]:
        zero = dict.fromkeys(
            (
                "billable_hours",
                "productive_hours",
                "logged_hours",
                "gross_hours",
                "net_hours",
                "standard_hours",
            ),
            "0",
        )
        return {"resource_id": f"r:{name}", "full_name": name, **team, "month": month, **zero, **hours,
                "is_open_month": month == JUNE}  # fmt: skip

    _put(
        connection, "leadership.rpt_utilization_person_month",
        person("Ada", CLOUD, MAY, billable_hours="100", productive_hours="108", logged_hours="114",
               gross_hours="168", net_hours="144", standard_hours="173.3333"),
        person("Ben", CLOUD, MAY, billable_hours="70", productive_hours="70", logged_hours="75",
               gross_hours="104", net_hours="104", standard_hours="104"),
        person("Cleo", STRATEGY, MAY, gross_hours="168", standard_hours="173.3333"),
        person("Ada", CLOUD, APRIL, billable_hours="120", productive_hours="120", logged_hours="120",
               gross_hours="160", net_hours="150", standard_hours="173.3333"),
        person("Ada", CLOUD, JUNE, billable_hours="1", net_hours="2", gross_hours="2"),
    )  # fmt: skip
    connection.execute(
        "insert into leadership.rpt_utilization_month (practice_id, practice_name, business_unit_id, "
        "legal_entity_id, month, billable_hours, productive_hours, logged_hours, gross_hours, net_hours, "
        "standard_hours, target, is_open_month) select practice_id, practice_name, business_unit_id, "
        "legal_entity_id, month, sum(billable_hours), sum(productive_hours), sum(logged_hours), sum(gross_hours), "
        "sum(net_hours), sum(standard_hours), max(target), any_value(is_open_month) "
        "from leadership.rpt_utilization_person_month group by 1, 2, 3, 4, 5"
    )
    team = {name: CLOUD[name] for name in ("practice_id", "business_unit_id", "legal_entity_id")}
    booked = [("Ada", 5, "60", True, True), ("Ada", 6, "40", True, True), ("Ada", 7, "8", False, True),
              ("Ada", 8, "6", True, False), ("Ben", 5, "70", True, True), ("Ben", 6, "5", False, True)]  # fmt: skip
    for number, (name, day, hours, is_billable, is_approved) in enumerate(booked):
        _put(connection, "leadership.rpt_utilization_entry", {
            "time_entry_id": f"t:{number}", "resource_id": f"r:{name}", "full_name": name, **team,
            "project_name": "Atlas", "customer_name": "Acme", "work_date": MAY.replace(day=day), "month": MAY,
            "hours": hours, "is_billable": is_billable, "is_productive": is_billable or name == "Ada",
            "is_approved": is_approved, "source_instance": "kantata_group", "source_record_id": str(7000 + number),
        })  # fmt: skip


def _revenue(connection: duckdb.DuckDBPyConnection) -> None:
    """May: Atlas $90,000 and Borealis $60,000 (£48,000) against a plan of $160,000; Cirrus could not be computed."""

    def month(
        project: str, team: Mapping[str, Any], currency: str, at: date, **money: str | None
    ) -> dict[str, Any]:
        names = {name: team[name] for name in ("practice_id", "business_unit_id", "legal_entity_id")}
        return {"project_id": f"k:{project}", "project_name": project, "customer_id": f"cus_{project}",
                "customer_name": f"{project} Ltd", **names, "month": at, "method": "right_to_invoice",
                "currency": currency, "is_open_month": at == JUNE, **money}  # fmt: skip

    _put(
        connection, "leadership.rpt_revenue_project",
        month("Atlas", CLOUD, "USD", MAY, revenue_tc="90000", revenue_rc="90000", invoiced_rc="50000", hours="500"),
        month("Atlas", CLOUD, "USD", APRIL, revenue_tc="70000", revenue_rc="70000", invoiced_rc="70000", hours="400"),
        month("Atlas", CLOUD, "USD", JUNE, revenue_tc="999", revenue_rc="999", invoiced_rc=None, hours="5"),
        month("Borealis", STRATEGY, "GBP", MAY, revenue_tc="48000", revenue_rc="60000", invoiced_rc=None, hours="200"),
        month("Cirrus", STRATEGY, "GBP", MAY, revenue_tc=None, revenue_rc=None, invoiced_rc=None, hours="10"),
    )  # fmt: skip
    connection.execute(
        "insert into leadership.rpt_revenue_month (legal_entity_id, practice_id, business_unit_id, month, revenue_rc, "
        "invoiced_rc, is_open_month) select legal_entity_id, practice_id, business_unit_id, month, sum(revenue_rc), "
        "sum(invoiced_rc), any_value(is_open_month) from leadership.rpt_revenue_project group by 1, 2, 3, 4"
    )
    plan = {"legal_entity_id": "MCG-US", "practice_id": "cloud", "business_unit_id": None}
    _put(connection, "leadership.rpt_revenue_month", {**plan, "month": MAY, "plan_rc": "160000"},
         {**plan, "month": APRIL, "plan_rc": "60000"})  # fmt: skip
    _put(connection, "canonical.dim_project",
         {"project_id": "k:Atlas", "source_id": "1", "project_code": "ATL", "project_name": "Atlas",
          "business_unit_id": "digital", "practice_id": "cloud", "contract_type": "time_and_materials",
          "project_status": "active", "start_date": APRIL, "end_date": JUNE, "budget_amount": "200000",
          "currency": "USD"})  # fmt: skip
    _put(connection, "canonical.dim_customer", {"customer_id": "cus_Atlas", "customer_name": "Atlas Ltd"})
    _put(connection, "canonical.fct_fx_rate", {"from_currency": "USD", "to_currency": "USD", "rate_type": "closing",
                                               "rate_date": JUNE, "rate": "1"})  # fmt: skip
    _put(connection, "canonical.fct_invoice",
         {"invoice_id": "n:1", "instance": "netsuite_group", "source_id": "900", "invoice_number": "INV-1",
          "document_type": "invoice", "customer_id": "cus_Atlas", "project_id": "k:Atlas", "currency": "USD",
          "legal_entity_id": "MCG-US", "invoice_date": APRIL, "due_date": date(2026, 5, 15), "open_amount": "55000",
          "net_amount": "50000", "net_amount_rc": "50000", "invoice_status": "open", "is_disputed": True})  # fmt: skip


def _findings(connection: duckdb.DuckDBPyConnection) -> None:
    same = {"rule_version": "1", "severity": "S2", "owner_role": "billing_lead", "truth_system": "erp",
            "currency": "USD", "reporting_currency": "USD", "functional_currency": "USD", "occurred_on": MAY,
            "is_amount_estimated": False, "is_primary_cause": True, "detected_as_of": AS_OF, "age_days": 60,
            "source_loaded_at": AS_OF, "explanation": "The systems say different things.",
            "finding_state": "open", "first_seen_at": AS_OF, "times_reopened": 0}  # fmt: skip
    _put(
        connection, "leadership.rpt_findings",
        {**same, "finding_id": "f-b05", "check_id": "B05", "check_name": "Payment status drift to CRM",
         "title": "CRM shows an old open amount", "subject_name": "Atlas deal", "business_unit_id": "digital",
         "practice_id": "cloud", "legal_entity_id": "MCG-US", "customer_id": "cus_Atlas", "customer_name": "Atlas Ltd",
         "project_id": "k:Atlas", "project_name": "Atlas", "amount_at_risk": "1200", "amount_at_risk_rc": "1200"},
        {**same, "finding_id": "f-b01", "check_id": "B01", "check_name": "Milestone complete and not invoiced",
         "title": "Accepted milestone is not invoiced <b>", "subject_name": "Build", "business_unit_id": "advisory",
         "practice_id": "strategy", "legal_entity_id": "MCG-UK", "currency": "GBP", "amount_at_risk": "24000",
         "amount_at_risk_rc": "30000"},
        {**same, "finding_id": "f-x03", "check_id": "X03", "check_name": "Control totals", "severity": "S1",
         "title": "Invoice number is missing", "owner_role": "controller", "amount_at_risk_rc": None},
    )  # fmt: skip
    sides = [("truth", 1, "netsuite", "transaction", "900", "open_amount", "55000.0000"),
             ("truth", 1, "netsuite", "transaction", "900", "currency", "USD"),
             ("other", 2, "salesforce", "opportunity", "006A", "open_amount", "56200.00"),
             ("other", 2, "salesforce", "opportunity", "006A", "currency", "USD")]  # fmt: skip
    for order, (role, place, system, kind, record, name, value) in enumerate(sides):
        _put(connection, "reconciliation.fct_finding_record", {
            "finding_id": "f-b05", "record_order": place, "role": role, "system": system,
            "instance": f"{system}_group", "object_type": kind, "record_id": record, "label": "Atlas deal",
            "field_order": order, "field_name": name, "field_value": value, "record_modified_at": AS_OF,
            "loaded_at": AS_OF})  # fmt: skip
    for check, name, findings, money in (("B01", "Milestone complete and not invoiced", 1, "30000"),
                                         ("B05", "Payment status drift to CRM", 1, "1200"),
                                         ("X03", "Control totals", 1, None)):  # fmt: skip
        row = {"check_id": check, "check_name": name, "is_evaluated": True, "findings": findings,
               "amount_at_risk_rc": money, "detected_as_of": AS_OF, "owner_role": "billing_lead"}  # fmt: skip
        _put(connection, "reconciliation.fct_check_run", row)
        _put(connection, "leadership.rpt_check_status", row)


def _summary(connection: duckdb.DuckDBPyConnection) -> None:
    figures = [
        ("util_net", "ratio", "0.68548387", "0.76", "target"), ("revenue_rc", "USD", "150000", "160000", "plan"),
        ("unbilled_rc", "USD", "100000", "90000", "month before"),
        ("money_at_risk_rc", "USD", "31200", "31200", "already open at the last month end"),
        ("overdue_ar_rc", "USD", "55000", None, "month before"), ("dso_simple", "days", "45.4", "47.6", "month before"),
    ]  # fmt: skip
    for order, (metric, unit, value, other, label) in enumerate(figures):
        period = "2026-06-30" if metric == "money_at_risk_rc" else "2026-05"
        trend = f'[{{"period":"2026-04","value":{other or "null"}}},{{"period":"2026-05","value":{value}}}]'
        _put(connection, "leadership.rpt_executive_summary", {
            "metric_id": metric, "metric_name": metric, "period": period, "value": value, "comparison_value": other,
            "comparison_label": label, "unit": unit, "trend_json": trend, "metric_order": order})  # fmt: skip


def _health(connection: duckdb.DuckDBPyConnection) -> None:
    _put(connection, "leadership.rpt_data_freshness",
         {"instance": "kantata_group", "system": "kantata", "object": "time_entry", "last_success_at": AS_OF,
          "rows": 6, "rows_quarantined": 1, "status": "ok"})  # fmt: skip
    _put(connection, "raw_landing.quarantine",
         {"_instance": "kantata_group", "object": "time_entry", "record_id": "7099", "field": "time_in_minutes",
          "reason": "negative", "quarantined_at": AS_OF, "state": "open"})  # fmt: skip
    _put(connection, "raw_landing.sync_run",
         {"_instance": "kantata_group", "mode": "incremental", "started_at": AS_OF, "finished_at": AS_OF,
          "status": "ok", "rows_read": 6})  # fmt: skip


def home_with_copy(root: Path) -> Home:
    """A home of its own with the copy published."""
    home = Home(root)
    home.root.mkdir(parents=True, exist_ok=True)
    write_copy(home)
    return home
