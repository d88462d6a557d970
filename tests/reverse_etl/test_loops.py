"""Rollback of change sets, recognition of our own writes, and quarantine of fields that flip."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from click.testing import CliRunner
from hypothesis import given

from config import load_config
from config.paths import Home
from config.schema import Flip
from reverse_etl import echo, flip, outcomes, rollbacks
from reverse_etl.cli import corrections
from reverse_etl.dispatcher import dispatch
from reverse_etl.echo import Origin
from reverse_etl.errors import UnknownCorrectionError
from reverse_etl.flip import Written
from reverse_etl.ledger import reading
from reverse_etl.models import FieldChange
from reverse_etl.setup import open_outbox
from tests.reverse_etl.factories import CRM, START, make_governance, sync_row
from tests.reverse_etl.test_instances import state_of


def amount(vendors, record="006A"):
    return vendors[CRM].value("opportunity", record, "erp_open_amount")


def written(outbox, vendors, old, new, clock, **facts):
    """One turn of the loop: a fresh read proposes, and it is delivered when policy lets it through."""
    clock.now += timedelta(minutes=10)
    row = sync_row(expected_value=str(old), new_value=str(new), source_loaded_at=clock(), **facts)
    report = outbox.propose([row])
    return report, dispatch(outbox, vendors)


def test_a_run_is_rolled_back_newest_first_by_corrections_people_approve(outbox, vendors, clock):
    vendors[CRM].put("opportunity", "006B", erp_open_amount=Decimal(100))
    outbox.propose([sync_row(), sync_row(target_record_id="006B")])
    run = dispatch(outbox, vendors)
    applied = rollbacks.of_run(outbox, run.run_id)
    report = rollbacks.propose(outbox, applied, "dana", "wrong source", roles=["operator"])
    assert list(report.proposed) == applied[::-1]
    assert amount(vendors) == Decimal("250.5")
    vendors[CRM].put("opportunity", "006B", erp_open_amount=Decimal(777))
    for undo in report.proposed.values():
        assert outbox.show(undo).correction.state == "proposed"
        outbox.approve(undo, "carla", ["controller"])
    dispatch(outbox, vendors)
    assert amount(vendors) == Decimal(100)
    assert amount(vendors, "006B") == Decimal(777)
    states = {i: state_of(outbox, i) for i in [*applied, *report.proposed.values()]}
    assert sorted(states.values()) == ["conflicted", "delivered", "delivered", "rolled_back"]


def test_two_changes_of_one_record_are_undone_in_reverse_order(outbox, vendors, clock):
    first = written(outbox, vendors, 100, 200, clock, correction_key="k1")[0].approved[0]
    second = written(outbox, vendors, 200, 300, clock, correction_key="k2")[0].approved[0]
    report = rollbacks.propose(outbox, [first, second], "dana", "both wrong", roles=["operator"])
    undo_first, undo_second = report.proposed[first], report.proposed[second]
    outbox.approve(undo_first, "carla", ["controller"])
    assert dispatch(outbox, vendors).items == []
    outbox.approve(undo_second, "carla", ["controller"])
    assert [i.correction_id for i in dispatch(outbox, vendors).items] == [undo_second, undo_first]
    assert amount(vendors) == Decimal(100)


def test_what_cannot_be_undone_is_told_and_stops_nothing(outbox, vendors):
    vendors[CRM].put("opportunity", "006B", erp_open_amount=Decimal("250.5"))
    there, done = outbox.propose([sync_row(target_record_id="006B"), sync_row()]).approved
    dispatch(outbox, vendors)
    report = rollbacks.propose(outbox, [there, done], "dana", "because", roles=["operator"])
    assert list(report.proposed) == [done]
    assert "no before-image" in report.refused[there]
    with pytest.raises(UnknownCorrectionError):
        rollbacks.of_run(outbox, "r-nowhere")


def test_our_own_write_is_recognised_when_it_comes_back(outbox, vendors, clock):
    written(outbox, vendors, 100, 200, clock)
    delivered = clock()
    place = {
        "instance": CRM,
        "target_object": "opportunity",
        "record_key": "006A",
        "field": "erp_open_amount",
    }
    later, earlier = delivered + timedelta(minutes=1), delivered - timedelta(minutes=1)
    with reading(outbox.engine) as connection:
        assert echo.origin(connection, **place, value="200", seen_at=later) is Origin.OURS
        assert echo.origin(connection, **place, value="150", seen_at=later) is Origin.VENDOR
        assert echo.origin(connection, **place, value="100", seen_at=earlier) is Origin.STALE
        place["field"] = "erp_disputed"
        assert echo.origin(connection, **place, value="true", seen_at=later) is Origin.UNTOUCHED


def test_a_read_older_than_our_write_proposes_nothing_whatever_check_it_serves(outbox, vendors, clock):
    written(outbox, vendors, 100, 200, clock, correction_key="one")
    old = sync_row(correction_key="other", expected_value="100", new_value="300",
                   source_loaded_at=clock() - timedelta(minutes=1))  # fmt: skip
    assert outbox.propose([old]).unchanged == 1
    clock.now += timedelta(minutes=1)
    fresh = {**old, "expected_value": "200", "source_loaded_at": clock()}
    assert len(outbox.propose([fresh]).approved) == 1


def test_a_field_that_flips_is_left_to_a_person_with_its_history(outbox, vendors, clock):
    for old, new in ((100, 200), (200, 100)):
        report, done = written(outbox, vendors, old, new, clock)
        assert (len(report.approved), done.count("delivered")) == (1, 1)
        outbox.confirm(report.approved[0], "read again")
    report, done = written(outbox, vendors, 100, 200, clock)
    assert (report.approved, done.items) == ([], [])
    held = outcomes.explain(outbox, report.proposed[0])
    assert held.cause is outcomes.Cause.FLIPS
    assert "100 to 200" in held.words
    assert "200 to 100" in held.words
    assert [o.correction_id for o in outcomes.stuck(outbox)] == report.proposed
    outbox.approve(report.proposed[0], "carla", ["controller"])
    assert dispatch(outbox, vendors).count("delivered") == 1


def test_a_field_somebody_keeps_setting_back_is_quarantined_too(make_outbox, vendors, clock):
    outbox = make_outbox(make_governance(flip={"times": 2, "within_days": 1}))
    report, _ = written(outbox, vendors, 100, 200, clock)
    outbox.confirm(report.approved[0], "read again")
    vendors[CRM].put("opportunity", "006A", erp_open_amount=Decimal(100))
    assert len(written(outbox, vendors, 100, 200, clock)[0].proposed) == 1


def test_an_old_flip_and_a_value_that_moves_on_are_left_to_policy(outbox, vendors, clock):
    for old, new in ((100, 200), (200, 100), (100, 300), (300, 400), (400, 500)):
        report, _ = written(outbox, vendors, old, new, clock)
        assert len(report.approved) == 1, (old, new)
        outbox.confirm(report.approved[0], "read again")
    for old, new in ((500, 600), (600, 500), (500, 600)):
        clock.now += timedelta(days=5)
        report, _ = written(outbox, vendors, old, new, clock)
        assert len(report.approved) == 1, (old, new)
        outbox.confirm(report.approved[0], "read again")


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=12, unique=True), st.integers(2, 5))
def test_distinct_values_never_count_as_a_flip(values, times):
    steps = [
        Written(correction_id=f"c{n}", at=START, expected=str(a), new=str(b))
        for n, (a, b) in enumerate(itertools.pairwise(values))
    ]
    last = steps.pop()
    change = FieldChange(field="f", value_type="int", expected_value=last.expected, new_value=last.new)
    assert not flip.is_flipping(steps, change, Flip(times=times))


@given(st.integers(2, 6))
def test_to_and_fro_counts_from_the_configured_time_on(times):
    steps = [
        Written(correction_id=f"c{n}", at=START, expected="ab"[n % 2], new="ba"[n % 2])
        for n in range(times - 1)
    ]
    turn = (times - 1) % 2
    change = FieldChange(field="f", value_type="text", expected_value="ab"[turn], new_value="ba"[turn])
    assert flip.is_flipping(steps, change, Flip(times=times))
    assert not flip.is_flipping(steps[1:], change, Flip(times=times))


def test_the_operator_rolls_back_a_run(tmp_path, monkeypatch, vendors, ledger_url):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    outbox = open_outbox(load_config(), Home.from_environment())
    outbox.propose([sync_row()])
    run = dispatch(outbox, vendors)
    person = ["--actor", "pat", "--role", "controller", "--reason", "wrong"]
    done = CliRunner().invoke(corrections, ["rollback-set", "--run", run.run_id, *person])
    assert (done.exit_code, "approve it as another person" in done.output) == (0, True)
    assert CliRunner().invoke(corrections, ["rollback-set", *person]).exit_code == 1
