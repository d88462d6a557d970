"""BambooHR end to end: simulator over HTTP, client, extract, dlt, DuckDB."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.errors import MalformedResponseError, UnauthorizedError
from tests.bamboohr.firm import time_off


def test_the_first_read_lands_everything(account):
    result = account.sync()
    assert result.rows_by_table == {
        "employee": 6,
        "job_info": 6,
        "employment_status": 6,
        "work_pattern": 6,
        "compensation": 1,
        "time_off_request": 3,
        "time_off_day": 6,
        "company_holiday": 1,
    }
    assert account.query(
        "select employee_id, start_date, rate, currency, paid_per from raw_bamboohr.compensation"
    ) == [("1", date(2025, 4, 1), Decimal("96000.0000"), "EUR", "Year")]


def test_pay_is_not_even_asked_for_unless_the_estate_says_so(account, monkeypatch):
    instance = account.cfg.instance("bamboohr_group")
    options = {name: value for name, value in instance.options.items() if name != "read_pay"}
    silent = instance.model_copy(update={"options": options})
    cfg = account.cfg.model_copy(
        update={"estate": account.cfg.estate.model_copy(update={"instances": [silent]})}
    )
    monkeypatch.setattr(type(account), "cfg", cfg)
    assert account.sync().rows_by_table["compensation"] == 0
    assert not any("compensation" in call["path"] for call in account.faults.calls)


def test_a_refused_row_of_pay_does_not_tell_the_pay(account):
    for number, fields in enumerate(({"startDate": "soon"}, {"rate": "twelve777"}, {"rate": "-51777"})):
        row = {"id": f"41{number}", "employeeId": "2", "startDate": "2025-04-01", "rate": "51777", "currency": "EUR",
               "type": "Salary", "paidPer": "Year"}  # fmt: skip
        account.store.load("compensation", [row | fields])
    account.sync()
    refused = account.query(
        "select record_id, field, reason, payload from raw_landing.quarantine order by record_id"
    )
    assert [(record, field) for record, field, _, _ in refused] == [
        ("410", "startDate"), ("411", "rate"), ("412", "rate"),
    ]  # fmt: skip
    assert not [text for row in refused for text in row if "777" in text]


def test_values_are_typed_and_zero_dates_are_nothing(account):
    account.sync()
    rows = account.query(
        "select id, status, hire_date, termination_date, standard_hours_per_week, last_changed "
        "from raw_bamboohr.employee where id in ('1', '6') order by id"
    )
    assert rows[0][:5] == ("1", "Active", date(2024, 2, 1), None, Decimal("40.0000"))
    assert rows[0][5].astimezone(UTC) == datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert rows[1][1:4] == ("Inactive", date(2024, 2, 1), date(2026, 5, 31))


def test_the_second_read_asks_only_for_changed_people(account, moved):
    account.sync()
    account.faults.clear()
    moved("2", jobTitle="Manager")
    result = account.sync()
    single = [call["path"] for call in account.faults.calls if call["path"].startswith("/api/v1/employees/")]
    assert "/api/v1/employees/2" in single
    assert "/api/v1/employees/1" not in single
    assert result.rows_by_table["employee"] == 2  # the changed one, and the last one again by the overlap
    assert account.query("select job_title from raw_bamboohr.employee where id = '2'") == [("Manager",)]


def test_a_person_deleted_for_good_leaves_a_tombstone(account):
    account.sync()
    account.clock.advance(hours=1)
    account.store.delete("employee", "5")
    account.store.load("deleted_employee", [{"id": "5", "lastChanged": "2026-06-30T18:30:00+00:00"}])
    account.sync()
    assert account.query("select object, record_id, origin from raw_bamboohr.tombstone") == [
        ("employee", "5", "deleted_feed")
    ]


def test_a_history_row_that_was_removed_leaves_a_tombstone(account):
    account.sync()
    account.store.delete("jobInfo", "103")
    account.sync()
    assert account.query("select object, record_id, origin from raw_bamboohr.tombstone") == [
        ("job_info", "103", "sweep")
    ]


def test_time_off_is_replaced_inside_the_window_and_left_alone_outside(account):
    account.sync()
    account.clock.advance(days=1)
    account.store.delete("time_off_request", "501")
    account.store.delete("time_off_request", "502")  # 2025: before the window, never asked for again
    account.store.load("time_off_request", [time_off(504, 2, "2026-07-01", "2026-07-01")])
    account.sync()
    dead = account.query("select object, record_id, origin from raw_bamboohr.tombstone order by 1 desc, 2")
    assert dead == [
        ("time_off_request", "501", "window"),
        ("time_off_day", "501|2|2026-06-16", "window"),
        ("time_off_day", "501|2|2026-06-17", "window"),
    ]
    assert account.query("select count(*) from raw_bamboohr.time_off_request") == [(4,)]


def test_an_unknown_status_is_set_aside_and_the_others_land(account, moved):
    moved("3", status="Suspended")
    result = account.sync()
    assert (result.rows_by_table["employee"], result.quarantined) == (5, 1)
    assert account.query("select record_id, field, rule from raw_landing.quarantine") == [
        ("3", "status", "allowed")
    ]


def test_wrong_credentials_are_recorded_and_leave_the_data(account):
    account.sync()
    with pytest.raises(UnauthorizedError):
        account.sync(key="wrong")
    assert account.query("select count(*) from raw_bamboohr.employee") == [(6,)]
    (error,) = account.query("select error from raw_landing.sync_run where status = 'failed'")
    assert "instance bamboohr_group" in error[0]
    assert "wrong" not in error[0]


def test_a_truncated_answer_names_instance_object_and_page(account):
    account.fault(kind="truncate", path="/tables/jobInfo")
    with pytest.raises(MalformedResponseError):
        account.sync()
    (error,) = account.query("select error from raw_landing.sync_run")
    assert "while reading bamboohr_group: job_info: page 1" in error[0]
