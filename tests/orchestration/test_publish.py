"""Readers keep a consistent copy while the next one is published; an empty build never replaces a good one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from config.paths import REPOSITORY, Home
from console.published import NotPublishedError, Published
from orchestration.control_totals import NotTiedError, holds
from orchestration.publish import CONFIDENTIAL, KEEP, publish

HOLD = (
    "(check_id text, tie_id text, tie text, instance text, legal_entity_id text, currency text, "
    "from_stage text, from_amount decimal(28, 4), to_stage text, to_amount decimal(28, 4))"
)


def build(home: Home, value: int) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema if not exists leadership")
        connection.execute("create schema if not exists staging")
        connection.execute(f"create or replace table leadership.rpt_figure as select {value} as value")
        connection.execute("create or replace table staging.stg_secret as select 1 as id")
        connection.execute("create schema if not exists reconciliation")
        connection.execute(f"create table if not exists reconciliation.rec_x03_hold {HOLD}")


def test_a_new_copy_is_seen_by_the_next_read_and_old_files_go(tmp_path: Path) -> None:
    home = Home(tmp_path)
    reader = Published(home.published)
    with pytest.raises(NotPublishedError):
        reader.rows("select 1")
    for value in range(KEEP + 3):
        build(home, value)
        publish(home)
        assert reader.rows("select value from leadership.rpt_figure") == [{"value": value}]
    assert len(list(home.serving.glob("serving-*.duckdb"))) == KEEP


def test_only_public_schemas_are_published(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 1)
    publish(home)
    schemas = Published(home.published).rows("select distinct table_schema from information_schema.tables")
    assert {row["table_schema"] for row in schemas} == {"leadership", "reconciliation"}


def test_what_pay_can_be_worked_out_from_stays_behind(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 1)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema canonical")
        connection.execute("create table canonical.dim_resource_cost_rate as select 66.55 as cost_rate")
        connection.execute(
            "create table canonical.fct_time_entry as select 'k:1' as time_entry_id, 66.55 as cost_rate, "
            "532.40 as cost_amount, 8.0 as hours"
        )
    publish(home)
    reader = Published(home.published)
    assert reader.rows(
        "select table_name from information_schema.tables where table_schema = 'canonical'"
    ) == [{"table_name": "fct_time_entry"}]
    assert [set(row) for row in reader.rows("select * from canonical.fct_time_entry")] == [
        {"time_entry_id", "hours"}
    ]


def test_who_a_clients_people_are_stays_behind(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 1)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema canonical")
        connection.execute(
            "create table canonical.dim_contact as select 'c:1' as contact_id, 'Ann Lee' as full_name, "
            "'ann@acme.example' as email, 'cus_1' as customer_id, 'Controller' as job_title"
        )
    publish(home)
    assert Published(home.published).rows("select * from canonical.dim_contact") == [
        {"contact_id": "c:1", "customer_id": "cus_1", "job_title": "Controller"}
    ]


def test_everything_the_models_mark_as_confidential_is_left_out() -> None:
    marked: dict[str, frozenset[str] | None] = {}
    for path in sorted((REPOSITORY / "dbt_project" / "models" / "marts").rglob("*.yml")):
        for model in YAML(typ="safe").load(path.read_text()).get("models", []):
            name = f"{path.relative_to(REPOSITORY / 'dbt_project' / 'models' / 'marts').parts[0]}.{model['name']}"
            columns = frozenset(c["name"] for c in model["columns"] if _is_confidential(c))
            if _is_confidential(model) or columns:
                marked[name] = None if _is_confidential(model) else columns
    assert marked == CONFIDENTIAL


def _is_confidential(node: dict[str, Any]) -> bool:
    return bool(node.get("config", {}).get("meta", {}).get("confidential"))


def test_a_build_without_figures_keeps_the_published_copy(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 7)
    publish(home)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("drop schema leadership cascade")
    with pytest.raises(RuntimeError, match="run the build before publishing"):
        publish(home)
    assert Published(home.published).rows("select value from leadership.rpt_figure") == [{"value": 7}]


def test_figures_that_do_not_tie_keep_the_published_copy(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 7)
    publish(home)
    build(home, 8)
    with duckdb.connect(str(home.warehouse)) as connection:
        for check in ("T01", "B03"):
            connection.execute(
                "insert into reconciliation.rec_x03_hold values (?, 'expense rows:kantata_group', 'expense rows', "
                "'kantata_group', null, null, 'vendor page', 812, 'raw', 811)",
                [check],
            )
    with pytest.raises(NotTiedError) as told:
        publish(home)
    assert (
        "kantata_group: expense rows does not tie (vendor page 812.00, raw 811.00, difference 1.00)"
        in str(told.value)
    )
    assert "concord sync --full kantata_group" in str(told.value)
    assert set(holds(told.value.broken)) == {"B03", "T01"}
    reader = Published(home.published)
    assert reader.rows("select value from leadership.rpt_figure") == [{"value": 7}]
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("delete from reconciliation.rec_x03_hold")
    publish(home)
    assert reader.rows("select value from leadership.rpt_figure") == [{"value": 8}]


def test_the_copy_cannot_be_written_through_the_console(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 1)
    publish(home)
    with pytest.raises(duckdb.Error, match="read-only"):
        Published(home.published).rows("delete from leadership.rpt_figure")
