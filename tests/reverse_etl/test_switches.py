"""A kill switch set at run time stops proposing, approving and writing at once, and the trail tells who and why."""

from __future__ import annotations

import pytest

from reverse_etl import audit, holds, switches
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from tests.reverse_etl.factories import CRM, charge_row, sync_row


def kill(outbox, check="B05", actor="carla", roles=("controller",), reason="wrong amounts"):
    switches.kill(outbox, check, actor, roles, reason)


def test_nothing_of_a_killed_check_is_proposed_approved_or_written(outbox, vendors):
    approved = outbox.propose([sync_row()]).approved[0]
    waiting = outbox.propose([charge_row()]).proposed[0]
    kill(outbox)
    kill(outbox, "B01")
    assert outbox.propose([sync_row(target_record_id="006B")]).switched_off == 1
    with pytest.raises(NotAllowedError, match=r"kill_switch.*unkill B01"):
        outbox.approve(waiting, "carla", ["controller"])
    report = dispatch(outbox, vendors)
    assert (report.items, report.waiting, vendors[CRM].writes) == ([], 1, [])
    switches.restore(outbox, "B05", "carla", ["controller"], "repaired")
    assert [item.correction_id for item in dispatch(outbox, vendors).items] == [approved]


def test_every_turn_is_in_the_trail_with_who_and_why(outbox):
    kill(outbox)
    switches.restore(outbox, "B05", "grace", ["controller"], "repaired")
    events = [(e.event, e.actor, e.reason, e.detail["check"]) for e in audit.events(outbox.engine)]
    assert events == [
        ("kill_switch_on", "carla", "wrong amounts", "B05"),
        ("kill_switch_off", "grace", "repaired", "B05"),
    ]
    assert audit.verify_chain(outbox.engine).is_valid


def test_the_list_tells_configuration_from_people(make_outbox, clock):
    outbox = make_outbox(kill_switches=["H01"])
    kill(outbox)
    found = [(one.check_id, one.actor, one.changed_at) for one in switches.listing(outbox)]
    assert found == [("H01", None, None), ("B05", "carla", clock())]


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"roles": ("billing_lead", "operator", "viewer")}, "role"),
        ({"actor": "service:concord"}, "not_a_person"),
        ({"reason": " "}, "reason"),
        ({"check": "Z99"}, "unknown_check"),
    ],
)
def test_it_takes_a_controller_a_reason_and_a_check_that_exists(outbox, facts, refusal):
    with pytest.raises(NotAllowedError, match=refusal):
        kill(outbox, **facts)
    assert switches.listing(outbox) == []
    assert list(audit.events(outbox.engine)) == []


def test_a_switch_is_turned_once_and_that_of_configuration_only_there(make_outbox):
    outbox = make_outbox(kill_switches=["H01"])
    kill(outbox)
    with pytest.raises(IllegalTransitionError, match="on already"):
        kill(outbox)
    with pytest.raises(NotAllowedError, match=r"policy\.yml"):
        switches.restore(outbox, "H01", "carla", ["controller"], "enough")


def test_the_policy_may_name_other_roles_for_it(make_outbox):
    outbox = make_outbox(kill_switch_roles=["billing_lead"])
    kill(outbox, roles=["billing_lead"])
    with pytest.raises(NotAllowedError, match="role"):
        kill(outbox, "B01", roles=["controller"])


def test_what_a_control_total_holds_back_stays_until_it_ties(outbox, vendors):
    approved = outbox.propose([sync_row()]).approved[0]
    waiting = outbox.propose([charge_row()]).proposed[0]
    assert holds.settle(outbox, {"B05": "8 rows, 7 landed", "B01": "8 rows, 7 landed"}).held == ["B01", "B05"]
    assert outbox.propose([sync_row(target_record_id="006B")]).switched_off == 1
    with pytest.raises(NotAllowedError, match=r"B01 waits: 8 rows, 7 landed.*control_total"):
        outbox.approve(waiting, "carla", ["controller"])
    report = dispatch(outbox, vendors)
    assert (report.items, report.waiting, vendors[CRM].writes) == ([], 1, [])
    assert [(one.check_id, one.actor) for one in switches.listing(outbox)] == [
        ("B01", "service:concord"), ("B05", "service:concord"),
    ]  # fmt: skip
    assert holds.settle(outbox, {"B01": "8 rows, 7 landed"}).released == ["B05"]
    assert [item.correction_id for item in dispatch(outbox, vendors).items] == [approved]
    assert holds.settle(outbox, {}).released == ["B01"]
    events = [e.event for e in audit.events(outbox.engine) if e.correction_id is None]
    assert events == ["check_held", "check_held", "check_released", "check_released"]
