"""Delivery against a vendor that remembers: compare, write once, look before any rewrite."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    ConflictError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)
from reverse_etl import audit
from reverse_etl.delivery import Delivery
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import LeaseLostError, NotAllowedError
from tests.reverse_etl.factories import (
    CRM,
    ERP,
    PSA,
    allocation_row,
    charge_row,
    make_governance,
    project_rows,
    sync_row,
)
from tests.reverse_etl.fakes import refused


def approved_charge(outbox, **facts):
    new = outbox.propose([charge_row(**facts)]).proposed[0]
    outbox.approve(new, "bill", ["billing_lead"])
    return new


def state_of(outbox, correction_id):
    return outbox.show(correction_id).correction.state


def test_an_approved_correction_is_written_and_read_back(outbox, vendors):
    new = outbox.propose([sync_row()]).approved[0]
    report = dispatch(outbox, vendors)
    assert report.count("delivered") == 1
    assert vendors[CRM].value("opportunity", "006A", "erp_open_amount") == Decimal("250.5")
    view = outbox.show(new)
    assert view.correction.changes[0].before_value == "100"
    assert [e.event for e in view.events][2:] == [
        "claimed", "write_intended", "write_acknowledged", "delivered",
    ]  # fmt: skip


def test_nothing_is_written_without_the_approval_policy_demands(outbox, vendors):
    new = outbox.propose([charge_row()]).proposed[0]
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "proposed"
    assert vendors[ERP].writes == []


def test_one_of_four_eyes_writes_nothing(outbox, vendors):
    new = outbox.propose([allocation_row()]).proposed[0]
    outbox.approve(new, "rita", ["resource_manager"])
    dispatch(outbox, vendors)
    assert vendors[PSA].writes == []
    outbox.approve(new, "carla", ["controller"])
    dispatch(outbox, vendors)
    assert vendors[PSA].value("workspace_allocation", "77", "end_date") == date(2026, 6, 15)


def test_a_value_that_moved_since_approval_is_a_conflict_and_nothing_is_written(outbox, vendors):
    new = approved_charge(outbox)
    vendors[ERP].put("charge", "501", stage="PROCESSED")
    dispatch(outbox, vendors)
    item = outbox.show(new).correction
    assert (item.state, item.state_class) == ("conflicted", "value_moved")
    assert "PROCESSED" in item.state_reason
    assert vendors[ERP].writes == []


def test_a_value_that_moves_between_read_and_write_is_refused_by_the_vendors_version(outbox, vendors):
    new = outbox.propose([sync_row()]).approved[0]
    crm = vendors[CRM]
    crm.before_write = lambda: crm.put("opportunity", "006A", erp_open_amount=Decimal(7))
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "conflicted"
    assert crm.effects == []


def test_a_value_that_is_there_already_is_not_written(outbox, vendors):
    new = approved_charge(outbox)
    vendors[ERP].put("charge", "501", stage="READY")
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "delivered"
    assert vendors[ERP].writes == []
    with pytest.raises(NotAllowedError, match="before-image"):
        outbox.rollback(new, "bill", "undo", roles=["operator"])


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_lost_reply_is_in_doubt_and_then_looked_at(outbox, vendors, wall, after_commit):
    new = approved_charge(outbox)
    lost = UnknownOutcomeError("timeout", instance=ERP)
    vendors[ERP].fail("write", lost, after_commit=after_commit)
    assert dispatch(outbox, vendors).count("in_doubt") == 1
    assert dispatch(outbox, vendors).items == []
    wall.now += timedelta(minutes=1)
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "delivered"
    assert len(vendors[ERP].effects) == 1
    assert len(vendors[ERP].writes) == (1 if after_commit else 2)


def test_what_is_in_doubt_is_looked_at_though_an_older_correction_of_its_record_was_approved_since(
    outbox, vendors, wall
):
    """The older one waits for it: were it to wait as well, neither would ever go on."""
    older = outbox.propose([charge_row(correction_key="B01|older")]).proposed[0]
    newer = approved_charge(outbox, correction_key="B01|newer")
    vendors[ERP].fail("write", UnknownOutcomeError("timeout", instance=ERP))
    dispatch(outbox, vendors)
    assert state_of(outbox, newer) == "in_doubt"
    outbox.approve(older, "bill", ["billing_lead"])
    wall.now += timedelta(minutes=1)
    dispatch(outbox, vendors)
    assert (state_of(outbox, newer), state_of(outbox, older)) == ("delivered", "delivered")


def test_a_lost_write_that_somebody_undid_is_a_conflict_and_not_a_second_write(outbox, vendors, wall):
    new = outbox.propose([sync_row()]).approved[0]
    vendors[CRM].fail("write", UnknownOutcomeError("timeout", instance=CRM), after_commit=True)
    dispatch(outbox, vendors)
    vendors[CRM].put("opportunity", "006A", erp_open_amount=Decimal(100))
    wall.now += timedelta(minutes=1)
    dispatch(outbox, vendors)
    item = outbox.show(new).correction
    assert (item.state, item.state_class) == ("conflicted", "version_moved")
    assert len(vendors[CRM].writes) == 1


def test_a_write_that_got_half_way_is_completed(outbox, vendors, wall):
    """A vendor that needs two calls for one record dies between them: the half that is there is ours."""
    rows = [
        sync_row(),
        sync_row(field="erp_overdue_bucket", value_type="text", expected_value="current", new_value="31-60"),
    ]
    crm = vendors[CRM]
    crm.put("opportunity", "006A", erp_overdue_bucket="current")
    new = outbox.propose(rows).approved[0]
    crm.fail("write", UnknownOutcomeError("timeout", instance=CRM))
    dispatch(outbox, vendors)
    crm.put("opportunity", "006A", erp_open_amount=Decimal("250.5"))
    wall.now += timedelta(minutes=1)
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "delivered"
    assert crm.value("opportunity", "006A", "erp_overdue_bucket") == "31-60"


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_create_with_a_lost_reply_makes_one_record(outbox, vendors, wall, after_commit):
    new = outbox.propose(project_rows()).proposed[0]
    outbox.approve(new, "omar", ["delivery_operations"])
    vendors[PSA].fail("write", UnknownOutcomeError("timeout", instance=PSA), after_commit=after_commit)
    dispatch(outbox, vendors)
    wall.now += timedelta(minutes=1)
    dispatch(outbox, vendors)
    item = outbox.show(new).correction
    assert item.state == "delivered"
    made = [record for name, record in vendors[PSA].records if name == "workspace"]
    assert made == [item.created_record_id]


def test_a_half_made_record_is_completed_and_not_made_again(outbox, vendors):
    new = outbox.propose(project_rows()).proposed[0]
    item = outbox.approve(new, "omar", ["delivery_operations"])
    psa = vendors[PSA]
    psa.put("workspace", "9", title="Acme rollout")
    psa.created_by_key[("workspace", item.idempotency_key)] = "9"
    dispatch(outbox, vendors)
    assert psa.value("workspace", "9", "price") == Decimal(120000)
    assert [r for name, r in psa.records if name == "workspace"] == ["9"]


def test_a_failure_before_sending_goes_back_to_approved_with_a_delay(outbox, vendors, wall):
    new = outbox.propose([sync_row()]).approved[0]
    vendors[CRM].fail("read", TransientError("no connection", instance=CRM))
    assert dispatch(outbox, vendors).count("retried") == 1
    item = outbox.show(new).correction
    assert (item.state, item.due_at - wall.now) == ("approved", timedelta(seconds=5))
    assert dispatch(outbox, vendors).items == []
    wall.now += timedelta(seconds=5)
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "delivered"


def test_the_before_image_is_what_the_write_that_arrived_replaced(outbox, vendors, wall):
    """The first write was turned away; before the second one a person set one of its two fields."""
    rows = [
        sync_row(),
        sync_row(field="erp_overdue_bucket", value_type="text", expected_value="current", new_value="31-60"),
    ]
    new = outbox.propose(rows).approved[0]
    vendors[CRM].fail("write", RateLimitedError("slow", instance=CRM, retry_after=90))
    assert dispatch(outbox, vendors).count("retried") == 1
    vendors[CRM].put("opportunity", "006A", erp_overdue_bucket="31-60")
    wall.now += timedelta(hours=1)
    assert dispatch(outbox, vendors).count("delivered") == 1
    before = {change.field: change.before_value for change in outbox.show(new).correction.changes}
    assert before == {"erp_open_amount": "100", "erp_overdue_bucket": "31-60"}
    assert not audit.verify_chain(outbox.engine).problems


def test_a_definite_no_is_a_dead_letter_and_can_be_replayed_by_an_approver(outbox, vendors):
    new = approved_charge(outbox)
    vendors[ERP].fail("write", ValidationError("period locked", instance=ERP, field="stage"))
    report = dispatch(outbox, vendors)
    assert report.items[0].error_class == "validation"
    assert report.items[0].customer_name == "Acme"
    with pytest.raises(NotAllowedError):
        outbox.replay(new, "eve", ["viewer"])
    outbox.replay(new, "bill", ["billing_lead"], "period opened")
    dispatch(outbox, vendors)
    assert state_of(outbox, new) == "delivered"
    assert len(vendors[ERP].effects) == 1


def test_a_dead_letter_can_be_dropped_with_a_reason(outbox, vendors):
    new = approved_charge(outbox)
    vendors[ERP].fail("write", refused(ERP))
    dispatch(outbox, vendors)
    assert outbox.reject(new, "bill", ["billing_lead"], "billed by hand").state == "rejected"


def test_a_failing_instance_is_left_alone_and_the_others_go_on(outbox, vendors):
    outbox.propose([sync_row(target_record_id=f"006{n}") for n in range(5)])
    approved_charge(outbox)
    for _ in range(9):
        vendors[CRM].fail("read", TransientError("down", instance=CRM))
    report = dispatch(outbox, vendors)
    assert (report.count("retried"), report.count("delivered")) == (3, 1)
    assert list(report.stopped_instances) == [CRM]
    assert report.waiting == 5


@pytest.mark.parametrize(
    "error",
    [UnauthorizedError("no", instance=CRM), RateLimitedError("slow", instance=CRM, retry_after=90)],
)
def test_bad_credentials_and_pace_stop_an_instance_at_once(outbox, vendors, error):
    outbox.propose([sync_row(target_record_id=f"006{n}") for n in range(3)])
    vendors[CRM].fail("read", error)
    report = dispatch(outbox, vendors)
    assert report.count("retried") == 1
    assert report.waiting == 3


def test_ownership_is_checked_again_at_the_moment_of_writing(make_outbox, vendors):
    new = approved_charge(make_outbox())
    narrower = make_governance()
    fields = [f for f in narrower.ownership.fields if f.field != "billing_schedule.stage"]
    later = make_outbox(
        type(narrower)(narrower.policy, narrower.ownership.model_copy(update={"fields": fields}))
    )
    report = dispatch(later, vendors)
    assert report.items[0].error_class == "ownership"
    assert vendors[ERP].writes == []
    assert state_of(later, new) == "dead_lettered"


def test_a_rule_that_became_stricter_after_approval_stops_the_write(make_outbox, vendors):
    make_outbox().propose([sync_row()])
    rules = [
        {"check": "B05", "target": "salesforce.opportunity", "mode": "approval", "roles": ["controller"]}
    ]
    report = dispatch(make_outbox(rules=rules), vendors)
    assert report.items[0].error_class == "approval_missing"
    assert vendors[CRM].writes == []


def test_a_kill_switch_stops_dispatch_of_its_check_only(make_outbox, vendors):
    approved_charge(make_outbox())
    make_outbox().propose([sync_row()])
    report = dispatch(make_outbox(kill_switches=["B05"]), vendors)
    assert [i.outcome for i in report.items] == ["delivered"]
    assert vendors[CRM].writes == []


def test_a_vendor_that_does_not_keep_the_value_is_never_written_twice(outbox, vendors, wall):
    new = approved_charge(outbox)
    vendors[ERP].normalise = lambda _, value: "HELD"
    for _ in range(12):
        dispatch(outbox, vendors)
        wall.now += timedelta(hours=1)
    item = outbox.show(new).correction
    assert (item.state, item.state_class) == ("dead_lettered", "not_kept")
    assert len(vendors[ERP].writes) == 1


def test_an_unknown_instance_is_a_dead_letter_that_names_it(outbox):
    outbox.propose([sync_row(target_instance="salesforce_acquired")])
    item = dispatch(outbox, {}).items[0]
    assert item.error_class == "unknown_instance"
    assert "salesforce_acquired" in item.words


def test_corrections_leave_in_dependency_order(outbox, vendors):
    charge = approved_charge(outbox)
    project = outbox.propose(project_rows()).proposed[0]
    outbox.approve(project, "omar", ["delivery_operations"])
    account = outbox.propose([
        sync_row(check_id="C03", target_object="account", target_record_id="001A", field="legal_name",
                 value_type="text", expected_value="Acme", new_value="Acme Inc."),
    ]).approved[0]  # fmt: skip
    assert [i.correction_id for i in dispatch(outbox, vendors).items] == [account, project, charge]


def test_corrections_of_one_record_leave_one_at_a_time_and_in_order(outbox):
    first = outbox.propose([sync_row(correction_key="k1")]).approved[0]
    second = outbox.propose(
        [sync_row(correction_key="k2", field="erp_overdue_bucket", value_type="text", new_value="90+")]
    ).approved[0]
    worker_a, worker_b = Delivery(outbox, worker="a:1:0"), Delivery(outbox, worker="b:2:0")
    claim = worker_a.claim()
    assert claim.correction.correction_id == first
    assert worker_b.claim() is None
    worker_a.delivered(claim, "delivered", "done", None)
    assert worker_b.claim().correction.correction_id == second


def test_a_worker_whose_lease_was_taken_over_records_nothing(outbox, vendors, wall):
    new = outbox.propose([sync_row()]).approved[0]
    slow = Delivery(outbox, worker="other-host:1:0")
    claim = slow.claim()
    wall.now += timedelta(minutes=20)
    dispatch(outbox, vendors)
    with pytest.raises(LeaseLostError):
        slow.delivered(claim, "delivered", "late", None)
    assert state_of(outbox, new) == "delivered"
    assert len(vendors[CRM].effects) == 1


def test_an_applied_correction_is_rolled_back_by_a_new_governed_one(outbox, vendors):
    new = approved_charge(outbox)
    dispatch(outbox, vendors)
    undo = outbox.rollback(new, "bill", "client withdrew acceptance", roles=["operator"])
    assert (undo.state, undo.changes[0].new_value) == ("proposed", "HOLD")
    with pytest.raises(NotAllowedError, match="maker_is_checker"):
        outbox.approve(undo.correction_id, "bill", ["billing_lead"])
    outbox.approve(undo.correction_id, "carla", ["controller"])
    dispatch(outbox, vendors)
    assert vendors[ERP].value("charge", "501", "stage") == "HOLD"
    assert state_of(outbox, new) == "rolled_back"


def test_a_rollback_meets_a_newer_value_as_a_conflict(outbox, vendors):
    new = outbox.propose([sync_row()]).approved[0]
    dispatch(outbox, vendors)
    undo = outbox.rollback(new, "dana", "wrong rate", roles=["operator"])
    outbox.approve(undo.correction_id, "carla", ["controller"])
    vendors[CRM].put("opportunity", "006A", erp_open_amount=Decimal(9))
    dispatch(outbox, vendors)
    assert state_of(outbox, undo.correction_id) == "conflicted"
    assert state_of(outbox, new) == "delivered"


def test_a_create_is_never_rolled_back_by_deleting(outbox, vendors):
    new = outbox.propose(project_rows()).proposed[0]
    outbox.approve(new, "omar", ["delivery_operations"])
    dispatch(outbox, vendors)
    with pytest.raises(NotAllowedError, match="deleted"):
        outbox.rollback(new, "omar", "mistake", roles=["operator"])


def test_the_limit_bounds_a_run(outbox, vendors):
    outbox.propose([sync_row(target_record_id=f"006{n}") for n in range(4)])
    report = dispatch(outbox, vendors, limit=2)
    assert len(report.items) == 2
    assert report.waiting == 2


def test_a_lease_lost_while_a_failure_is_recorded_does_not_stop_the_others(outbox, vendors, clock, wall):
    lost = approved_charge(outbox)
    other = outbox.propose([sync_row()]).approved[0]
    slow = TransientError("cannot be reached.", instance=ERP)

    def taken_over(target_object, record_id, fields):
        wall.now += timedelta(hours=1)
        Delivery(outbox, worker="second:1:0").recover()
        raise slow

    vendors[ERP].read = taken_over
    report = dispatch(outbox, vendors, delivery=Delivery(outbox, is_alive=lambda _: True), limit=2)
    outcomes = {item.correction_id: item.outcome for item in report.items}
    assert outcomes[lost] == "lease_lost"
    assert outcomes[other] == "delivered"
    assert state_of(outbox, lost) == "approved"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValidationError("no.", instance=ERP), "correct it at the vendor"),
        (ConflictError("it moved.", instance=ERP), "the next read proposes again"),
        (UnknownOutcomeError("lost.", instance=ERP), "replay it from the dead letters"),
    ],
)
def test_a_refusal_without_a_hint_of_its_own_still_says_what_to_do(outbox, vendors, error, words):
    new = approved_charge(outbox)
    vendors[ERP].fail("write", error)
    dispatch(outbox, vendors)
    assert words in outbox.show(new).correction.state_reason.partition("What to do: ")[2]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_lost_write_is_looked_for_even_when_policy_forbids_it_by_now(make_outbox, vendors, wall, is_there):
    outbox = make_outbox()
    new = approved_charge(outbox)
    lost = UnknownOutcomeError("the reply was lost.", instance=ERP)
    vendors[ERP].fail("write", lost, after_commit=is_there)
    dispatch(outbox, vendors)
    wall.now += timedelta(minutes=1)
    forbidding = make_outbox(rules=[])
    dispatch(forbidding, vendors)
    item = outbox.show(new).correction
    assert item.state == ("delivered" if is_there else "dead_lettered")
    assert len(vendors[ERP].writes) == 1


def test_a_field_that_a_person_put_back_after_a_lost_write_is_not_taken_for_a_half_done_write(
    outbox, vendors, wall
):
    rows = [
        sync_row(),
        sync_row(field="erp_overdue_bucket", value_type="text", expected_value="current", new_value="31-60"),
    ]
    new = outbox.propose(rows).approved[0]
    vendors[CRM].writes_in_parts = False
    vendors[CRM].fail("write", UnknownOutcomeError("lost.", instance=CRM), after_commit=True)
    dispatch(outbox, vendors)
    vendors[CRM].put("opportunity", "006A", erp_overdue_bucket="current")
    wall.now += timedelta(minutes=1)
    dispatch(outbox, vendors)
    item = outbox.show(new).correction
    assert (item.state, item.state_class) == ("conflicted", "version_moved")
    assert vendors[CRM].value("opportunity", "006A", "erp_overdue_bucket") == "current"


def test_a_create_that_takes_as_long_as_a_vendor_may_is_not_made_again_by_another_worker(
    outbox, vendors, wall
):
    outbox.approve(outbox.propose(project_rows()).proposed[0], "carla", ["controller"])

    def slow():
        vendors[PSA].before_write = None
        wall.now += timedelta(seconds=190)
        dispatch(outbox, vendors, delivery=Delivery(outbox, worker="other-host:1:0"))

    vendors[PSA].before_write = slow
    dispatch(outbox, vendors, delivery=Delivery(outbox, worker="this-host:1:0"))
    assert sum(name == "workspace" for name, _ in vendors[PSA].records) == 1
