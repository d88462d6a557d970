"""What changes between approval and write is looked at when the write is due: people, delegations, kill switches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import UnknownOutcomeError
from reverse_etl import audit, conservation, delegations, holds, switches
from reverse_etl.dispatcher import dispatch
from tests.reverse_etl.factories import CRM, ERP, START, charge_row, make_governance, person, sync_row

BILL = ("bill", ["billing_lead"])


def firm(*roles):
    """A firm whose only listed person is Bill, in these roles."""
    return make_governance(person("bill", *roles))


@pytest.fixture
def charge(make_outbox):
    """A billing line that Bill approved while he was billing lead."""
    outbox = make_outbox(firm("billing_lead"))
    new = outbox.propose([charge_row()]).proposed[0]
    outbox.approve(new, *BILL)
    return new


def asked_again(outbox, vendors, new, words):
    """Nothing was written; it waits for an approval, and the trail says why."""
    report = dispatch(outbox, vendors)
    assert [(i.outcome, i.error_class) for i in report.items] == [("awaiting_approval", "approval_missing")]
    assert vendors[ERP].writes == []
    view = outbox.show(new)
    assert (view.correction.state, view.correction.state_class) == ("proposed", "approval_missing")
    last = view.events[-1]
    assert (last.event, last.from_state, last.to_state) == ("approval_lapsed", "in_flight", "proposed")
    assert words in last.reason
    assert dispatch(outbox, vendors).items == []
    assert audit.verify_chain(outbox.engine).is_valid
    assert conservation.check(outbox.engine).is_whole


def test_an_approver_who_lost_the_role_is_asked_for_again(make_outbox, vendors, charge):
    outbox = make_outbox(firm("viewer"))
    asked_again(outbox, vendors, charge, "no longer count(s)")
    outbox.approve(charge, "carla", ["controller"])
    assert [i.outcome for i in dispatch(outbox, vendors).items] == ["delivered"]


def test_an_approver_whose_limit_became_smaller_is_asked_for_again(make_outbox, vendors, charge):
    limits = {
        "delivery_operations": "1",
        "resource_manager": "1",
        "billing_lead": "41999",
        "controller": None,
    }
    asked_again(make_outbox(limits=limits), vendors, charge, "no longer count(s)")


def test_an_approval_in_a_delegated_role_ends_with_the_delegation(make_outbox, vendors, clock):
    outbox = make_outbox()
    new = outbox.propose([charge_row()]).proposed[0]
    given = delegations.delegate(
        outbox, "carla", ["controller"], to_actor="eve", role="controller", valid_from=START,
        valid_until=START + timedelta(days=2), reason="leave",
    )  # fmt: skip
    outbox.approve(new, "eve", [])
    delegations.revoke(outbox, given.delegation_id, "carla", ["controller"], "back early")
    asked_again(outbox, vendors, new, "no longer count(s)")


def test_an_approval_in_a_delegated_role_holds_while_the_delegation_does(outbox, vendors):
    new = outbox.propose([charge_row()]).proposed[0]
    delegations.delegate(
        outbox, "carla", ["controller"], to_actor="eve", role="controller", valid_from=START,
        valid_until=START + timedelta(days=2), reason="leave",
    )  # fmt: skip
    outbox.approve(new, "eve", [])
    assert [i.outcome for i in dispatch(outbox, vendors).items] == ["delivered"]


def test_what_policy_let_through_and_now_wants_a_person_for_waits_for_that_person(make_outbox, vendors):
    new = make_outbox().propose([sync_row()]).approved[0]
    rules = [
        {"check": "B05", "target": "salesforce.opportunity", "mode": "approval", "roles": ["controller"]}
    ]
    stricter = make_outbox(rules=rules)
    assert dispatch(stricter, vendors).items[0].outcome == "awaiting_approval"
    stricter.approve(new, "carla", ["controller"])
    assert [i.outcome for i in dispatch(stricter, vendors).items] == ["delivered"]


def test_old_approvals_do_not_come_back_with_the_role(make_outbox, vendors, charge):
    asked_again(make_outbox(firm("viewer")), vendors, charge, "no longer count(s)")
    again = make_outbox(firm("billing_lead"))
    assert dispatch(again, vendors).items == []
    assert again.show(charge).correction.state == "proposed"


class Turning:
    """A vendor during whose read a check falls silent: after the claim, before the write."""

    def __init__(self, vendor, turn):
        self.vendor, self.turn = vendor, turn

    def read(self, *arguments):
        found = self.vendor.read(*arguments)
        self.turn()
        self.turn = lambda: None
        return found

    def __getattr__(self, name):
        return getattr(self.vendor, name)


def test_a_kill_switch_turned_after_the_claim_stops_that_one_write(outbox, vendors):
    new = outbox.propose([sync_row()]).approved[0]
    turn = lambda: switches.kill(outbox, "B05", "carla", ["controller"], "wrong rule")  # noqa: E731
    report = dispatch(outbox, vendors | {CRM: Turning(vendors[CRM], turn)})
    assert [(i.outcome, i.error_class) for i in report.items] == [("retried", "kill_switch")]
    assert vendors[CRM].writes == []
    view = outbox.show(new)
    assert (view.correction.state, view.attempts[-1].is_intent) == ("approved", False)
    assert "switched off" in view.events[-1].reason
    switches.restore(outbox, "B05", "carla", ["controller"], "right again")
    assert [i.outcome for i in dispatch(outbox, vendors).items] == ["delivered"]


def test_a_hold_laid_after_the_claim_stops_that_one_write(outbox, vendors):
    new = outbox.propose([sync_row()]).approved[0]
    lay = lambda: holds.settle(outbox, {"B05": "salesforce.opportunity: rows do not tie"})  # noqa: E731
    report = dispatch(outbox, vendors | {CRM: Turning(vendors[CRM], lay)})
    assert [(i.outcome, i.error_class) for i in report.items] == [("retried", "control_total")]
    assert vendors[CRM].writes == []
    view = outbox.show(new)
    assert (view.correction.state, view.attempts[-1].is_intent) == ("approved", False)
    assert "rows do not tie" in view.events[-1].reason
    assert dispatch(outbox, vendors).items == []
    holds.settle(outbox, {})
    assert [i.outcome for i in dispatch(outbox, vendors).items] == ["delivered"]


def test_a_killed_write_that_may_have_gone_out_before_stays_in_doubt(outbox, vendors, wall):
    new = outbox.propose([sync_row()]).approved[0]
    vendors[CRM].fail("write", UnknownOutcomeError("no answer", instance=CRM))
    dispatch(outbox, vendors)
    wall.now += timedelta(days=1)
    turn = lambda: switches.kill(outbox, "B05", "carla", ["controller"], "wrong rule")  # noqa: E731
    dispatch(outbox, vendors | {CRM: Turning(vendors[CRM], turn)})
    assert outbox.show(new).correction.state == "in_doubt"
    assert len(vendors[CRM].writes) == 1, "only the one whose answer was lost"


def test_a_lost_role_does_not_hide_a_write_that_may_have_gone_out(make_outbox, vendors, charge, wall):
    outbox = make_outbox(firm("billing_lead"))
    vendors[ERP].fail("write", UnknownOutcomeError("no answer", instance=ERP))
    dispatch(outbox, vendors)
    wall.now += timedelta(days=1)
    later = make_outbox(firm("viewer"))
    report = dispatch(later, vendors)
    assert [i.outcome for i in report.items] == ["dead_lettered"]
    assert "may have reached" in later.show(charge).correction.state_reason
    assert len(vendors[ERP].writes) == 1
