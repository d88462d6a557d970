"""Landing suites on what BambooHR runs leave."""

from __future__ import annotations

import re

import pytest

from ingestion.errors import ExpectationSetupError
from ingestion.expectations import validate_instance
from tests.bamboohr.conftest import CUT_KEY, INSTANCE
from tests.bamboohr.firm import HIDDEN, person


def validate(account, run_id, **options):
    return validate_instance(
        account.cfg, INSTANCE, account.home, run_id, clock=account.clock, docs=False, **options
    )


def failed(outcomes):
    return [(o.object, o.expectation, o.severity) for o in outcomes if not o.success]


def test_a_sound_run_passes_every_guard_and_the_results_are_kept(account):
    run = account.sync()
    outcomes = validate(account, run.run_id)
    assert failed(outcomes) == []
    assert {o.object for o in outcomes} == set(run.rows_by_table)
    kept = account.query(
        "select count(*), count(*) filter (where not success) from raw_landing.expectation_result"
    )
    assert kept == [(len(outcomes), 0)]


def test_validating_twice_keeps_one_set_of_results(account):
    run = account.sync()
    first = validate(account, run.run_id)
    validate(account, run.run_id)
    assert account.query("select count(*) from raw_landing.expectation_result") == [(len(first),)]


def test_a_key_that_lost_rights_fails_the_head_count_canary(account):
    account.sync()
    run = account.sync(key=CUT_KEY)
    assert (
        "employee",
        "expect_column_values_to_be_between(listed_difference, at most 0.02)",
        "blocking",
    ) in failed(validate(account, run.run_id))
    assert account.query(f"select count(*) from raw_bamboohr.tombstone where record_id = '{HIDDEN}'") == [
        (0,)
    ]


def test_a_doubtful_value_is_a_warning_that_names_its_record(account, moved):
    account.sync()
    moved("2", standardHoursPerWeek="80")
    outcomes = validate(account, account.sync().run_id)
    (doubtful,) = [o for o in outcomes if not o.success]
    assert (doubtful.severity, doubtful.failing_keys) == ("warning", ["2"])
    assert "standard_hours_per_week" in doubtful.expectation


def test_an_empty_account_is_blocked(account):
    for table in ("jobInfo", "employmentStatus", "customWorkPattern"):
        for row in account.store.query(f'select id from "{table}"'):
            account.store.delete(table, row["id"])
    run = account.sync()
    assert ("job_info", "expect_column_values_to_be_between(rows_alive, at least 1)", "blocking") in failed(
        validate(account, run.run_id)
    )


def test_a_permission_that_empties_a_column_is_blocked(account):
    account.store.load(
        "employee", [person(n, hireDate=None, lastChanged="2026-06-10T08:00:00+00:00") for n in range(1, 61)]
    )
    run = account.sync()
    assert ("employee", "expect_column_values_to_not_be_null(hire_date, share 0.9)", "blocking") in failed(
        validate(account, run.run_id)
    )


def test_an_unknown_run_is_an_error_not_a_pass(account):
    account.sync()
    with pytest.raises(ExpectationSetupError, match="left no control totals"):
        validate(account, "no-such-run")


@pytest.mark.slow
def test_data_docs_are_published_and_ask_no_other_host(account):
    run = account.sync()
    validate_instance(account.cfg, INSTANCE, account.home, run.run_id, clock=account.clock)
    pages = {page: page.read_text() for page in (account.home.data_docs / INSTANCE).rglob("*.html")}
    index = pages[account.home.data_docs / INSTANCE / "index.html"]
    links = re.findall(r'<a href="([^"]+)">bamboohr\.employee</a>', index)
    assert len(links) == 1
    assert (account.home.data_docs / INSTANCE / links[0]).exists()
    asked = [
        (page.name, found)
        for page, text in pages.items()
        for found in re.findall(r"<(?:script|link|img|iframe)\b[^>]*https?://[^>]*>|url\(.?https?://", text)
    ]
    assert asked == []


@pytest.mark.slow
def test_data_docs_name_what_failed_until_a_good_run(account, moved):
    run = account.sync()
    validate_instance(account.cfg, INSTANCE, account.home, run.run_id, clock=account.clock)
    index = account.home.data_docs / INSTANCE / "index.html"
    for hours, is_told in (("80", True), ("40", False)):
        moved("2", standardHoursPerWeek=hours)
        validate(account, account.sync().run_id)
        assert ("at most 60" in index.read_text()) is is_told
