"""A correction is proved, reopened or expired by what the next read shows, never by hope."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.errors import TransientError, UnknownOutcomeError
from reverse_etl.dispatcher import dispatch
from reverse_etl.outbox import Outbox
from reverse_etl.verify import verify
from tests.reverse_etl.factories import CRM, ERP, START, charge_row, sync_row


@pytest.fixture
def delivered(outbox, vendors):
    """A B05 correction that was written at START."""
    new = outbox.propose([sync_row()]).approved[0]
    dispatch(outbox, vendors)
    return new


def test_gone_after_a_fresh_read_is_verified(outbox, published, delivered):
    assert verify(outbox, published).verified == [delivered]
    assert outbox.show(delivered).correction.state == "verified"


@pytest.mark.parametrize("read", [START, START - timedelta(hours=1)])
def test_a_read_that_is_not_newer_than_the_delivery_proves_nothing(outbox, published, delivered, read):
    published.read_until = {(CRM, "*"): read}
    assert "before the delivery" in verify(outbox, published).waiting[delivered]


def test_a_check_that_was_not_evaluated_proves_nothing(outbox, published, delivered):
    published.evaluated["B05"] = False
    assert "not evaluated" in verify(outbox, published).waiting[delivered]


def test_a_source_that_was_never_read_proves_nothing(outbox, published, delivered):
    published.read_until = {(ERP, "*"): START + timedelta(days=1)}
    assert "never been read" in verify(outbox, published).waiting[delivered]


def test_a_value_that_was_overwritten_is_reopened_for_a_person(outbox, published, delivered):
    published.rows = [sync_row(expected_value="80", source_loaded_at=START + timedelta(hours=1))]
    report = verify(outbox, published)
    assert report.reopened == [delivered]
    old = outbox.show(delivered).correction
    new = outbox.show(old.superseded_by_id).correction
    assert (old.state, new.state) == ("superseded", "proposed")
    assert "erp_open_amount reads 80, written was 250.5" in new.reason


def test_a_truth_that_moved_on_verifies_the_write_and_proposes_the_next(outbox, published, delivered):
    row = sync_row(expected_value="250.5", new_value="0", source_loaded_at=START + timedelta(hours=1))
    published.rows = [row]
    assert verify(outbox, published).verified == [delivered]
    assert len(outbox.propose([row]).approved) == 1


def test_a_stale_copy_neither_verifies_nor_proposes_again(outbox, published, delivered):
    published.rows = [sync_row()]
    published.read_until = {(CRM, "*"): START}
    assert verify(outbox, published).verified == []
    assert outbox.propose(published.rows).unchanged == 1


def test_a_finding_that_stays_without_a_proposal_is_not_called_verified(outbox, published, delivered):
    published.finding_ids = {"f-006A"}
    assert verify(outbox, published).reopened == [delivered]
    assert outbox.show(delivered).correction.state == "superseded"


def test_an_undecided_correction_expires_when_its_finding_is_gone(outbox, published):
    new = outbox.propose([charge_row()]).proposed[0]
    assert verify(outbox, published).expired == [new]


def test_an_undecided_correction_stays_while_its_finding_does_or_its_check_did_not_run(outbox, published):
    outbox.propose([charge_row(), sync_row()])
    published.rows = [charge_row()]
    published.evaluated["B05"] = False
    assert verify(outbox, published).expired == []


def test_a_rollback_is_verified_by_a_read_and_its_break_comes_back_to_a_person(
    outbox, published, delivered, vendors
):
    undo = outbox.rollback(delivered, "dana", "wrong", roles=["operator"])
    outbox.approve(undo.correction_id, "carla", ["controller"])
    dispatch(outbox, vendors)
    row = sync_row(source_loaded_at=START + timedelta(hours=1))
    published.rows = [row]
    assert verify(outbox, published).verified == [undo.correction_id]
    report = outbox.propose([row])
    assert (len(report.proposed), report.approved) == (1, [])


def test_a_correction_that_moves_on_during_the_proof_does_not_stop_the_others(
    engine, outbox, vendors, published, delivered, wall
):
    vendors[CRM].put("opportunity", "006B", erp_open_amount=Decimal("100"))
    other = outbox.propose([sync_row(target_record_id="006B")]).approved[0]
    dispatch(outbox, vendors)

    def clock():
        if outbox.show(delivered).correction.state == "delivered":
            outbox.confirm(delivered, "another process was faster")
        return START

    report = verify(Outbox(engine, outbox.policy, clock, wall=wall), published)
    assert report.verified == [other]
    assert "cannot become verified" in report.waiting[delivered]


def test_an_approved_correction_that_may_have_been_written_is_not_expired_but_looked_at(
    outbox, vendors, published, make_outbox, wall
):
    new = outbox.propose([sync_row()]).approved[0]
    lost = UnknownOutcomeError("the reply was lost.", instance=CRM)
    vendors[CRM].fail("write", lost, after_commit=True)
    dispatch(outbox, vendors)
    while outbox.show(new).correction.state != "dead_lettered":
        wall.now += timedelta(hours=3)
        vendors[CRM].fail("read", TransientError("down", instance=CRM))
        dispatch(outbox, vendors)
    vendors[CRM].faults.clear()
    outbox.replay(new, "carla", ["controller"])
    assert verify(outbox, published).expired == []
    wall.now += timedelta(hours=3)
    dispatch(outbox, vendors)
    assert outbox.show(new).correction.state == "delivered"
    assert len(vendors[CRM].writes) == 1
