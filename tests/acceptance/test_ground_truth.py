"""Every planted discrepancy is found and nothing else is, on several firms; the truth file is read only here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.support import Firm, build_dbt, running_firm, sync_all

CHECKS = (
    "C01",
    "C02",
    "C03",
    "C04",
    "C05",
    "C06",
    "T01",
    "T02",
    "T03",
    "T04",
    "R01",
    "R02",
    "R03",
    "B01",
    "B02",
    "B03",
    "B04",
    "B05",
    "H01",
    "H02",
    "X01",
    "X02",
    "X03",
)
FIRMS = [(seed, people) for people in (60, 300) for seed in (1, 2, 3)]

Key = tuple[str, str, str]


def planted(firm: Firm) -> set[Key]:
    """What the generator says is wrong: check, matching key, period."""
    document = json.loads((firm.home.sandbox / "ground_truth.json").read_text())
    rows = document["discrepancies"] if isinstance(document, dict) else document
    return {(row["check_id"], row["matching_key"], row["period"] or "") for row in rows}


def severities(firm: Firm) -> dict[Key, str]:
    """How bad the generator says each of them is, where it says so."""
    rows = json.loads((firm.home.sandbox / "ground_truth.json").read_text())
    named = (row for row in rows if row["severity"])
    return {(row["check_id"], row["matching_key"], row["period"] or ""): row["severity"] for row in named}


def found(firm: Firm) -> list[Key]:
    """What the checks say is wrong."""
    with duckdb.connect(str(firm.home.warehouse), read_only=True) as warehouse:
        return warehouse.execute(
            "select check_id, matching_key, period from reconciliation.fct_findings"
        ).fetchall()


def judged(firm: Firm, keys: set[Key]) -> dict[Key, str]:
    """How bad the checks say those findings are."""
    with duckdb.connect(str(firm.home.warehouse), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select check_id, matching_key, period, severity from reconciliation.fct_findings"
        ).fetchall()
    return {row[:3]: row[3] for row in rows if row[:3] in keys}


def not_evaluated(firm: Firm) -> list[tuple[str, str]]:
    """Checks that could not speak, and why."""
    with duckdb.connect(str(firm.home.warehouse), read_only=True) as warehouse:
        return warehouse.execute(
            "select check_id, reason from reconciliation.fct_check_run where not is_evaluated"
        ).fetchall()


def other_hours(firm: Firm) -> list[tuple[str, str, str]]:
    """People whose overbooking the metric of the months ahead puts lower than their findings do (H02)."""
    with duckdb.connect(str(firm.home.warehouse), read_only=True) as warehouse:
        return warehouse.execute(
            """
            select weeks.resource_id, weeks.hours, months.hours
            from (select resource_id, sum(excess_hours) as hours from reconciliation.rec_h02_week group by 1) as weeks
            left join (
                select resource_id, sum(hard_excess_hours) as hours
                from leadership.rpt_overbooking_month where month > date '2026-06-30' group by 1
            ) as months on weeks.resource_id = months.resource_id
            where abs(coalesce(months.hours, 0) - weeks.hours) > 0.05 and coalesce(months.hours, 0) < weeks.hours
            """
        ).fetchall()


def table(expected: set[Key], findings: set[Key]) -> Iterator[str]:
    """A line per check: planted, found, missed, wrongly flagged."""
    yield f"{'check':6}{'planted':>9}{'found':>7}{'missed':>8}{'wrong':>7}"
    counts = [
        Counter(key[0] for key in keys)
        for keys in (expected, findings, expected - findings, findings - expected)
    ]
    for check in CHECKS:
        yield f"{check:6}{counts[0][check]:>9}{counts[1][check]:>7}{counts[2][check]:>8}{counts[3][check]:>7}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "people"), FIRMS, ids=[f"seed{seed}-{people}people" for seed, people in FIRMS]
)
def test_findings_are_exactly_the_planted_discrepancies(
    tmp_path: Path, record_property: Callable[[str, object], None], seed: int, people: int
) -> None:
    with running_firm(tmp_path, seed=seed, people=people) as firm:
        sync_all(firm)
        build_dbt(firm, unit_tests=(seed, people) == FIRMS[0])
        expected, listed, silent = planted(firm), found(firm), not_evaluated(firm)
        hours = other_hours(firm)
        serious = severities(firm)
        shown = judged(firm, set(serious))
    findings = set(listed)
    record_property("report", "\n".join([f"seed {seed}, {people} people", *table(expected, findings)]))
    assert silent == []
    assert hours == []
    assert len(listed) == len(findings), "a finding is reported twice"
    assert {key[0] for key in expected} == set(CHECKS), "the firm does not exercise every check"
    assert sorted(expected - findings) == []
    assert sorted(findings - expected) == []
    assert shown == serious
