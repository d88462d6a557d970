"""The files of `config/` as tables of schema `raw_config`, so that SQL reads the same rules as Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from config import Config, load_config
from config.paths import Home
from ingestion.warehouse import open_warehouse, warehouse_lock

_TABLES = {
    "firm": "name text, reporting_currency text, reporting_entity text",
    "instance": "name text, system text",
    "business_unit": "id text, name text",
    "legal_entity": "id text, name text, country text, currency text, fiscal_year_start_month bigint, "
    "calendar text, erp_subsidiary_id text",
    "practice": "id text, name text, utilization_target decimal(18, 8)",
    "value_map": "system text, instance text, field text, vendor_value text, canonical_value text",
    "holiday": "calendar text, holiday_date date, name text",
    "cost_basis": "legal_entity_id text, valid_from date, loading_factor decimal(18, 8), "
    "contract_loading_factor decimal(18, 8), hours_per_year decimal(12, 4), full_time_week_hours decimal(12, 4)",
    "transfer_price": "legal_entity_id text, role_name text, valid_from date, currency text, "
    "cost_per_hour decimal(18, 4), markup decimal(18, 8)",
    "revenue_plan": "legal_entity_id text, practice_id text, month date, amount_rc decimal(18, 4)",
    "check_setting": "check_id text, name text, severity text, owner_role text, truth_system text, "
    "grace_days bigint, tolerance decimal(18, 4), enabled boolean, approver_role text, grace_hours bigint, "
    "max_source_age_hours bigint",
    "workflow_stage": "workflow text, workflow_title text, stage text, stage_title text, stage_order bigint, "
    "sla_days bigint, is_final boolean",
    "handover_checklist": "item text, title text, item_order bigint",
    "check_parameter": "check_id text, name text, value decimal(18, 4)",
}


def load_config_tables(cfg: Config, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Replace all `raw_config` tables in one transaction; returns rows per table.

    The caller holds the warehouse lock when the connection is to the build file.
    """
    connection.execute("create schema if not exists raw_config")
    connection.execute("begin")
    try:
        counts = {name: _replace(connection, name, rows) for name, rows in _rows(cfg).items()}
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
    return counts


def _rows(cfg: Config) -> dict[str, list[Sequence[Any]]]:
    return {
        "firm": [(cfg.firm.name, cfg.firm.reporting_currency, cfg.firm.reporting_entity)],
        "instance": [(instance.name, instance.system) for instance in cfg.instances],
        "business_unit": [(unit.id, unit.name) for unit in cfg.business_units],
        "legal_entity": [
            (
                entity.id,
                entity.name,
                entity.country,
                entity.currency,
                entity.fiscal_year_start_month,
                entity.calendar,
                entity.erp_subsidiary_id,
            )
            for entity in cfg.legal_entities
        ],
        "practice": [(practice.id, practice.name, practice.utilization_target) for practice in cfg.practices],
        "value_map": [
            (row.system, row.instance, row.field, row.vendor_value, row.canonical_value)
            for row in cfg.value_maps
        ],
        "holiday": [(row.calendar, row.holiday_date, row.name) for row in cfg.holidays],
        "cost_basis": [tuple(line.model_dump().values()) for line in cfg.cost_rates.basis],
        "transfer_price": [tuple(row.model_dump().values()) for row in cfg.transfer_prices],
        "revenue_plan": [
            (row.legal_entity_id, row.practice_id, row.month, row.amount_rc) for row in cfg.revenue_plan
        ],
        "workflow_stage": [
            (flow.id, flow.title, stage.stage, stage.title, order, stage.sla_days, stage is flow.stages[-1])
            for flow in cfg.workflows.workflows
            for order, stage in enumerate(flow.stages, start=1)
        ],
        "handover_checklist": [
            (item.item, item.title, order)
            for order, item in enumerate(cfg.workflows.handover_checklist, start=1)
        ],
        "check_setting": list(_check_settings(cfg)),
        "check_parameter": [
            (check_id, name, value)
            for check_id, check in cfg.checks.items()
            for name, value in check.parameters.items()
        ],
    }


def _check_settings(cfg: Config) -> Iterable[Sequence[Any]]:
    approvers = {rule.check: rule.roles[0] for rule in reversed(cfg.policy.rules) if rule.roles}
    for check_id, check in cfg.checks.items():
        yield (
            check_id,
            check.name,
            check.severity,
            check.owner_role,
            check.truth_system,
            check.grace_days,
            check.tolerance,
            check.enabled,
            approvers.get(check_id),
            check.grace_hours,
            cfg.check_file.rules.max_source_age_hours,
        )


def _replace(connection: duckdb.DuckDBPyConnection, name: str, rows: list[Sequence[Any]]) -> int:
    connection.execute(f"create or replace table raw_config.{name} ({_TABLES[name]})")
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into raw_config.{name} values ({marks})", rows)  # noqa: S608
    return len(rows)


def main() -> None:
    """Load the tables into the build file of CONCORD_HOME."""
    home = Home.from_environment()
    with warehouse_lock(home), open_warehouse(home) as connection:
        for name, count in load_config_tables(load_config(), connection).items():
            print(f"raw_config.{name}: {count}")


if __name__ == "__main__":
    main()
