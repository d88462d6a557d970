"""A role in another's hands: for its time, within its giver's rights, never for one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reverse_etl import audit, delegations
from reverse_etl.errors import CorrectionError, NotAllowedError
from reverse_etl.policies import may_write
from tests.reverse_etl.factories import (
    START,
    allocation_row,
    charge_row,
    make_governance,
    person,
    proposal_to,
)

DAY = timedelta(days=1)


def hand(
    outbox, to="eve", actor="carla", role="controller", roles=("controller",), since=START, until=START + DAY
):
    return delegations.delegate(
        outbox, actor, roles, to_actor=to, role=role, valid_from=since, valid_until=until, reason="leave"
    )


@pytest.fixture
def charge(outbox):
    return outbox.propose([charge_row()]).proposed[0]


def test_the_receiver_decides_and_the_trail_says_for_whom(outbox, charge):
    hand(outbox)
    outbox.approve(charge, "eve", ["viewer"], "as agreed")
    view = outbox.show(charge)
    assert (view.approvals[0].on_behalf_of, view.approvals[0].roles) == ("carla", ("controller",))
    assert view.events[-1].detail["on_behalf_of"] == "carla"
    lent = delegations.listing(outbox)
    assert may_write(outbox.policy, view.correction, view.approvals, lent) is None
    assert may_write(outbox.policy, view.correction, view.approvals, ()) is not None
    assert audit.verify_chain(outbox.engine).is_valid


@pytest.mark.parametrize(
    ("wait", "may"),
    [(timedelta(hours=-1), False), (timedelta(0), True), (DAY - timedelta(seconds=1), True), (DAY, False)],
)
def test_it_holds_from_its_first_moment_to_before_its_last(outbox, charge, clock, wait, may):
    clock.now = START - timedelta(hours=2)
    hand(outbox)
    clock.now = START + wait
    assert (outbox.why_not(charge, "eve", ["viewer"]) is None) == may


def test_four_eyes_are_not_one_person_and_their_delegate(outbox):
    new = outbox.propose([allocation_row()]).proposed[0]
    hand(outbox)
    outbox.approve(new, "eve", ["viewer"])
    assert outbox.why_not(new, "carla", ["controller"]).error_class == "same_person_twice"
    assert outbox.why_not(new, "eve", ["viewer"]).error_class == "same_person_twice"
    other = outbox.propose([allocation_row("78")]).proposed[0]
    outbox.approve(other, "carla", ["controller"])
    assert outbox.why_not(other, "eve", ["viewer"]).error_class == "delegation"
    assert outbox.approve(other, "rita", ["resource_manager"]).state == "approved"


@pytest.mark.parametrize(("maker", "refusal"), [("carla", "delegation"), ("eve", "maker_is_checker")])
def test_a_delegate_decides_neither_the_givers_nor_their_own(make_outbox, maker, refusal):
    rule = {"check": "B03", "target": "salesforce.account", "mode": "approval", "roles": ["controller"]}
    outbox = make_outbox(rules=[rule])
    hand(outbox)
    asked = proposal_to(
        "salesforce", "account", "legal_name", check_id="B03", proposed_by=maker, correction_key="B03|x"
    )
    item = outbox.propose_one(asked)
    assert outbox.why_not(item.correction_id, "eve", ["viewer"]).error_class == refusal


@pytest.mark.parametrize(
    ("units", "money", "refusal"),
    [
        (("advisory",), "100000", None),
        (("advisory",), "100001", "limit"),
        (("digital",), "100000", "business_unit"),
    ],
)
def test_it_carries_the_givers_limit_and_business_units(make_outbox, units, money, refusal):
    outbox = make_outbox(
        make_governance(person("bill", "billing_lead", units=units), person("eve", "viewer", units=()))
    )
    hand(outbox, actor="bill", role="billing_lead", roles=["billing_lead"])
    new = outbox.propose([charge_row(amount_at_risk_rc=money)]).proposed[0]
    found = outbox.why_not(new, "eve", ["viewer"])
    assert (found.error_class if found else None) == refusal


def test_it_ends_with_the_role_of_its_giver(make_outbox):
    before = make_outbox(make_governance(person("bill", "billing_lead"), person("eve", "viewer")))
    new = before.propose([charge_row()]).proposed[0]
    hand(before, actor="bill", role="billing_lead", roles=["billing_lead"])
    assert before.why_not(new, "eve", ["viewer"]) is None
    after = make_outbox(make_governance(person("bill", "viewer"), person("eve", "viewer")))
    assert after.why_not(new, "eve", ["viewer"]).error_class == "role"


def test_a_delegated_role_is_not_handed_on(outbox, charge):
    hand(outbox)
    with pytest.raises(NotAllowedError, match="does not hold the role"):
        hand(outbox, to="mallory", actor="eve", roles=["viewer"])


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"to": "carla"}, "same_person"),
        ({"to": "service:concord"}, "not_a_person"),
        ({"actor": "policy:concord"}, "not_a_person"),
        ({"role": "viewer", "roles": ("viewer",)}, "unknown_role"),
        ({"roles": ("billing_lead",)}, "does not hold"),
        ({"until": START}, "period"),
        ({"since": START + 2 * DAY}, "period"),
        ({"since": START - 3 * DAY, "until": START - DAY}, "period"),
    ],
)
def test_what_is_no_delegation_is_refused_and_leaves_no_trace(outbox, facts, refusal):
    with pytest.raises(NotAllowedError, match=refusal):
        hand(outbox, **facts)
    assert delegations.listing(outbox) == []
    assert list(audit.events(outbox.engine)) == []


@pytest.mark.parametrize(
    ("who", "roles", "may"),
    [
        ("carla", [], True),
        ("eve", [], True),
        ("grace", ["controller"], True),
        ("pat", ["billing_lead"], False),
    ],
)
def test_giver_receiver_or_controller_end_it(outbox, charge, who, roles, may):
    given = hand(outbox)
    if not may:
        with pytest.raises(NotAllowedError, match="not pat's"):
            delegations.revoke(outbox, given.delegation_id, who, roles, "back")
        return
    delegations.revoke(outbox, given.delegation_id, who, roles, "back")
    assert outbox.why_not(charge, "eve", ["viewer"]).error_class == "role"
    assert delegations.listing(outbox) == []
    with pytest.raises(CorrectionError, match="no delegation"):
        delegations.revoke(outbox, given.delegation_id, who, roles, "back")


def test_a_delegate_may_reject_too(outbox, charge):
    hand(outbox)
    assert outbox.reject(charge, "eve", ["viewer"], "not accepted").state == "rejected"
