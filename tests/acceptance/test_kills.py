"""kill -9 in extract, load, build and dispatch: the next run ends where a firm that was never disturbed ends.

Two firms of one seed live through the same steps on the same clock. One is left alone; in the other a real
process is killed at each step before the step is done again, by the same command, as an operator would.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.paths import REPOSITORY
from orchestration.runtime import Runtime
from orchestration.writeback import Writeback
from reverse_etl.audit import verify_chain
from tests.acceptance.traces import LOAD_COLUMNS, Contents, query, raw_contents
from tests.support import AS_OF, Firm, running_firm

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]

PATIENCE = 180
HOLD = 10.0  # seconds an answer is held back; the process that waits for it is dead long before
DISPATCH = (
    "from orchestration.runtime import Runtime; from orchestration.writeback import Writeback; "
    "print(Writeback.open(Runtime.from_environment()).dispatch())"
)
SYNC = ("orchestration.cli", "sync")
RECONCILE = "from orchestration.demo import Loop; Loop.open().job('reconcile_job')"
WRITES = {  # what is held back: instance, method, path, table of the simulator
    "create": ("kantata_group", "POST", "/workspaces$", "workspaces"),
    "update": ("kantata_group", "PUT", "/workspace_allocations/", "workspace_allocations"),
    "erp": ("netsuite_group", "PATCH", "/charge/", "charge"),
}


@dataclass
class Outcome:
    """Where a firm stands after each step."""

    raw_first: dict[str, Contents] = field(default_factory=dict)
    findings: list[tuple[Any, ...]] = field(default_factory=list)
    published: list[tuple[Any, ...]] = field(default_factory=list)
    vendors: dict[str, dict[str, list[tuple[Any, ...]]]] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    corrections: dict[str, int] = field(default_factory=dict)
    raw_last: dict[str, Contents] = field(default_factory=dict)
    runs: list[tuple[Any, ...]] = field(default_factory=list)
    is_chain_whole: bool = False


class Operator:
    """Starts the commands of one firm in processes of their own, and kills some of them."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.home = firm.home

    def clock(self, minutes: int) -> None:
        """Stop the firm's clock at that moment: both firms see the same time at the same step."""
        moment = datetime.fromisoformat(AS_OF) + timedelta(minutes=minutes)
        path = self.home.sandbox / "clock.json"
        path.write_text(json.dumps({"now": moment.isoformat()}))

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        head = [sys.executable, "-c"] if command[0] in (DISPATCH, RECONCILE) else [sys.executable, "-m"]
        log = (self.home.logs / "commands.log").open("a")
        return subprocess.Popen(
            [*head, *command], cwd=REPOSITORY, text=True, stdout=log, stderr=log, start_new_session=True
        )

    def run(self, *command: str) -> None:
        process = self.start(command)
        assert process.wait(timeout=PATIENCE) == 0, (self.home.logs / "commands.log").read_text()[-4000:]

    def kill(
        self, command: Sequence[str], moment: Callable[[int], bool], *, whole_group: bool = True
    ) -> None:
        """Start, wait for the moment, and kill -9 the process, or it and its children."""
        process = self.start(command)
        deadline = time.monotonic() + PATIENCE
        while not moment(process.pid) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        if process.poll() is None:
            (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        if process.wait() != -signal.SIGKILL or time.monotonic() > deadline:
            words = (self.home.logs / "commands.log").read_text()[-4000:]
            pytest.fail(f"{command} ended or never came to the moment to be killed:\n{words}")

    def hold(self, instance: str, kind: str, method: str, path: str) -> None:
        fault = {"kind": kind, "method": method, "path": path, "seconds": HOLD}
        self.firm.admin(instance, "POST", "/faults", fault)

    def seen(self, instance: str, path: str) -> Callable[[int], bool]:
        """The vendor has answered a call of that path."""

        def check(_pid: int) -> bool:
            calls: Any = self.firm.admin(instance, "GET", "/calls")
            return any(call["path"].endswith(path) for call in calls)

        return check

    def loading(self, instance: str, progress: str) -> Callable[[int], bool]:
        """A prepared package is being loaded, behind the warehouse lock, and has a job in that folder."""
        folder = self.home.dlt / instance / instance / "load" / "normalized"
        return lambda _pid: any(folder.glob(f"*/{progress}/*"))

    def building(self) -> Callable[[int], bool]:
        """dbt has run some models and not all."""
        began = time.time()
        run = Runtime.from_environment().dbt_target / "run" / "concord" / "models" / "intermediate"
        return lambda _pid: any(path.stat().st_mtime > began for path in run.rglob("*.sql"))

    def rows_of(self, instance: str, table: str) -> list[dict[str, Any]]:
        rows: Any = self.firm.admin(instance, "GET", f"/rows/{table}")
        return list(rows)

    def changed_from(self, instance: str, table: str) -> Callable[[int], bool]:
        """The vendor has committed a write to that table."""
        before = self.rows_of(instance, table)
        return lambda _pid: self.rows_of(instance, table) != before

    def raw(self) -> dict[str, Contents]:
        return {
            one.name: raw_contents(self.home, one.system, one.name, ignoring=LOAD_COLUMNS)
            for one in self.firm.config.instances
        }

    def vendors(self) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
        """Every row of every vendor."""
        found = {}
        for name in self.firm.servers:
            with closing(sqlite3.connect(self.home.sandbox / f"{name}.db")) as store:
                tables = [
                    row[0] for row in store.execute("select name from sqlite_master where type = 'table'")
                ]
                found[name] = {
                    table: sorted(store.execute(f'select * from "{table}"').fetchall(), key=str)
                    for table in tables
                }
        return found


def _live(firm: Firm, *, kills: bool) -> Outcome:
    operator, outcome = Operator(firm), Outcome()
    Runtime.from_environment()
    operator.clock(1)
    if kills:
        _kill_syncs(operator)
    operator.clock(3)
    operator.run(*SYNC)
    outcome.raw_first = operator.raw()
    operator.clock(5)
    if kills:
        operator.kill((RECONCILE,), operator.building())
        operator.kill((RECONCILE,), operator.building(), whole_group=False)
        assert not operator.home.published.exists(), "the build was over before the kill"
    operator.run(RECONCILE)
    _note_build(operator, outcome)
    operator.clock(10)
    writeback = Writeback.open(Runtime.from_environment())
    assert writeback.approve_as_demo() > len(WRITES)
    if kills:
        _kill_dispatches(operator)
    operator.run(DISPATCH)
    _note_writes(operator, writeback, outcome)
    operator.clock(20)
    operator.run(*SYNC)
    outcome.raw_last = operator.raw()
    outcome.runs = query(firm.home, "select _instance, status, error from raw_landing.sync_run order by all")
    return outcome


def _kill_syncs(operator: Operator) -> None:
    operator.hold("kantata_group", "delay", "GET", "/time_entries")
    operator.kill((*SYNC, "kantata_group"), operator.seen("kantata_group", "/stories"))
    operator.kill((*SYNC, "netsuite_group"), operator.loading("netsuite_group", "completed_jobs"))
    operator.kill((*SYNC, "salesforce_group"), operator.loading("salesforce_group", "started_jobs"))


def _kill_dispatches(operator: Operator) -> None:
    for instance, method, path, table in WRITES.values():
        operator.hold(instance, "delay_after", method, path)
        operator.kill((DISPATCH,), operator.changed_from(instance, table))


def _note_build(operator: Operator, outcome: Outcome) -> None:
    findings = "finding_id, check_id, matching_key, period, amount_at_risk"
    with duckdb.connect(str(operator.home.published.resolve()), read_only=True) as copy:
        outcome.findings = copy.execute(
            f"select {findings} from reconciliation.fct_findings order by all"
        ).fetchall()
        tables = copy.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema <> 'raw_landing' order by all"
        ).fetchall()
        outcome.published = [
            (schema, table, copy.execute(f'select count(*) from "{schema}"."{table}"').fetchall())
            for schema, table in tables
        ]


def _note_writes(operator: Operator, writeback: Writeback, outcome: Outcome) -> None:
    outcome.vendors = operator.vendors()
    for name, (instance, method, path, _table) in WRITES.items():
        calls: Any = operator.firm.admin(instance, "GET", "/calls")
        outcome.writes[name] = sum(
            call["method"] == method and re.search(path, call["path"]) is not None for call in calls
        )
    outcome.corrections = writeback.counts()
    outcome.is_chain_whole = verify_chain(writeback.outbox.engine).is_valid


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return _whole_life(tmp_path_factory.mktemp("undisturbed"), kills=False)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return _whole_life(tmp_path_factory.mktemp("killed"), kills=True)


def _whole_life(folder: Path, *, kills: bool) -> Outcome:
    with running_firm(folder, people=40, months=9) as firm:
        os.environ["DAGSTER_HOME"] = str(firm.home.dagster)
        return _live(firm, kills=kills)


def test_killed_while_reading_or_loading(undisturbed: Outcome, killed: Outcome) -> None:
    assert sum(count for tables in undisturbed.raw_first.values() for count, _ in tables.values()) > 10_000
    assert killed.raw_first == undisturbed.raw_first
    interrupted = [(name, error) for name, status, error in killed.runs if status == "failed"]
    assert [name for name, _ in interrupted] == ["kantata_group", "netsuite_group", "salesforce_group"]
    assert all("interrupted" in error for _, error in interrupted)


def test_killed_while_building(undisturbed: Outcome, killed: Outcome) -> None:
    assert len(undisturbed.findings) > 50
    assert killed.findings == undisturbed.findings
    assert killed.published == undisturbed.published


def test_killed_after_the_vendor_committed_and_before_it_answered(
    undisturbed: Outcome, killed: Outcome
) -> None:
    assert all(count > 1 for count in undisturbed.writes.values()), undisturbed.writes
    assert killed.writes == undisturbed.writes, "a write was sent twice"
    assert killed.vendors == undisturbed.vendors
    assert killed.corrections == undisturbed.corrections
    assert killed.is_chain_whole


def test_the_last_read_ends_in_the_same_rows(undisturbed: Outcome, killed: Outcome) -> None:
    assert killed.raw_last == undisturbed.raw_last
    assert killed.raw_last != killed.raw_first
