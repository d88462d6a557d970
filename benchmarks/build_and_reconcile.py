"""What a build costs beside its own SQL, and what a check costs beside a query written by hand.

    python -m benchmarks.build_and_reconcile [--entries 10000000]

1. `dbt build` of everything on the firm of `make run`, with the unit tests and as scheduled without them, against the
   sum of the models' own statements on the same rows.
2. T01 (approved time not billed) over ten million time entries, against the plain query an analyst would write. Both
   must name the same projects, months and amounts.

Works on a copy of the build file of CONCORD_HOME, so `make run` comes first.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from config import load_config
from config.paths import Home
from orchestration.estate import enter_environment
from orchestration.runtime import DBT, DBT_PROJECT, Runtime

CHECK = "rec_t01_approved_time_not_billed"
PLAIN = """
select
    e.project_id,
    strftime(e.work_date, '%Y-%m') as period,
    least(
        sum(e.bill_amount) filter (where u.time_entry_id is null),
        coalesce(any_value(c.not_to_exceed - coalesce(b.billed, 0)), sum(e.bill_amount) filter (where u.time_entry_id is null))
    ) as amount
from canonical.fct_time_entry as e
join canonical.dim_project as p using (project_id)
left join canonical.dim_contract as c on c.contract_id = p.contract_id
left join (
    select pr.contract_id, sum(i.net_amount) as billed
    from canonical.fct_invoice as i join canonical.dim_project as pr using (project_id)
    where i.invoice_status in ('open', 'paid') group by 1
) as b on b.contract_id = p.contract_id
left join reconciliation.rec_r01_unpriced_time as u on u.time_entry_id = e.time_entry_id
where e.is_approved and e.is_billable and not e.is_invoiced and e.psa_invoice_id is null
    and p.contract_type = 'time_and_materials' and p.project_status <> 'on_hold'
    and (c.not_to_exceed is null or c.not_to_exceed > coalesce(b.billed, 0))
    and date '{today}' - last_day(e.work_date) > {grace}
group by 1, 2
"""  # noqa: E501


class Bench:
    """A copy of the firm's build file and a dbt target of its own."""

    def __init__(self, folder: Path) -> None:
        self._runtime = Runtime.from_environment()
        self._target = folder / "target"
        self.warehouse = folder / "warehouse.duckdb"
        shutil.copyfile(self._runtime.home.warehouse, self.warehouse)
        self._environment = {**self._runtime.dbt_environment(), "CONCORD_WAREHOUSE": str(self.warehouse)}
        self.today = self._environment["CONCORD_AS_OF"][:10]

    def dbt(self, *arguments: str) -> float:
        """Seconds of one dbt command. Raises RuntimeError with its words when it fails."""
        places = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
        command = [str(DBT), *arguments, "--quiet", *places, "--target-path", str(self._target)]
        started = time.perf_counter()
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"dbt {arguments[0]} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        return time.perf_counter() - started

    def statements(self) -> dict[str, str]:
        """Model name -> its compiled select, as the build ran it."""
        nodes = json.loads((self._target / "manifest.json").read_text())["nodes"].values()
        compiled = self._target / "compiled" / "concord"
        return {
            node["name"]: (compiled / node["original_file_path"]).read_text()
            for node in nodes
            if node["resource_type"] == "model"
        }

    def connect(self) -> duckdb.DuckDBPyConnection:
        """The copied build file, in the session settings of a build."""
        connection = duckdb.connect(str(self.warehouse))
        connection.execute("set TimeZone = 'UTC'")
        return connection


def compare_build(bench: Bench) -> None:
    """Time a whole build, the build of the schedule, then the same selects alone, each into a table."""
    bench.dbt("parse")
    everything = bench.dbt("build", "--no-write-json")
    build = bench.dbt("build", "--exclude-resource-type", "unit_test", "--no-write-json")
    statements = bench.statements()
    with bench.connect() as connection:
        connection.execute("create schema scratch")
        started = time.perf_counter()
        for name, statement in statements.items():
            connection.execute(f"create or replace table scratch.{name} as ({statement}\n)")
        alone = time.perf_counter() - started
        connection.execute("drop schema scratch cascade")
    print(f"dbt build of everything                {everything:8.1f} s    Python {sys.version.split()[0]}")
    print(
        f"the same without unit tests            {build:8.1f} s    {len(statements)} models with their data tests"
    )
    print(
        f"the models' own SQL                     {alone:8.1f} s    build / SQL: {build / alone:.1f}x",
        flush=True,
    )


def multiply_entries(connection: duckdb.DuckDBPyConnection, entries: int) -> int:
    """Repeat the firm's time entries under new ids until there are that many."""
    connection.execute(
        "create table many as select e.* replace (case when copy = 0 then time_entry_id "
        "else time_entry_id || '-' || copy end as time_entry_id) "
        f"from canonical.fct_time_entry as e cross join (select unnest(range({entries})) as copy "
        f"limit (select ceil({entries} / count(*))::int from canonical.fct_time_entry)) limit {entries}"
    )
    connection.execute("drop table canonical.fct_time_entry cascade")
    connection.execute("create table canonical.fct_time_entry as select * from many")
    connection.execute("drop table many")
    row = connection.execute("select count(*) from canonical.fct_time_entry").fetchone()
    return int(row[0]) if row else 0


def compare_check(bench: Bench, entries: int) -> None:
    """Time the check's compiled model and the plain query; they must agree row by row."""
    grace = load_config().checks["T01"].grace_days
    check = bench.statements()[CHECK]
    plain = PLAIN.format(today=bench.today, grace=grace)
    with bench.connect() as connection:
        count = multiply_entries(connection, entries)
        times: dict[str, list[float]] = {"check": [], "plain": []}
        for _ in range(3):
            for name, statement in (("check", check), ("plain", plain)):
                started = time.perf_counter()
                connection.execute(f"create or replace temp table {name}_rows as ({statement}\n)")
                times[name].append(time.perf_counter() - started)
        differing = connection.execute(
            "select count(*) from check_rows as c full join plain_rows as p "
            "on c.matching_key = p.project_id and c.period = p.period "
            "where c.amount_at_risk is distinct from p.amount"
        ).fetchone()
        found = connection.execute("select count(*) from check_rows").fetchone()
    if not found or not found[0] or not differing or differing[0]:
        raise AssertionError(f"the check and the plain query disagree: {found} findings, {differing} differ")
    best = {name: min(seconds) for name, seconds in times.items()}
    print(f"T01 over {count:,} time entries           {best['check']:8.2f} s    {found[0]} findings")
    print(f"the query written by hand               {best['plain']:8.2f} s    ", end="")
    print(f"check / plain: {best['check'] / best['plain']:.1f}x")


def main() -> None:
    """Build, take the SQL alone, then reconcile at scale."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=10_000_000, help="time entries (default 10000000)")
    entries = parser.parse_args().entries
    home = Home.from_environment()
    if not home.warehouse.exists():
        sys.exit("no build file in CONCORD_HOME; `make run` makes one")
    enter_environment(home)
    with tempfile.TemporaryDirectory(prefix="reconcile-") as temporary:
        bench = Bench(Path(temporary))
        compare_build(bench)
        compare_check(bench, entries)


if __name__ == "__main__":
    main()
