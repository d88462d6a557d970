"""The client against the simulator: what it hides from callers and what it reports."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.bamboohr import connect
from connectors.errors import (
    MalformedResponseError,
    NotFoundError,
    PermanentError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)
from tests.bamboohr.conftest import CUT_KEY, INSTANCE


def test_everyone_is_listed_leavers_included(account):
    assert len(account.client().employees()) == 6


def test_a_moved_cursor_restarts_the_listing(account):
    account.fault(
        kind="status",
        path="/employees",
        status=400,
        headers={"Content-Type": "application/json"},
        body={"error": {"code": "BadPage", "message": "moved"}},
    )
    assert len(account.client().employees()) == 6


def test_an_empty_feed_gives_no_stamp(account):
    assert account.client().changed(datetime(2026, 7, 1, tzinfo=UTC)) == (None, {})


@pytest.mark.parametrize("status", [429, 503])
def test_throttling_in_both_forms_is_waited_out(account, status):
    account.fault(kind="status", path="/employees/1", status=status, headers={"Retry-After": "0"}, times=2)
    assert account.client().employee("1", ["firstName"])["firstName"] == "First1"


def test_a_wrong_key_names_the_instance_and_never_the_key(account):
    with pytest.raises(UnauthorizedError) as caught:
        account.client("stolen-key").employee("1", ["firstName"])
    assert INSTANCE in str(caught.value)
    assert "stolen-key" not in str(caught.value)


def test_a_missing_key_names_the_variable(account):
    with pytest.raises(LookupError, match="CONCORD_BAMBOOHR_GROUP_API_KEY"):
        connect(
            account.cfg.instance(INSTANCE), environ={}, budget_dir=account.home.budget, clock=account.clock
        )


def test_the_vendors_own_words_reach_the_error(account):
    with pytest.raises(NotFoundError, match="Employee 99 does not exist"):
        account.client().employee("99", ["firstName"])


def test_a_body_cut_short_is_malformed_and_names_the_object(account):
    account.fault(kind="truncate", path="/tables/jobInfo")
    with pytest.raises(MalformedResponseError, match="jobInfo"):
        account.client().table("jobInfo")


def test_an_unreachable_account_is_transient(account):
    account.fault(kind="status", path="/time_off", status=502, times=3)
    with pytest.raises(TransientError):
        account.client().time_off(date(2026, 1, 1), date(2026, 2, 1))


def test_a_mapping_field_is_written_and_read_back(account):
    assert account.client().update_employee("1", {"psaResourceId": "77"})["psaResourceId"] == "77"


def test_a_write_that_did_not_stick_is_an_error_although_the_vendor_said_200(account):
    with pytest.raises(ValidationError, match="field hireCity"):
        account.client().update_employee("1", {"hireCity": "Rome"})


def test_what_hr_decides_is_never_written(account):
    with pytest.raises(PermanentError, match="field terminationDate"):
        account.client().update_employee("1", {"terminationDate": "2026-07-01"})
    assert account.faults.calls == []


def test_a_lost_answer_to_a_write_is_an_unknown_outcome(account):
    account.fault(kind="status_after", method="POST", path="/employees/1", status=502)
    with pytest.raises(UnknownOutcomeError):
        account.client().update_employee("1", {"psaResourceId": "77"})


def test_changed_tables_give_all_rows_of_changed_people(account, moved):
    moved("2", jobTitle="Manager")
    rows = account.client().table("jobInfo", changed_since=datetime(2026, 6, 30, 12, tzinfo=UTC))
    assert [(row["employeeId"], row["id"]) for row in rows] == [("2", "102")]


def test_a_key_with_fewer_rights_sees_fewer_people_and_no_error(account):
    assert len(account.client(CUT_KEY).employees()) == 5
