"""Proposing and deciding, on a real ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from reverse_etl import audit
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import IllegalTransitionError, NotAllowedError, UnknownCorrectionError
from reverse_etl.models import Filter
from tests.reverse_etl.factories import PSA, allocation_row, charge_row, project_rows, sync_row
from tests.reverse_etl.fakes import refused


def test_a_standing_approval_lets_a_correction_through_and_leaves_a_trail(outbox):
    report = outbox.propose([sync_row()])
    view = outbox.show(report.approved[0])
    assert view.correction.state == "approved"
    assert view.correction.amount_at_risk_rc == Decimal("150.50")
    assert [e.event for e in view.events] == ["proposed", "approved"]
    assert view.approvals[0].actor == "policy:concord"


def test_the_same_break_proposes_once(outbox):
    outbox.propose([sync_row(), charge_row()])
    again = outbox.propose([sync_row(new_value="250.50"), charge_row()])
    assert (again.unchanged, again.proposed, again.approved) == (2, [], [])


def test_what_is_overdue_is_not_approved_although_nobody_has_expired_it_yet(outbox, clock):
    new = outbox.propose([charge_row()]).proposed[0]
    clock.now += timedelta(days=14)
    with pytest.raises(IllegalTransitionError, match="overdue since"):
        outbox.approve(new, "carla", ["controller"])
    assert outbox.expire_overdue() == [new]


def test_a_newer_value_supersedes_a_proposal_that_is_not_sent_yet(outbox):
    first = outbox.propose([charge_row(reason="a")]).proposed[0]
    report = outbox.propose([charge_row(expected_value=None)])
    assert report.superseded == [first]
    old = outbox.show(first).correction
    assert (old.state, old.superseded_by_id) == ("superseded", report.proposed[0])


def test_fields_of_one_record_are_one_correction_and_findings_add_up(outbox):
    rows = [
        sync_row(finding_id="f1", amount_at_risk_rc="10"),
        sync_row(finding_id="f2", amount_at_risk_rc="5", field="erp_overdue_bucket", value_type="text",
                 expected_value="current", new_value="90+"),
    ]  # fmt: skip
    item = outbox.show(outbox.propose(rows).approved[0]).correction
    assert [c.field for c in item.changes] == ["erp_open_amount", "erp_overdue_bucket"]
    assert item.amount_at_risk_rc == Decimal(15)


def test_a_bad_row_is_named_and_the_others_go_on(outbox):
    report = outbox.propose([sync_row(new_value="many", target_record_id="006B"), sync_row()])
    assert len(report.approved) == 1
    assert "erp_open_amount" in report.malformed[0].words
    assert "'many'" in report.malformed[0].words


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (sync_row(field="tax_id", value_type="text"), "never_auto"),
        (sync_row(field="amount"), "ownership"),
        (sync_row(new_value=None), "null_overwrite"),
        (sync_row(check_id="C05"), "no_rule"),
        (charge_row(new_value="PROCESSED"), "never_auto"),
        (charge_row(evidence='{"is_period_closed": true}'), "never_auto"),
        (charge_row(business_unit_id="digital"), "ownership"),
    ],
)
def test_what_policy_forbids_is_recorded_as_rejected_with_its_class(outbox, row, reason):
    report = outbox.propose([row])
    item = outbox.show(report.forbidden[0]).correction
    assert (item.state, item.state_class) == ("rejected", reason)
    assert outbox.propose([row]).unchanged == 1


def test_a_run_beyond_its_caps_stops_and_asks(make_outbox):
    outbox = make_outbox(caps={"automatic_count": 1, "automatic_amount": "1000000"})
    report = outbox.propose([sync_row(), sync_row(target_record_id="006B")])
    assert report.held_by_cap
    assert len(report.proposed) == 2
    outbox.approve(report.proposed[0], "carla", ["controller"])


def test_a_kill_switch_keeps_a_check_out_of_the_ledger(make_outbox):
    report = make_outbox(kill_switches=["B05"]).propose([sync_row(), charge_row()])
    assert (report.switched_off, len(report.proposed), report.approved) == (1, 1, [])


def test_approval_records_who_in_which_role_and_which_content(outbox):
    new = outbox.propose([charge_row()]).proposed[0]
    item = outbox.approve(new, "bill", ["viewer", "billing_lead"], "seen the acceptance")
    view = outbox.show(new)
    assert item.state == "approved"
    assert view.approvals[0].note == "seen the acceptance"
    assert view.events[-1].detail["content_hash"] == item.content_hash


def test_four_eyes_needs_two_people(outbox):
    new = outbox.propose([allocation_row()]).proposed[0]
    assert outbox.approve(new, "rita", ["resource_manager"]).state == "proposed"
    with pytest.raises(NotAllowedError, match="same_person_twice"):
        outbox.approve(new, "rita", ["resource_manager"])
    assert outbox.approve(new, "carla", ["controller"]).state == "approved"


@pytest.mark.parametrize(
    ("actor", "roles", "row", "refusal"),
    [
        ("bill", ["viewer"], charge_row(), "role"),
        ("bill", ["billing_lead"], charge_row(amount_at_risk_rc="100001"), "limit"),
        ("service:concord", ["controller"], charge_row(), "not_a_person"),
        ("policy:concord", ["controller"], charge_row(), "not_a_person"),
        ("", ["controller"], charge_row(), "not_a_person"),
    ],
)
def test_a_person_without_the_right_is_refused_and_nothing_changes(outbox, actor, roles, row, refusal):
    new = outbox.propose([row]).proposed[0]
    with pytest.raises(NotAllowedError, match=refusal):
        outbox.approve(new, actor, roles)
    assert outbox.show(new).correction.state == "proposed"


def test_a_decided_correction_cannot_be_decided_again(outbox):
    new = outbox.propose([charge_row()]).proposed[0]
    outbox.reject(new, "bill", ["billing_lead"], "not accepted by the client")
    with pytest.raises(IllegalTransitionError, match="rejected"):
        outbox.approve(new, "carla", ["controller"])
    assert outbox.propose([charge_row()]).unchanged == 1


def test_a_rejection_needs_a_reason_and_a_role(outbox):
    new = outbox.propose([charge_row()]).proposed[0]
    with pytest.raises(NotAllowedError, match="reason"):
        outbox.reject(new, "bill", ["billing_lead"], " ")
    with pytest.raises(NotAllowedError, match="role"):
        outbox.reject(new, "eve", ["viewer"], "no")


def test_what_nobody_decides_expires_and_may_come_again(outbox, clock):
    new = outbox.propose([charge_row()]).proposed[0]
    clock.now += timedelta(days=14)
    report = outbox.propose([charge_row()])
    assert outbox.show(new).correction.state == "expired"
    assert len(report.proposed) == 1


def test_lists_filter_and_counts_add_up(outbox):
    outbox.propose([sync_row(), charge_row(), *project_rows()])
    assert len(outbox.list()) == 3
    assert [c.check_id for c in outbox.list(Filter(states=("proposed",), check_id="B01"))] == ["B01"]
    assert len(outbox.list(Filter(finding_id="f-c01"))) == 1
    assert sum(outbox.counts().values()) == 3


def test_an_unknown_id_says_how_to_find_ids(outbox):
    with pytest.raises(UnknownCorrectionError, match="list"):
        outbox.show("c0")


def test_replaying_under_four_eyes_takes_two_people_and_then_delivers(outbox, vendors):
    new = outbox.propose([allocation_row()]).proposed[0]
    outbox.approve(new, "rita", ["resource_manager"])
    outbox.approve(new, "carla", ["controller"])
    vendors[PSA].fail("write", refused(PSA))
    dispatch(outbox, vendors)
    assert outbox.replay(new, "rita", ["resource_manager"]).state == "dead_lettered"
    with pytest.raises(NotAllowedError, match="same_person_twice"):
        outbox.replay(new, "rita", ["resource_manager"])
    assert outbox.replay(new, "carla", ["controller"]).state == "approved"
    assert [item.outcome for item in dispatch(outbox, vendors).items] == ["delivered"]
    rounds = [(a.actor, a.approval_round) for a in outbox.show(new).approvals]
    assert sorted(rounds) == [("carla", 1), ("carla", 2), ("rita", 1), ("rita", 2)]
    assert audit.verify_chain(outbox.engine).is_valid
