"""Readers keep a consistent copy while the next one is published; an empty build never replaces a good one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from config.paths import Home
from console.published import NotPublishedError, Published
from orchestration.publish import KEEP, publish


def build(home: Home, value: int) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema if not exists leadership")
        connection.execute("create schema if not exists staging")
        connection.execute(f"create or replace table leadership.rpt_figure as select {value} as value")
        connection.execute("create or replace table staging.stg_secret as select 1 as id")


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
    assert {row["table_schema"] for row in schemas} == {"leadership"}


def test_a_build_without_figures_keeps_the_published_copy(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 7)
    publish(home)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("drop schema leadership cascade")
    with pytest.raises(RuntimeError, match="run the build before publishing"):
        publish(home)
    assert Published(home.published).rows("select value from leadership.rpt_figure") == [{"value": 7}]


def test_the_copy_cannot_be_written_through_the_console(tmp_path: Path) -> None:
    home = Home(tmp_path)
    build(home, 1)
    publish(home)
    with pytest.raises(duckdb.Error, match="read-only"):
        Published(home.published).rows("delete from leadership.rpt_figure")
