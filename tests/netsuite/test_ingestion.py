"""From the account to typed raw tables, through the runner: no change lost at midnight, no dead line kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import MalformedResponseError, PermanentError, ValidationError
from ingestion.sources.netsuite import TABLES
from sandbox.simulators.faults import Fault
from tests.netsuite.account import Account, OpenAccount, books, charge, invoice
from tests.netsuite.deployment import Deployment


@pytest.fixture
def deployment(account: Account, tmp_path: Path) -> Deployment:
    return Deployment(account, tmp_path)


def test_every_declared_table_lands_typed(deployment: Deployment) -> None:
    result = deployment.sync()
    assert set(result.rows_by_table) == set(TABLES)
    assert (result.quarantined, result.drift, result.tombstones) == (0, [], 0)
    assert result.rows_read == sum(len(rows) for rows in books().values())
    (row,) = deployment.rows("select * from raw_netsuite.transaction where id = '5001'")
    assert (row["foreigntotal"], row["exchangerate"]) == (Decimal("1000.0000"), Decimal("1.00000000"))
    assert (row["trandate"], row["posting"], row["is_disputed"]) == (date(2026, 5, 4), True, None)
    assert row["lastmodifieddate"] == datetime(2026, 5, 4, 14, tzinfo=UTC)
    (line,) = deployment.rows(
        "select * from raw_netsuite.transactionline where transaction = '5001' and id = '1'"
    )
    assert (line["job"], line["foreignamount"], line["source_type"]) == ("800", Decimal("-600.0000"), "time")
    (customer,) = deployment.rows("select * from raw_netsuite.customer where id = '701'")
    assert (customer["companyname"], customer["isinactive"], customer["terms"]) == ("Béta GmbH", True, None)


def test_a_second_run_reads_only_what_changed_and_full_tables(deployment: Deployment) -> None:
    deployment.sync()
    deployment.account.clock.advance(hours=2)
    deployment.account.call("PATCH", "record/v1/charge/600", json={"stage": {"id": "READY"}})
    result = deployment.sync()
    assert result.rows_by_table["charge"] == 3  # the changed one, and two within the overlap of the mark
    assert result.rows_by_table["currency"] == 2
    third = deployment.sync()
    assert (third.rows_by_table["charge"], third.rows_by_table["transaction"]) == (1, 2)
    assert deployment.rows("select stage from raw_netsuite.charge where id = '600'") == [{"stage": "READY"}]


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [("America/New_York", "2026-07-01T04:00:00Z"), ("Asia/Tokyo", "2026-07-01T15:00:00Z")],
)
def test_changes_around_the_accounts_midnight_are_read_by_the_next_run(
    open_account: OpenAccount, tmp_path: Path, zone: str, midnight: str
) -> None:
    account = open_account(time_zone=zone)
    deployment = Deployment(account, tmp_path)
    turn = datetime.fromisoformat(midnight)
    around = [turn - timedelta(seconds=1), turn, turn + timedelta(minutes=30)]
    moments = [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in around]
    for number, moment in enumerate(moments):
        account.store.load("charge", [charge(str(1000 + number), "HOLD", moment)])
        account.clock.now = datetime.fromisoformat(moment)
        deployment.sync()
    found = deployment.rows(
        "select id, lastmodifieddate from raw_netsuite.charge where id::int >= 1000 order by id"
    )
    assert [row["lastmodifieddate"] for row in found] == [
        datetime.fromisoformat(moment) for moment in moments
    ]


def test_the_hour_that_comes_twice_loses_no_version(open_account: OpenAccount, tmp_path: Path) -> None:
    account = open_account()
    deployment = Deployment(account, tmp_path)
    # 01:50 and 01:10 local on 2 November 2025: 05:50Z, then 06:10Z after the clocks went back
    for moment, stage in (("05:50", "HOLD"), ("06:10", "READY"), ("06:55", "PROCESSED"), ("07:05", "HOLD")):
        stamp = f"2025-11-02T{moment}:00Z"
        account.store.load("charge", [charge("1000", stage, stamp)])
        account.clock.now = datetime.fromisoformat(stamp)
        deployment.sync()
        found = deployment.rows("select stage, lastmodifieddate from raw_netsuite.charge where id = '1000'")
        assert found == [{"stage": stage, "lastmodifieddate": datetime.fromisoformat(stamp)}]


def test_the_hour_that_never_comes_does_not_stop_a_run(open_account: OpenAccount, tmp_path: Path) -> None:
    account = open_account()
    deployment = Deployment(account, tmp_path)
    for stamp in ("2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"):
        account.store.load("charge", [charge("1000", "HOLD", stamp)])
        account.clock.now = datetime.fromisoformat(stamp)
        deployment.sync()
    found = deployment.rows("select lastmodifieddate from raw_netsuite.charge where id = '1000'")
    assert found[0]["lastmodifieddate"] == datetime(2026, 3, 8, 7, tzinfo=UTC)


def draft(account: Account, *amounts: int) -> str:
    items = [{"amount": amount} for amount in amounts]
    body = {
        "entity": {"id": "700"}, "subsidiary": {"id": "2"}, "tranDate": "2026-05-20", "item": {"items": items},
    }  # fmt: skip
    answer = account.call("PUT", "record/v1/invoice/eid:draft-1", json=body, params={"replace": "item"})
    return answer.headers["Location"].rpartition("/")[2]


def test_a_line_that_left_a_changed_invoice_is_dead(deployment: Deployment) -> None:
    invoice = draft(deployment.account, 100, 200, 300)
    deployment.sync()
    deployment.account.clock.advance(hours=3)
    draft(deployment.account, 100)
    result = deployment.sync()
    assert deployment.dead() == {
        ("transactionline", f"{invoice}|2", "line_replace"),
        ("transactionline", f"{invoice}|3", "line_replace"),
    }
    assert result.tombstones == 2
    deployment.account.clock.advance(hours=3)
    draft(deployment.account, 100, 250)
    deployment.sync()
    alive = deployment.rows(
        "select l.id from raw_netsuite.transactionline l left join raw_netsuite.tombstone t "
        "on t.object = 'transactionline' and t.record_id = l.transaction || '|' || l.id "
        f"where l.transaction = '{invoice}' and coalesce(t._loaded_at < l._loaded_at, true) order by 1"
    )
    assert [row["id"] for row in alive] == ["0", "1", "2"]


def test_an_unapplied_payment_takes_its_link_along(deployment: Deployment) -> None:
    deployment.sync()
    deployment.account.clock.advance(hours=3)
    store = deployment.account.store
    store.delete("nexttransactionlinelink", ["5002", "5009", "Payment"])
    store.upsert("transaction", "5002", {"status": "A", "lastmodifieddate": "2026-06-30T20:30:00Z"})
    deployment.sync()
    assert deployment.dead() == {("nexttransactionlinelink", "5002|5009|Payment", "line_replace")}


def test_a_deleted_invoice_takes_its_lines_along(deployment: Deployment) -> None:
    deployment.sync()
    deployment.account.clock.advance(hours=3)
    assert deployment.account.call("DELETE", "record/v1/invoice/5001").status_code == 204
    deployment.sync()
    assert deployment.dead() == {
        ("transaction", "5001", "deleted_feed"),
        *(("transactionline", f"5001|{line}", "deleted_feed") for line in range(3)),
    }


@pytest.mark.parametrize("type_", ["CustInvc", "invoice", "Invoice"])
def test_deletions_are_known_by_type_code_or_record_name(deployment: Deployment, type_: str) -> None:
    deployment.sync()
    store = deployment.account.store
    store.delete("transaction", "5001")
    listed = {"recordid": "5001", "recordtypeid": 7, "type": type_, "deleteddate": "2026-06-30T18:01:00Z"}
    store.load("deletedrecord", [listed])
    deployment.sync()
    assert ("transaction", "5001", "deleted_feed") in deployment.dead()


def test_a_full_run_finds_what_the_feed_never_said_but_no_mass_delete(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    rows = books() | {"charge": [charge(str(n), "HOLD", "2026-05-04T14:00:00Z") for n in range(1, 31)]}
    account = open_account(rows)
    deployment = Deployment(account, tmp_path)
    deployment.sync()
    account.store.delete("charge", "7")
    deployment.sync("full")
    assert ("charge", "7", "sweep") in deployment.dead()
    for number in range(10, 28):
        account.store.delete("charge", str(number))
    with pytest.raises(Exception, match="charge"):
        deployment.sync("full")
    assert {dead for dead in deployment.dead() if dead[0] == "charge"} == {("charge", "7", "sweep")}


def test_bad_rows_are_set_aside_and_bad_pages_stop_the_run(deployment: Deployment) -> None:
    store = deployment.account.store
    store.load("charge", [charge("700", "HOLD", "2026-05-04T14:00:00Z") | {"stage": "MYSTERY"}])
    store.load("transaction", [invoice("5005", "A", "2026-05-04T14:00:00Z") | {"foreigntotal": "-5.00"}])
    assert deployment.sync().quarantined == 2
    found = deployment.rows("select object, record_id, field, rule from raw_landing.quarantine order by 1")
    assert [tuple(row.values()) for row in found] == [
        ("charge", "700", "stage", "allowed"), ("transaction", "5005", "foreigntotal", "minimum"),
    ]  # fmt: skip
    before = deployment.rows("select count(*) as n from raw_netsuite.customer")
    deployment.account.faults.order(Fault(kind="truncate", path="suiteql", skip=5))
    with pytest.raises(MalformedResponseError):
        deployment.sync()
    assert deployment.rows("select count(*) as n from raw_netsuite.customer") == before
    assert deployment.sync().rows_read > 0


def test_a_column_without_permission_stops_the_run_unless_the_estate_says_so(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    account = open_account(hidden={"customer": frozenset({"vatregnumber"})})
    with pytest.raises(ValidationError, match="vatregnumber"):
        Deployment(account, tmp_path / "one").sync()
    options: dict[str, Any] = account.instance().options | {"hidden_columns": {"customer": ["vatregnumber"]}}
    known = Deployment(account, tmp_path / "two", options=options)
    assert known.sync().rows_by_table["customer"] == 2


def test_an_unknown_time_zone_is_refused(account: Account, tmp_path: Path) -> None:
    options = account.instance().options | {"time_zone": "Mars/Base"}
    with pytest.raises(PermanentError, match="Mars/Base"):
        Deployment(account, tmp_path, options=options).sync()
