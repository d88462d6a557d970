"""A finding's life outlives the warehouse: five builds, each in a fresh file, and one ledger between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from config import load_config
from config.paths import Home
from orchestration.finding_states import record_finding_states
from orchestration.ledger_tables import load_ledger_tables
from orchestration.runtime import Runtime
from reverse_etl import findings
from reverse_etl.setup import open_outbox
from tests.dbt.group import hand_made_group
from tests.dbt.warehouse import Warehouse

pytestmark = pytest.mark.slow
FIRST = datetime(2026, 6, 30, 18, tzinfo=UTC)


class Deployment:
    """A home whose warehouse is lost before every build."""

    def __init__(self, root: Path, dbt_workshop: Path) -> None:
        self.root, self.dbt_workshop = root, dbt_workshop
        self.home = Home(root / "home")
        self.home.serving.mkdir(parents=True)
        self.runtime = Runtime(load_config(), self.home)

    def build(self, number: int, *, is_billable: bool, is_read: bool = True) -> dict[str, list[object]]:
        """A day's build from nothing; R01 fires for the entry of psa_us while it is billable."""
        at = FIRST + timedelta(days=number)
        (self.root / str(number)).mkdir()
        warehouse = Warehouse(self.root / str(number) / "warehouse.duckdb", self.dbt_workshop)
        warehouse.fill(_rows(at, is_billable=is_billable, is_read=is_read))
        with duckdb.connect(str(warehouse.path)) as connection:
            load_ledger_tables(self.home, connection)
        done = warehouse.dbt(
            "build", "--quiet", "--select", "+fct_finding_state",
            "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test", as_of=at.isoformat(),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        self.home.published.unlink(missing_ok=True)
        self.home.published.symlink_to(warehouse.path)
        record_finding_states(self.runtime)
        seen = warehouse.rows(
            "select matching_key, finding_id, finding_state, first_seen_at, closed_at, times_reopened "
            "from reconciliation.fct_finding_state where check_id = 'R01'"
        )
        return {str(key): rest for key, *rest in seen}


def _rows(at: datetime, *, is_billable: bool, is_read: bool) -> dict[str, list[dict[str, object]]]:
    rows = {name: [dict(one) for one in records] for name, records in hand_made_group().items()}
    rows["raw_kantata.time_entry"][0]["billable"] = is_billable
    rows["raw_config.check_setting"] = [
        {"check_id": "R01", "name": "Missing rate card", "severity": "S2", "owner_role": "pricing_owner",
         "truth_system": "psa", "grace_days": 0, "grace_hours": 0, "tolerance": 0, "enabled": True,
         "max_source_age_hours": 12}
    ]  # fmt: skip
    read = at - timedelta(hours=1 if is_read else 25)
    rows["raw_landing.sync_run"] = [
        {"_instance": name, "system": "any", "run_id": f"{name}-{read:%d%H}", "mode": "full", "started_at": read,
         "finished_at": read, "status": "ok", "rows_read": 1, "complete_until": read}
        for name in ("crm", "erp_us", "erp_de", "psa_us", "psa_de", "hr")
    ]  # fmt: skip
    return rows


def test_it_is_seen_waived_left_alone_while_unread_closed_and_reopened(
    tmp_path: Path, dbt_workshop: Path
) -> None:
    firm = Deployment(tmp_path, dbt_workshop)
    first = firm.build(0, is_billable=True)
    key = next(one for one in first if one.startswith("psa_us"))
    finding_id, *found = first[key]
    assert found == ["open", FIRST, None, 0]

    outbox = open_outbox(firm.runtime.config, firm.home, now=lambda: FIRST)
    until = FIRST + timedelta(days=2)
    findings.waive(
        outbox, str(finding_id), "olga", ["pricing_owner"], "no card", until=until, reason_class="rule_wrong"
    )
    outbox.engine.dispose()
    assert firm.build(1, is_billable=True)[key][1:] == ["waived", FIRST, None, 0]
    # the waiver ends on its day; the entry is no longer billable, but nobody has read the systems since
    assert firm.build(2, is_billable=False, is_read=False)[key][1:] == ["open", FIRST, None, 0]
    closed_at = FIRST + timedelta(days=3)
    assert firm.build(3, is_billable=False)[key][1:] == ["closed", FIRST, closed_at, 0]
    assert firm.build(4, is_billable=True)[key] == [finding_id, "reopened", FIRST, None, 1]
