"""A waived difference is left alone until its day, and then comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reverse_etl import audit, waivers
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import IllegalTransitionError, NotAllowedError
from tests.reverse_etl.factories import ERP, START, charge_row, make_governance, person, sync_row
from tests.reverse_etl.fakes import refused

UNTIL = START + timedelta(days=10)


def waive(outbox, new, actor="carla", roles=("controller",), reason="agreed with the client", until=UNTIL):
    return waivers.waive(outbox, new, actor, roles, reason, until)


@pytest.fixture
def charge(outbox):
    return outbox.propose([charge_row()]).proposed[0]


def test_it_is_not_proposed_before_its_day_and_comes_back_on_it(outbox, charge, clock):
    waive(outbox, charge)
    item = outbox.show(charge).correction
    assert (item.state, item.state_class) == ("rejected", "waived")
    assert "waived until 2026-07-10" in item.state_reason
    assert "agreed with the client" in item.state_reason
    for change in ({}, {"expected_value": None}):
        report = outbox.propose([charge_row(**change)])
        assert (report.waived, report.proposed) == (1, [])
    clock.now = UNTIL
    report = outbox.propose([charge_row()])
    assert (report.waived, len(report.proposed)) == (0, 1)


def test_the_waiver_is_a_record_and_an_event(outbox, charge, clock):
    granted = waive(outbox, charge)
    assert waivers.listing(outbox) == [granted]
    event = list(audit.events(outbox.engine, charge))[-1]
    assert (event.event, event.actor, event.to_state) == ("waived", "carla", "rejected")
    assert event.detail["until"].startswith("2026-07-10")
    assert audit.verify_chain(outbox.engine).is_valid
    clock.now = UNTIL
    assert waivers.listing(outbox) == []


def test_ending_it_early_lets_the_finding_come_again(outbox, charge):
    waive(outbox, charge)
    waivers.end(outbox, charge, "carla", ["controller"], "the client changed their mind")
    assert len(outbox.propose([charge_row()]).proposed) == 1
    with pytest.raises(IllegalTransitionError, match="no waiver"):
        waivers.end(outbox, charge, "carla", ["controller"], "again")
    assert audit.verify_chain(outbox.engine).is_valid


def test_other_records_of_the_check_go_on(outbox, charge):
    waive(outbox, charge)
    assert len(outbox.propose([charge_row(), charge_row("502")]).proposed) == 1


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"roles": ("viewer", "operator")}, "role"),
        ({"roles": ("resource_manager",)}, "role"),
        ({"actor": "service:concord"}, "not_a_person"),
        ({"reason": ""}, "reason"),
        ({"until": START}, "period"),
    ],
)
def test_it_takes_who_could_release_it_a_reason_and_a_day_to_come(outbox, charge, facts, refusal):
    with pytest.raises(NotAllowedError, match=refusal):
        waive(outbox, charge, **facts)
    assert outbox.show(charge).correction.state == "proposed"


def test_limit_units_and_own_records_bind_as_they_do_for_approval(make_outbox):
    outbox = make_outbox(
        make_governance(
            person("bill", "billing_lead", own=("bill@firm.example",)),
            person("dora", "billing_lead", units=("digital",)),
        )
    )
    small, large, own = outbox.propose(
        [
            charge_row("1"),
            charge_row("2", amount_at_risk_rc="100001"),
            charge_row("3", evidence='{"person": "bill@firm.example"}'),
        ]
    ).proposed
    for new, who, refusal in (
        (large, "bill", "limit"),
        (own, "bill", "own_record"),
        (small, "dora", "business_unit"),
    ):
        with pytest.raises(NotAllowedError, match=refusal):
            waive(outbox, new, who, ["billing_lead"])
    waive(outbox, small, "bill", ["billing_lead"])


def test_policy_may_bound_its_length(make_outbox):
    outbox = make_outbox(waive_at_most_days=9)
    new = outbox.propose([charge_row()]).proposed[0]
    with pytest.raises(NotAllowedError, match="9 days at most"):
        waive(outbox, new)
    waive(outbox, new, until=START + timedelta(days=9))


def test_what_is_sent_is_not_waived_and_a_dead_letter_is(outbox, charge, vendors):
    sent = outbox.propose([sync_row()]).approved[0]
    outbox.approve(charge, "carla", ["controller"])
    vendors[ERP].fail("write", refused(ERP))
    dispatch(outbox, vendors)
    with pytest.raises(IllegalTransitionError, match="delivered"):
        waive(outbox, sent)
    assert outbox.show(charge).correction.state == "dead_lettered"
    waive(outbox, charge)
