"""What a sync leaves in the warehouse, seen from outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ingestion.errors import MalformedPageError, ShrinkError, TypeFlipError
from ingestion.extract import Tombstone
from ingestion.runner import sync_instance
from ingestion.tables import Column, Table, fields
from tests.ingestion.scripted import START, Script, config_with, scripted_system

DEAL = Table(
    "deal",
    ("id",),
    (
        *fields("Id!", "Name", "Amount:m", "CloseDate:d", "ModifiedAt:ts=>modified_at"),
        Column("minutes", "int", "Minutes", minimum=0),
        Column("stage", "text", "Stage", allowed=frozenset({"open", "won"})),
        Column("worked_on", "date", "WorkedOn", future=timedelta(days=1)),
    ),
    cursor="modified_at",
    overlap=timedelta(minutes=5),
    ordered=True,
    deletes="deleted_feed",
)
CODE = Table("code", ("id",), fields("Id!", "Label"), deletes="full")


def deal(number: int, **fields: object) -> dict[str, object]:
    row = {
        "Id": f"d{number}",
        "Name": f"Deal {number}",
        "Amount": "10.50",
        "CloseDate": "2026-03-01",
        "ModifiedAt": "2026-01-01T10:00:00Z",
        "Minutes": 30,
        "Stage": "open",
        "WorkedOn": "2025-12-31",
    }
    return {**row, **fields}


def codes(count: int) -> list[dict[str, object]]:
    return [{"Id": str(n), "Label": f"label {n}"} for n in range(count)]


class Rig:
    def __init__(self, home, clock):
        self.home, self.clock, self.script = home, clock, Script()
        self.cfg = config_with("one", "two")

    def sync(self, instance="one", **options):
        systems = scripted_system(self.script, DEAL, CODE)
        return sync_instance(self.cfg, instance, home=self.home, clock=self.clock, systems=systems, **options)


@pytest.fixture
def rig(home, clock):
    return Rig(home, clock)


def test_rows_land_with_declared_types_and_exact_money(rig, query):
    rig.script.pages = {"deal": [[deal(1, Amount="123456789.12")]]}
    result = rig.sync()
    assert result.rows_by_table == {"deal": 1, "code": 0}
    assert query("select _instance, amount, close_date, modified_at, minutes from raw_files.deal") == [
        ("one", Decimal("123456789.1200"), date(2026, 3, 1), datetime(2026, 1, 1, 10, tzinfo=UTC), 30)
    ]


def test_every_declared_table_exists_after_the_first_run_even_when_empty(rig, query):
    rig.sync()
    assert query("select count(*) from raw_files.code") == [(0,)]
    assert query("select count(*) from raw_files.tombstone") == [(0,)]


def test_the_next_run_asks_from_the_cursor_less_the_overlap(rig):
    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync()
    rig.sync()
    asked = [since for table, since in rig.script.asked if table == "deal"]
    assert asked == [None, datetime(2026, 1, 1, 9, 55, tzinfo=UTC)]


def test_a_full_run_asks_for_everything_again(rig):
    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync()
    rig.sync(mode="full")
    assert [since for table, since in rig.script.asked if table == "deal"] == [None, None]


def test_a_changed_row_replaces_and_never_doubles(rig, query):
    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync()
    rig.script.pages = {"deal": [[deal(1, Name="New", ModifiedAt="2026-01-01T11:00:00Z")]]}
    rig.sync()
    assert query("select id, name from raw_files.deal") == [("d1", "New")]


def test_a_stale_version_never_overwrites_a_newer_one(rig, query):
    rig.script.pages = {"deal": [[deal(1, Name="New", ModifiedAt="2026-01-01T10:04:00Z")]]}
    rig.sync()
    rig.script.pages = {"deal": [[deal(1, Name="Old", ModifiedAt="2026-01-01T10:00:00Z")]]}
    rig.sync()
    assert query("select name from raw_files.deal") == [("New",)]


def test_two_instances_of_one_system_share_tables_and_never_touch_each_other(rig, query):
    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync("one")
    rig.script.pages = {"deal": [[deal(1, Name="Other")]]}
    rig.sync("two")
    assert query("select _instance, name from raw_files.deal order by 1") == [
        ("one", "Deal 1"),
        ("two", "Other"),
    ]


def test_what_vanishes_from_a_whole_table_gets_a_tombstone_once(rig, query, clock):
    rig.script.pages = {"code": [codes(3)]}
    rig.sync()
    rig.script.pages = {"code": [codes(2)]}
    clock.at += timedelta(hours=1)
    assert rig.sync().tombstones == 1
    assert rig.sync().tombstones == 0
    assert query("select object, record_id, origin from raw_files.tombstone") == [("code", "2", "sweep")]


def test_a_record_that_returns_is_alive_again_by_load_time(rig, query):
    for count in (3, 2, 3):
        rig.script.pages = {"code": [codes(count)]}
        rig.sync()
    dead = query(
        "select r.id from raw_files.code r join raw_files.tombstone t on t.record_id = r.id "
        "and t._loaded_at >= r._loaded_at"
    )
    assert dead == []


def test_a_reported_deletion_older_than_the_row_is_ignored(rig, query):
    rig.script.pages = {"deal": [[deal(1, ModifiedAt="2026-01-01T11:00:00Z"), deal(2)]]}
    gone = datetime(2026, 1, 1, 10, 30, tzinfo=UTC)
    rig.script.tombstones = [
        Tombstone(object="deal", record_id=record, deleted_at=gone, origin="deleted_feed")
        for record in ("d1", "d2")
    ]
    rig.sync()
    assert query("select record_id from raw_files.tombstone") == [("d2",)]


@pytest.mark.parametrize(
    ("broken", "field", "rule"),
    [
        ({"Id": ""}, "Id", "required"),
        ({"Amount": "a lot"}, "Amount", "type"),
        ({"CloseDate": "31/12/2026"}, "CloseDate", "type"),
        ({"ModifiedAt": "2026-01-01T10:00:00"}, "ModifiedAt", "type"),
        ({"ModifiedAt": "2031-01-01T10:00:00Z"}, "ModifiedAt", "future"),
        ({"Minutes": -1}, "Minutes", "minimum"),
        ({"Stage": "imagined"}, "Stage", "allowed"),
        ({"WorkedOn": "2026-06-01"}, "WorkedOn", "future"),
    ],
)
def test_a_bad_record_is_set_aside_with_its_reason_and_the_rest_lands(rig, query, broken, field, rule):
    rig.script.pages = {"deal": [[deal(1), deal(2, **broken), deal(3)]]}
    result = rig.sync()
    assert result.quarantined == 1
    assert query("select id from raw_files.deal order by 1") == [("d1",), ("d3",)]
    rows = query(
        "select _instance, object, record_id, field, rule, state, payload from raw_landing.quarantine"
    )
    assert [row[:2] + row[3:6] for row in rows] == [("one", "deal", field, rule, "open")]
    assert rows[0][2] == ("?" if field == "Id" else "d2")
    assert '"Name":"Deal 2"' in rows[0][6]


def test_the_same_key_twice_in_one_run_keeps_the_first_and_reports_the_second(rig, query):
    rig.script.pages = {"code": [[{"Id": "1", "Label": "a"}], [{"Id": "1", "Label": "b"}]]}
    rig.sync()
    assert query("select label from raw_files.code") == [("a",)]
    assert query("select record_id, rule from raw_landing.quarantine") == [("1", "duplicate_key")]


def test_the_same_record_on_two_drifting_pages_is_one_row_and_no_complaint(rig, query):
    rig.script.pages = {"code": [codes(2), codes(3)]}
    assert rig.sync().quarantined == 0
    assert query("select count(*) from raw_files.code") == [(3,)]


def test_a_type_flip_across_a_page_stops_the_instance_and_leaves_the_old_data(rig, query):
    rig.script.pages = {"deal": [[deal(n) for n in range(10)]]}
    rig.sync()
    rig.script.pages = {"deal": [[deal(n, Amount={"value": 1}) for n in range(10)]]}
    with pytest.raises(TypeFlipError, match=r"one: deal: page 1: field 'Amount' is declared money"):
        rig.sync()
    assert query("select count(*), sum(amount) from raw_files.deal") == [(10, Decimal("105.0000"))]
    assert query("select status from raw_landing.sync_run order by started_at, status desc") == [
        ("ok",),
        ("failed",),
    ]


def test_a_page_that_is_no_list_of_records_names_instance_object_and_page(rig, query):
    rig.script.pages = {"deal": [[deal(1)], {"error": "gateway"}]}
    with pytest.raises(MalformedPageError, match="one: deal: page 2 is a dict"):
        rig.sync()
    assert "page 2 is a dict" in query("select error from raw_landing.sync_run")[0][0]


def test_a_sharp_shrink_of_a_whole_table_is_refused_until_someone_accepts_it(rig, query):
    rig.script.pages = {"code": [codes(40)]}
    rig.sync()
    rig.script.pages = {"code": [codes(19)]}
    with pytest.raises(ShrinkError, match="one: code: the full read returned 19 records, the last one 40"):
        rig.sync()
    assert query("select count(*) from raw_files.tombstone") == [(0,)]
    assert rig.sync(accept_shrink=True).tombstones == 21


def test_a_new_vendor_field_is_kept_and_reported_as_drift(rig, query):
    rig.script.pages = {"code": [[{"Id": "1", "Label": "a", "Colour": "red"}]]}
    assert ("code", "Colour", "new_column") in rig.sync().drift
    assert query("select _extra from raw_files.code") == [('{"Colour":"red"}',)]
    assert query("select object, column_name, kind from raw_landing.schema_drift") == [
        ("code", "Colour", "new_column")
    ]


def test_a_declared_field_that_no_record_carries_is_reported_as_drift(rig, query):
    rig.script.pages = {"code": [[{"Id": "1"}]]}
    assert ("code", "Label", "missing_column") in rig.sync().drift


def test_control_totals_balance(rig, query):
    rig.script.pages = {"deal": [[deal(1), deal(2, Minutes=-1)], [deal(3)]]}
    rig.sync()
    totals = query(
        "select object, rows_read, rows_landed, rows_quarantined, last_cursor "
        "from raw_landing.control_total order by object desc"
    )
    assert totals == [("deal", 3, 2, 1, "2026-01-01T10:00:00+00:00"), ("code", 0, 0, 0, None)]


def test_a_failure_of_one_instance_does_not_touch_another(rig, query):
    rig.script.pages = {"deal": ["not a page"]}
    with pytest.raises(MalformedPageError):
        rig.sync("one")
    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync("two")
    runs = query("select _instance, status, complete_until from raw_landing.sync_run order by 1")
    assert runs == [("one", "failed", None), ("two", "ok", START)]


def test_a_lost_working_folder_is_restored_from_the_warehouse(rig, home):
    import shutil

    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync()
    shutil.rmtree(home.dlt)
    rig.sync()
    assert rig.script.asked[-2][1] is not None


def test_a_lost_warehouse_is_read_from_the_start_again(rig, home, query):
    rig.script.pages = {"deal": [[deal(1)]]}
    rig.sync()
    home.warehouse.unlink()
    rig.sync()
    assert rig.script.asked[-2] == ("deal", None)
    assert query("select count(*) from raw_files.deal") == [(1,)]


def test_a_long_ordered_read_checkpoints_and_resumes_from_there(rig, query):
    stamps = [START - timedelta(hours=10) + timedelta(minutes=n) for n in range(40)]
    pages = [
        [deal(n, ModifiedAt=stamps[n].isoformat()) for n in range(first, first + 10)]
        for first in range(0, 40, 10)
    ]
    rig.script.pages = {"deal": pages}

    def broken(table, number):
        if (table, number) == ("deal", 4):
            raise ConnectionError("the vendor hung up")

    rig.script.on_page = broken
    with pytest.raises(ConnectionError):
        rig.sync(checkpoint_rows=10)
    assert query("select count(*) from raw_files.deal") == [(30,)]
    rig.script.on_page = lambda table, number: None
    rig.sync()
    assert rig.script.asked[-2] == ("deal", stamps[29] - timedelta(minutes=5))
    assert query("select count(*) from raw_files.deal") == [(40,)]
