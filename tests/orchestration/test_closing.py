"""A frozen month stays as reported; what changes later is a difference with its cause, even after a lost warehouse."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config import load_config
from config.paths import Home
from config.schema import Close, LegalEntity
from orchestration.closing import CloseDesk, closing_month
from orchestration.finding_states import record_finding_states
from orchestration.ledger_tables import load_ledger_tables
from orchestration.runtime import Runtime
from reverse_etl import closing
from tests.dbt.group import hand_made_group
from tests.dbt.warehouse import Warehouse

MAY = date(2026, 5, 1)
CLOSED, LATER = "2026-06-05T18:00:00+00:00", "2026-06-20T18:00:00+00:00"
MODELS = (
    "+fct_close_difference",
    "+fct_close_figure",
    "+fct_finding_state",
    "+hist_time_entry",
    "+hist_invoice",
)

OF_THE_CLOSE = ("rec_close_change", "fct_close_difference", "fct_close_figure")


def entry(number: int, day: str, minutes: int = 60, rate: int = 10_000, **facts: Any) -> dict[str, Any]:
    return {
        "_instance": "psa_us", "id": str(number), "workspace_id": "10", "user_id": "7", "date_performed": day,
        "time_in_minutes": minutes, "billable": True, "approved": True, "rate_in_cents": rate, "currency": "USD",
        "currency_base_unit": 100, "created_at": "2026-05-20T09:00:00Z", "_loaded_at": "2026-06-30T16:00:00Z", **facts,
    }  # fmt: skip


def invoice(net: str) -> dict[str, list[dict[str, Any]]]:
    key = {"_instance": "erp_us", "_loaded_at": "2026-06-30T18:00:00Z"}
    line = {
        **key,
        "transaction": "950",
        "job": "77",
        "source_type": "time",
        "mainline": False,
        "taxline": False,
    }
    return {
        "raw_netsuite.transaction": [
            {**key, "id": "950", "tranid": "INV-50", "type": "CustInvc", "entity": "501", "currency": "1",
             "subsidiary": "2", "trandate": "2026-05-28", "exchangerate": "1", "status": "A", "foreigntotal": net,
             "foreignamountunpaid": net}
        ],
        "raw_netsuite.transactionline": [{**line, "id": "1", "foreignamount": f"-{net}"}],
    }  # fmt: skip


FROZEN = [
    entry(11, "2026-05-04"), entry(12, "2026-05-05"), entry(13, "2026-05-06"), entry(14, "2026-05-07", approved=False),
    entry(15, "2026-05-08"), entry(16, "2026-05-11"), entry(18, "2026-05-12"), entry(19, "2026-06-01"),
]  # fmt: skip
NOW = {"_loaded_at": "2026-06-30T18:00:00Z"}
CHANGED = [
    entry(11, "2026-05-04", minutes=90, **NOW), entry(12, "2026-05-05", rate=12_000, **NOW),
    entry(14, "2026-05-07", **NOW), entry(15, "2026-06-02", **NOW), entry(16, "2026-05-11"),
    entry(17, "2026-05-13", created_at="2026-06-10T09:00:00Z", **NOW),
    entry(18, "2026-05-12", minutes=120, rate=15_000, **NOW), entry(19, "2026-05-14", **NOW),
]  # fmt: skip
CAUSES = [  # (cause, record, effect in USD)
    ("changed_hours", "psa_us:11", Decimal(50)), ("changed_hours", "psa_us:18", Decimal(100)),
    ("changed_rate", "psa_us:12", Decimal(20)), ("changed_rate", "psa_us:18", Decimal(100)),
    ("deleted", "psa_us:13", Decimal(-100)), ("invoice_changed", "erp_us:950", Decimal(-200)),
    ("late_entry", "psa_us:17", Decimal(100)), ("newly_approved", "psa_us:14", Decimal(100)),
    ("re_dated", "psa_us:15", Decimal(-100)), ("re_dated", "psa_us:19", Decimal(100)),
]  # fmt: skip


class Deployment:
    """One home, and warehouses that come and go."""

    def __init__(self, root: Path, dbt_workshop: Path) -> None:
        self.root, self.home, self.dbt_workshop = root, Home(root / "home"), dbt_workshop
        self.home.serving.mkdir(parents=True)
        config = load_config()
        us = LegalEntity(id="US", name="Group Inc", country="US", currency="USD", fiscal_year_start_month=1,
                         calendar="US", erp_subsidiary_id="2")  # fmt: skip
        rules = Close(checks=["R01"], sign_off_roles=["finance_manager", "controller"])
        config = config.model_copy(
            update={
                "estate": config.estate.model_copy(update={"legal_entities": [us]}),
                "policy": config.policy.model_copy(update={"close": rules}),
            }
        )
        self.desk = CloseDesk.open(Runtime(config, self.home))

    def warehouse(self, name: str) -> Warehouse:
        (self.root / name).mkdir()
        return Warehouse(self.root / name / "warehouse.duckdb", self.dbt_workshop)

    def build(self, warehouse: Warehouse, as_of: str, models: tuple[str, ...] = MODELS) -> None:
        with duckdb.connect(str(warehouse.path)) as connection:
            load_ledger_tables(self.home, connection)
        leave_out = [part for kind in ("unit_test", "test") for part in ("--exclude-resource-type", kind)]
        done = warehouse.dbt("build", "--quiet", "--select", *models, *leave_out, as_of=as_of)
        assert done.returncode == 0, done.stdout + done.stderr
        self.home.published.unlink(missing_ok=True)
        self.home.published.symlink_to(warehouse.path)
        record_finding_states(self.desk.runtime)

    def close_may(self) -> closing.Standing:
        for actor, role in (("grace", "finance_manager"), ("carla", "controller")):
            (shown,) = self.desk.pictures(MAY)
            closing.sign_off(self.desk.outbox, self.desk.rules, shown, actor, [role], role, "")
        return closing.freeze(self.desk.outbox, self.desk.rules, shown, "carla", ["controller"])

    def differences(self) -> tuple[dict[str, tuple[Decimal, Decimal]], list[tuple[str, str, Decimal]]]:
        figures, changes = self.desk.differences(MAY, "US")
        return (
            {row["metric_id"]: (row["frozen_value"], row["metric_value"]) for row in figures},
            [(row["cause"], row["item_id"], row["amount_effect"]) for row in changes],
        )


def raw(entries: list[dict[str, Any]], net: str, read_at: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: list(found) for name, found in hand_made_group().items()}
    rows["raw_kantata.time_entry"] += entries
    for name, found in invoice(net).items():
        rows[name] += found
    rows["raw_config.check_setting"] = [
        {"check_id": "R01", "name": "Missing rate card", "severity": "S2", "owner_role": "pricing_owner",
         "truth_system": "psa", "grace_days": 0, "grace_hours": 0, "tolerance": 0, "enabled": True,
         "max_source_age_hours": 48}
    ]  # fmt: skip
    rows["raw_landing.sync_run"] = [
        {"_instance": name, "system": "any", "run_id": f"{name}-{read_at}", "mode": "full", "started_at": read_at,
         "finished_at": read_at, "status": "ok", "rows_read": 1, "complete_until": read_at}
        for name in ("crm", "erp_us", "erp_de", "psa_us", "psa_de", "hr")
    ]  # fmt: skip
    if entries is CHANGED:
        rows["raw_kantata.tombstone"] = [
            {
                "_instance": "psa_us",
                "object": "time_entry",
                "record_id": "13",
                "_loaded_at": "2026-06-30T18:00:00Z",
            }
        ]
        rows["raw_kantata.time_entry"].append(entry(13, "2026-05-06"))
    return rows


@pytest.mark.slow
def test_a_frozen_month_stays_and_every_later_change_is_named_even_after_the_warehouse_is_lost(
    tmp_path: Path, dbt_workshop: Path
) -> None:
    firm = Deployment(tmp_path, dbt_workshop)
    first = firm.warehouse("first")
    first.fill(raw(FROZEN, "1000", "2026-06-05T17:00:00Z"))
    firm.build(first, CLOSED)
    assert firm.close_may().state == "frozen"
    firm.build(first, CLOSED, OF_THE_CLOSE)
    figures, changes = firm.differences()
    assert changes == []
    assert {name: frozen - now for name, (frozen, now) in figures.items()} == dict.fromkeys(figures, 0)

    with duckdb.connect(str(first.path)) as connection:
        for name in ("raw_kantata.time_entry", "raw_netsuite.transaction", "raw_netsuite.transactionline",
                     "raw_landing.sync_run"):  # fmt: skip
            connection.execute(f"delete from {name}")
        for name, found in raw(CHANGED, "800", "2026-06-20T17:00:00Z").items():
            if (
                name in ("raw_kantata.time_entry", "raw_kantata.tombstone", "raw_landing.sync_run")
                or "transaction" in name
            ):
                for record in found:
                    Warehouse._insert(connection, name, record)
    firm.build(first, LATER)
    figures, changes = firm.differences()
    assert changes == CAUSES
    assert figures["approved_hours"] == (Decimal(6), Decimal("8.5"))
    assert figures["invoiced_net_fc"] == (Decimal(1000), Decimal(800))

    # what we believed on the 6th of June about May, and what we believe now: hours of May by record
    before, after = known(first, "2026-06-06T00:00:00Z", "2026-06-21T00:00:00Z")
    assert before == {f"psa_us:{number}": 1.0 for number in (11, 12, 13, 14, 15, 16, 18)}
    assert after == {
        "psa_us:11": 1.5, "psa_us:12": 1.0, "psa_us:14": 1.0, "psa_us:16": 1.0, "psa_us:17": 1.0, "psa_us:18": 2.0,
        "psa_us:19": 1.0,
    }  # fmt: skip

    second = firm.warehouse("second")
    second.fill(raw(CHANGED, "800", "2026-06-20T17:00:00Z"))
    firm.build(second, LATER)
    assert firm.differences() == (figures, CAUSES)


def known(warehouse: Warehouse, *moments: str) -> list[dict[str, float]]:
    """Hours of May's entries as they were believed at each moment, through the macro that reports use."""
    one = (
        "select {number} as number, time_entry_id, hours from "
        "({{{{ as_known('hist_time_entry', 'time_entry_id', \"timestamptz '{moment}'\") }}}}) as believed "
        "where work_date between date '2026-05-01' and date '2026-05-31'"
    )
    query = " union all ".join(one.format(number=n, moment=moment) for n, moment in enumerate(moments))
    done = warehouse.dbt(
        "show", "--quiet", "--inline", query, "--output", "json", "--limit", "100", as_of=LATER
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = json.loads(done.stdout[done.stdout.index("{") :])["show"]
    return [
        {row["time_entry_id"]: float(row["hours"]) for row in shown if row["number"] == n}
        for n in range(len(moments))
    ]


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 6, 1), MAY), (date(2026, 6, 25), MAY), (date(2026, 6, 26), date(2026, 6, 1)),
        (date(2026, 6, 30), date(2026, 6, 1)), (date(2026, 7, 1), date(2026, 6, 1)),
    ],
)  # fmt: skip
def test_reminders_turn_to_the_present_month_three_business_days_before_its_end(
    today: date, month: date
) -> None:
    assert closing_month(today, 3, frozenset()) == month
