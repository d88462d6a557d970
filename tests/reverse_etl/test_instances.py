"""Pause, drain and resume; the breaker that all workers share; what depends on what; nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner

from config import load_config
from config.paths import Home
from connectors.errors import RateLimitedError, TransientError, UnknownOutcomeError
from reverse_etl import audit, conservation, instances
from reverse_etl.cli import corrections
from reverse_etl.delivery import Delivery
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import NotAllowedError, UnknownCorrectionError
from reverse_etl.ledger import writing
from reverse_etl.ledger.schema import correction
from reverse_etl.models import Dependency, FieldChange, Proposal
from reverse_etl.setup import open_outbox
from tests.reverse_etl.factories import CRM, ERP, charge_row, sync_row
from tests.reverse_etl.fakes import refused

OPERATOR = ("dana", ["operator"])


def status_of(outbox, instance):
    return next(s for s in instances.statuses(outbox, [instance]) if s.instance == instance)


def state_of(outbox, correction_id):
    return outbox.show(correction_id).correction.state


def charges(outbox, vendors, count):
    rows = [charge_row(str(n)) for n in range(600, 600 + count)]
    for n in range(600, 600 + count):
        vendors[ERP].put("charge", str(n), stage="HOLD")
    made = outbox.propose(rows).proposed
    for new in made:
        outbox.approve(new, "bill", ["billing_lead"])
    return made


def charge_proposal(record, *depends_on):
    return Proposal(
        correction_key=f"step|{record}", check_id="B01", target_system="netsuite", target_instance=ERP,
        target_object="charge", target_record_id=record, operation="update", reason="a step",
        business_unit_id="advisory", amount_at_risk_rc=Decimal(1), depends_on=depends_on,
        changes=(FieldChange(field="stage", value_type="text", expected_value="HOLD", new_value="READY"),),
    )  # fmt: skip


def test_a_paused_instance_is_left_alone_and_the_others_go_on(outbox, vendors):
    (charge,) = charges(outbox, vendors, 1)
    other = outbox.propose([sync_row()]).approved[0]
    instances.set_mode(outbox, ERP, "paused", *OPERATOR, "period close")
    report = dispatch(outbox, vendors)
    assert [i.correction_id for i in report.items] == [other]
    assert report.stopped_instances == {ERP: "paused by dana: period close"}
    instances.set_mode(outbox, ERP, "running", *OPERATOR, "closed")
    dispatch(outbox, vendors)
    assert state_of(outbox, charge) == "delivered"
    told = [(e.event, e.actor, e.reason, e.detail["instance"]) for e in audit.events(outbox.engine)
            if e.correction_id is None]  # fmt: skip
    assert told == [
        ("instance_paused", "dana", "period close", ERP),
        ("instance_resumed", "dana", "closed", ERP),
    ]
    assert audit.verify_chain(outbox.engine).is_valid


def test_draining_finishes_what_is_in_doubt_and_takes_nothing_new(outbox, vendors, wall):
    doubtful, _ = charges(outbox, vendors, 2)
    vendors[ERP].fail("write", UnknownOutcomeError("lost", instance=ERP), after_commit=True)
    dispatch(outbox, vendors, limit=1)
    instances.set_mode(outbox, ERP, "draining", *OPERATOR, "maintenance")
    assert not status_of(outbox, ERP).is_drained
    wall.now += timedelta(minutes=10)
    dispatch(outbox, vendors)
    status = status_of(outbox, ERP)
    assert state_of(outbox, doubtful) == "delivered"
    assert (status.is_drained, status.waiting) == (True, 1)


@pytest.mark.parametrize(("roles", "reason"), [(["viewer"], "why"), (["operator"], "  ")])
def test_control_needs_a_role_and_a_reason(outbox, roles, reason):
    with pytest.raises(NotAllowedError):
        instances.set_mode(outbox, ERP, "paused", "eve", roles, reason)
    assert status_of(outbox, ERP).mode == "running"


def test_an_open_breaker_is_seen_by_the_next_run_and_lets_one_trial_through(outbox, vendors, wall):
    charges(outbox, vendors, 6)
    for _ in range(3):
        vendors[ERP].fail("read", TransientError("down", instance=ERP))
    dispatch(outbox, vendors)
    assert status_of(outbox, ERP).breaker == "open"
    assert dispatch(outbox, vendors).items == []
    wall.now = status_of(outbox, ERP).health.open_until
    first, second = Delivery(outbox, worker="a:1:0"), Delivery(outbox, worker="b:2:0")
    trial = first.claim()
    assert trial is not None
    assert second.claim() is None
    first.delivered(trial, "delivered", "done", None)
    assert second.claim() is not None
    events = [e.event for e in audit.events(outbox.engine) if e.correction_id is None]
    assert events == ["breaker_opened", "breaker_closed"]


def test_slow_down_is_heeded_by_every_worker_for_as_long_as_asked(outbox, vendors, wall):
    charges(outbox, vendors, 3)
    vendors[ERP].fail("read", RateLimitedError("slow", instance=ERP, retry_after=120))
    dispatch(outbox, vendors)
    wall.now += timedelta(seconds=119)
    assert dispatch(outbox, vendors).items == []
    wall.now += timedelta(seconds=1)
    assert dispatch(outbox, vendors).count("delivered") == 3


def test_many_refusals_in_a_row_open_the_breaker_before_the_whole_queue_is_spent(outbox, vendors):
    charges(outbox, vendors, 30)
    for _ in range(30):
        vendors[ERP].fail("write", refused(ERP))
    report = dispatch(outbox, vendors)
    assert report.count("dead_lettered") == 25
    assert "said no" in report.stopped_instances[ERP]


def test_a_correction_waits_for_the_one_it_depends_on(outbox, vendors, published):
    vendors[ERP].put("charge", "502", stage="HOLD")
    vendors[ERP].put("charge", "503", stage="HOLD")
    first = outbox.propose([sync_row()]).approved[0]
    after = outbox.propose_one(charge_proposal("502", Dependency(correction_id=first))).correction_id
    proved = Dependency(correction_id=first, until="verified")
    last = outbox.propose_one(charge_proposal("503", proved)).correction_id
    for new in (after, last):
        outbox.approve(new, "bill", ["billing_lead"])
    instances.set_mode(outbox, CRM, "paused", *OPERATOR, "not yet")
    assert dispatch(outbox, vendors).items == []
    instances.set_mode(outbox, CRM, "running", *OPERATOR, "now")
    assert [i.correction_id for i in dispatch(outbox, vendors).items] == [first, after]
    outbox.confirm(first, "read again")
    assert [i.correction_id for i in dispatch(outbox, vendors).items] == [last]
    assert outbox.show(last).correction.depends_on == (proved,)


def test_a_successor_takes_over_those_who_wait(outbox):
    old = outbox.propose([charge_row()]).proposed[0]
    waiting = outbox.propose_one(charge_proposal("502", Dependency(correction_id=old))).correction_id
    new = outbox.propose([charge_row(expected_value="OTHER")]).proposed[0]
    assert state_of(outbox, old) == "superseded"
    assert [d.correction_id for d in outbox.show(waiting).correction.depends_on] == [new]


def test_a_dependency_that_does_not_exist_is_refused(outbox):
    with pytest.raises(UnknownCorrectionError):
        outbox.propose_one(charge_proposal("502", Dependency(correction_id="c-nowhere")))
    assert sum(outbox.counts().values()) == 0


def test_the_count_in_equals_the_sum_of_the_states_and_a_lost_one_is_found(outbox, vendors):
    charges(outbox, vendors, 3)
    outbox.propose([sync_row(), sync_row(check_id="B03", correction_key="no", target_object="account")])
    dispatch(outbox, vendors)
    found = conservation.check(outbox.engine)
    assert (found.proposed, found.is_whole) == (5, True)
    with writing(outbox.engine) as connection:
        changed = correction.update().where(correction.c.check_id == "B05").values(state="verified")
        connection.execute(changed)
    broken = conservation.check(outbox.engine)
    assert not broken.is_whole
    assert broken.strays[0] in broken.words


def test_the_operator_pauses_and_sees_it(tmp_path, monkeypatch, ledger_url):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    outbox = open_outbox(load_config(), Home.from_environment())
    outbox.propose([sync_row()])
    run = CliRunner()
    paused = run.invoke(corrections, ["pause", CRM, "--actor", "dana.engineer", "--reason", "audit week"])
    assert paused.output.startswith(f"{CRM} paused: 1 waiting")
    listed = run.invoke(corrections, ["instances"]).output
    assert "paused by dana.engineer: audit week" in listed
    drained = run.invoke(corrections, ["drain", CRM, "--actor", "dana.engineer", "--reason", "x"])
    assert "draining and drained" in drained.output
    unknown = run.invoke(corrections, ["pause", "nowhere", "--actor", "dana.engineer", "--reason", "x"])
    assert (unknown.exit_code, CRM in unknown.output) == (1, True)
    counted = run.invoke(corrections, ["count"])
    assert (counted.exit_code, "1 corrections came in and 1 are in a state" in counted.output) == (0, True)
