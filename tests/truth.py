"""What the checks say of a generated firm beside what its generator planted; the truth file is read only here.

``python -m tests.truth --people 2000 --seeds 5`` makes the firms one after the other and prints a table for each.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import duckdb

from config import load_config
from tests.support import Firm, build_dbt, running_firm, sync_all

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Judgement:
    """Findings and planted discrepancies of one firm, by check, matching key and period."""

    planted: set[Key]
    findings: list[Key]
    told: dict[Key, str]
    """How bad the generator says a discrepancy is, where it says so."""
    judged: dict[Key, str]
    not_evaluated: list[tuple[str, str]]
    """Checks that could not speak, and why."""
    other_hours: list[tuple[str, str, str]]
    """People whose overbooking the metric of the months ahead puts lower than their findings do (H02)."""

    @property
    def missed(self) -> list[Key]:
        """Planted and not found."""
        return sorted(self.planted - set(self.findings))

    @property
    def wrong(self) -> list[Key]:
        """Found and not planted."""
        return sorted(set(self.findings) - self.planted)

    @property
    def faults(self) -> dict[str, Any]:
        """Everything that should not be, by name; empty when the checks tell the truth."""
        severities = {key: self.judged.get(key) for key in self.told}
        seen = {
            "missed": self.missed,
            "wrong": self.wrong,
            "reported twice": [key for key, times in Counter(self.findings).items() if times > 1],
            "not evaluated": self.not_evaluated,
            "severities": {key: found for key, found in severities.items() if found != self.told[key]},
            "overbooked hours": self.other_hours,
            "checks not exercised": sorted(set(load_config().checks) - {key[0] for key in self.planted}),
        }
        return {name: faults for name, faults in seen.items() if faults}

    def table(self) -> Iterator[str]:
        """A line per check and one for all: planted, found, missed, wrongly flagged."""
        yield f"{'check':6}{'planted':>9}{'found':>7}{'missed':>8}{'wrong':>7}"
        columns = (self.planted, set(self.findings), self.missed, self.wrong)
        counts = [Counter(key[0] for key in keys) for keys in columns]
        for check in sorted(load_config().checks):
            yield "{:6}{:>9}{:>7}{:>8}{:>7}".format(check, *(count[check] for count in counts))
        yield "{:6}{:>9}{:>7}{:>8}{:>7}".format("all", *(count.total() for count in counts))


def judge(folder: Path, *, seed: int, people: int, unit_tests: bool = False) -> Judgement:
    """Make a firm in this folder, read it, build everything, and compare."""
    with running_firm(folder, seed=seed, people=people) as firm:
        sync_all(firm)
        build_dbt(firm, unit_tests=unit_tests)
        return _compare(firm)


def _compare(firm: Firm) -> Judgement:
    rows = json.loads((firm.home.sandbox / "ground_truth.json").read_text())
    told = {(row["check_id"], row["matching_key"], row["period"] or ""): row["severity"] for row in rows}
    with duckdb.connect(str(firm.home.warehouse), read_only=True) as warehouse:
        found = warehouse.execute(
            "select check_id, matching_key, period, severity from reconciliation.fct_findings"
        ).fetchall()
        silent = warehouse.execute(
            "select check_id, reason from reconciliation.fct_check_run where not is_evaluated"
        ).fetchall()
        hours = warehouse.execute(
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
    return Judgement(
        planted=set(told),
        findings=[row[:3] for row in found],
        told={key: severity for key, severity in told.items() if severity},
        judged={row[:3]: row[3] for row in found},
        not_evaluated=silent,
        other_hours=hours,
    )


def _examine(seed: int, people: int) -> dict[str, Any]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="truth-") as folder:
        judgement = judge(Path(folder) / "firm", seed=seed, people=people)
    minutes, seconds = divmod(time.monotonic() - began, 60)
    click.echo(f"seed {seed}, {people} people, {int(minutes)} min {seconds:.0f} s")
    click.echo("\n".join(judgement.table()) + "\n")
    return judgement.faults


@click.command()
@click.option("--people", type=int, multiple=True, default=(60, 300, 2000), show_default=True)
@click.option("--seeds", default=5, show_default=True, help="How many seeds of each size.")
@click.option("--first", default=1, show_default=True, help="The first of them.")
def main(people: tuple[int, ...], seeds: int, first: int) -> None:
    """Hold the checks against generated firms; exit code 1 when one misses or accuses wrongly."""
    is_true = True
    for size in people:
        for seed in range(first, first + seeds):
            for name, faults in _examine(seed, size).items():
                is_true = False
                click.echo(f"seed {seed}, {size} people: {name}: {faults}", err=True)
    raise SystemExit(0 if is_true else 1)


if __name__ == "__main__":
    main()
