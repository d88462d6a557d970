"""config/ seen from SQL."""

from __future__ import annotations

from decimal import Decimal

import duckdb

from config import load_config
from ingestion.config_tables import load_config_tables


def test_every_file_becomes_a_table_and_loading_again_replaces_it():
    cfg = load_config()
    with duckdb.connect() as connection:
        first = load_config_tables(cfg, connection)
        assert load_config_tables(cfg, connection) == first
        assert first["instance"] == len(cfg.instances)
        assert first["holiday"] == len(cfg.holidays)
        entity = connection.execute(
            "select currency, fiscal_year_start_month, erp_subsidiary_id from raw_config.legal_entity "
            "where id = 'MCG-JP'"
        ).fetchall()
        assert entity == [("JPY", 4, "5")]
        targets = connection.execute("select min(utilization_target) from raw_config.practice").fetchall()
        assert targets == [(Decimal("0.72000000"),)]


def test_a_check_names_the_role_that_approves_its_corrections():
    with duckdb.connect() as connection:
        load_config_tables(load_config(), connection)
        rows = connection.execute(
            "select check_id, approver_role is not null from raw_config.check_setting "
            "where check_id in ('C01', 'T01') order by 1"
        ).fetchall()
    assert rows == [("C01", True), ("T01", False)]
