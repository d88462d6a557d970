"""What others read keeps its shape, or gets a new version beside the old one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from tests.dbt.shapes import Shape, breaking, published, recorded
from tests.dbt.warehouse import Warehouse

TODAY = date(2026, 7, 1)
MONTH = {"month": "date", "hours": "decimal(18, 4)"}
BEFORE = {"rpt_month": Shape(MONTH)}


def test_published_shapes_are_as_recorded(new_warehouse: Callable[[str], Warehouse]) -> None:
    """No reader trips over a change, and every shape that is published is written down."""
    group = new_warehouse("shapes")
    done = group.dbt("parse", "--quiet", write_json=True)
    assert done.returncode == 0, done.stdout + done.stderr
    now = published(json.loads((group.workshop / "target" / "manifest.json").read_text()))
    assert breaking(recorded(), now, datetime.now(UTC).date()) == []
    assert now == recorded(), "record what is new: make shapes"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"rpt_month": Shape({"month": "date"})}, "rpt_month.hours is gone"),
        ({"rpt_month": Shape({**MONTH, "hours": "bigint"})}, "was decimal(18, 4) and is bigint"),
        ({}, "rpt_month is gone"),
        ({"rpt_month": Shape(MONTH, "2026-08-01")}, "give its readers 90 days"),
        ({"rpt_month.v2": Shape({"month": "date"})}, "rpt_month is gone"),
    ],
    ids=["column gone", "column retyped", "model gone", "short notice", "old version dropped at once"],
)
def test_a_change_that_breaks_readers_is_named(after: dict[str, Shape], words: str) -> None:
    (found,) = breaking(BEFORE, after, TODAY)
    assert words in found


def test_a_new_column_and_a_new_version_beside_the_old_one_break_nobody() -> None:
    assert breaking(BEFORE, {"rpt_month": Shape({**MONTH, "people": "bigint"})}, TODAY) == []
    versions = {"rpt_month.v1": Shape(MONTH, "2026-12-31"), "rpt_month.v2": Shape({"month": "date"})}
    assert breaking(BEFORE, versions, TODAY) == []


def test_a_version_may_go_when_its_day_has_passed() -> None:
    before = {"rpt_month.v1": Shape(MONTH, "2026-06-30"), "rpt_month.v2": Shape({"month": "date"})}
    after = {"rpt_month.v2": Shape({"month": "date"})}
    assert breaking(before, after, TODAY) == []
    assert breaking(before, after, date(2026, 6, 30)) != []
