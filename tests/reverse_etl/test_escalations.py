"""What waits too long goes to further roles, once per step, and everybody can see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from reverse_etl import audit, escalations
from reverse_etl.policies import may_write
from tests.reverse_etl.factories import charge_row, make_governance, sync_row

STEPS = [{"hours": 24, "roles": ["resource_manager"]}, {"hours": 72, "roles": ["controller"]}]


@pytest.fixture
def outbox(make_outbox):
    rule = {"check": "B01", "target": "netsuite.charge", "mode": "approval", "roles": ["billing_lead"]}
    return make_outbox(rules=[rule, {"check": "B05", "target": "salesforce.opportunity", "mode": "automatic"}],
                       escalate_after_hours=STEPS)  # fmt: skip


@pytest.fixture
def charge(outbox):
    return outbox.propose([charge_row()]).proposed[0]


def steps(outbox, clock, **wait):
    clock.now += timedelta(**wait)
    return [(one.correction_id, one.step) for one in escalations.escalate(outbox)]


def test_each_step_is_taken_once_and_when_it_is_due(outbox, charge, clock):
    assert steps(outbox, clock, hours=23) == []
    assert steps(outbox, clock, hours=1) == [(charge, 1)]
    assert steps(outbox, clock, hours=1) == []
    assert steps(outbox, clock, hours=47) == [(charge, 2)]
    assert steps(outbox, clock, days=9) == []


def test_a_clock_that_was_not_looked_at_takes_all_its_steps(outbox, charge, clock):
    assert steps(outbox, clock, hours=100) == [(charge, 1), (charge, 2)]


def test_the_further_roles_may_decide_within_their_limits(outbox, charge, clock):
    large = outbox.propose([charge_row("502", amount_at_risk_rc="60000")]).proposed[0]
    assert outbox.why_not(charge, "rita", ["resource_manager"]).error_class == "role"
    steps(outbox, clock, hours=24)
    assert outbox.why_not(large, "rita", ["resource_manager"]).error_class == "limit"
    outbox.approve(charge, "rita", ["resource_manager"])
    view = outbox.show(charge)
    assert may_write(outbox.policy, view.correction, view.approvals) is None


def test_the_trail_and_the_words_of_the_clock_tell(outbox, charge, clock):
    clock.now += timedelta(hours=2)
    assert escalations.clocks(outbox, outbox.list())[charge] == "2 h; to resource_manager in 22 h"
    steps(outbox, clock, hours=24)
    words = escalations.clocks(outbox, outbox.list())[charge]
    assert words == "26 h; escalated to resource_manager; to controller in 46 h"
    event = outbox.show(charge).events[-1]
    assert (event.event, event.from_state, event.to_state) == ("escalated", "proposed", "proposed")
    assert event.detail == {"step": 1, "roles": ["resource_manager"]}
    assert audit.verify_chain(outbox.engine).is_valid


def test_what_is_decided_is_not_escalated(outbox, charge, clock):
    outbox.propose([sync_row()])
    outbox.reject(charge, "bill", ["billing_lead"], "no")
    assert steps(outbox, clock, hours=100) == []
    assert set(escalations.clocks(outbox, outbox.list()).values()) == {""}


@pytest.mark.parametrize(
    "wrong",
    [
        [{"hours": 72, "roles": ["controller"]}, {"hours": 24, "roles": ["controller"]}],
        [{"hours": 24, "roles": ["nobody"]}],
        [{"hours": 24, "roles": []}],
    ],
)
def test_steps_that_do_not_grow_or_name_nobody_are_refused(wrong):
    with pytest.raises(ValidationError):
        make_governance(escalate_after_hours=wrong)
