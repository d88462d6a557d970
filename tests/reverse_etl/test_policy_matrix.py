"""Rule x operation x money band x role x maker: what policy decides, against a table worked out here by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from reverse_etl.errors import NotAllowedError
from reverse_etl.ledger import open_ledger
from reverse_etl.models import SERVICE_ACTOR, Approval
from reverse_etl.outbox import Outbox
from reverse_etl.policies import judge, may_approve, may_write
from reverse_etl.proposals import group
from tests.reverse_etl.factories import (
    START,
    charge_row,
    correction_of,
    make_governance,
    person,
    project_rows,
    sync_row,
)
from tests.reverse_etl.fakes import TickingClock

ROLES = ("viewer", "operator", "delivery_operations", "resource_manager", "billing_lead", "controller")
LIMITS = {
    "delivery_operations": Decimal(200_000), "resource_manager": Decimal(50_000), "billing_lead": Decimal(100_000),
    "controller": None,
}  # fmt: skip
MODES = ("automatic", "approval", "never")
OPERATIONS = ("update", "create")
UP_TO, FOUR_EYES = Decimal(1_000), Decimal(60_000)
BANDS = {
    "none": None, "zero": "0", "at the rule's limit": "1000", "a cent above it": "1000.01",
    "at four eyes": "60000", "a cent above four eyes": "60000.01", "negative": "-60000.01",
    "at a role's limit": "100000", "above a role's limit": "100000.01", "above all but one": "5000000",
}  # fmt: skip
MAKERS = (SERVICE_ACTOR, "pat")


def governed(mode: str, operation: str, approvers: int = 1):
    target = "salesforce.opportunity" if operation == "update" else "kantata.workspace"
    rule = {
        "check": "B05", "target": target, "operation": operation, "mode": mode, "approvers": approvers,
        "roles": [] if mode == "automatic" else ["billing_lead", "delivery_operations", "controller"],
        "up_to": UP_TO if mode == "automatic" else None, "four_eyes_above": FOUR_EYES,
    }  # fmt: skip
    return make_governance(rules=[rule])


def proposed(operation: str, money: str | None, maker: str = SERVICE_ACTOR):
    rows = [sync_row(amount_at_risk_rc=money)]
    if operation == "create":
        rows = project_rows(check_id="B05", amount_at_risk_rc=money)
    return replace(group(rows)[0][0], proposed_by=maker)


def expected(mode: str, money: str | None, approvers: int) -> tuple[str, int, set[str]]:
    """Mode, approvals and deciding roles, as the policy page says them in words."""
    amount = abs(Decimal(money or 0))
    if mode == "never":
        return "forbidden", 0, set()
    if mode == "automatic" and amount <= UP_TO:
        return "automatic", 0, set()
    roles = {"controller"} if mode == "automatic" else {"billing_lead", "delivery_operations", "controller"}
    return "approval", 2 if amount > FOUR_EYES else approvers, roles


@pytest.mark.parametrize("approvers", [1, 2])
@pytest.mark.parametrize("money", BANDS.values(), ids=BANDS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("mode", MODES)
def test_mode_approvals_and_roles_follow_from_rule_operation_and_money(mode, operation, money, approvers):
    verdict = judge(governed(mode, operation, approvers), proposed(operation, money))
    assert (verdict.mode, verdict.approvals_needed, set(verdict.approver_roles)) == expected(
        mode, money, approvers
    )
    assert verdict.reason


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("money", BANDS.values(), ids=BANDS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("mode", MODES)
def test_a_person_may_approve_exactly_in_a_deciding_role_within_its_limit(
    mode, operation, money, role, maker
):
    governance = governed(mode, operation)
    item = correction_of(governance, proposed(operation, money, maker))
    _, _, roles = expected(mode, money, 1)
    limit = LIMITS.get(role, Decimal(0))
    may = role in roles and (limit is None or abs(Decimal(money or 0)) <= limit) and maker != "pat"
    assert (may_approve(governance, item, [], "pat", [role]) is None) == may


@pytest.mark.parametrize("money", BANDS.values(), ids=BANDS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("people", [(), ("carla",), ("carla", "grace"), ("policy:concord",)])
def test_a_write_takes_the_approvals_that_policy_demands_at_that_moment(mode, operation, money, people):
    governance = governed(mode, operation)
    item = correction_of(governance, proposed(operation, money))
    approvals = [
        Approval(
            actor=a, roles=("controller",), decision="approve", note="", approval_round=1, decided_at=START
        )
        for a in people
    ]
    wanted, needed, _ = expected(mode, money, 1)
    persons = [a for a in people if not a.startswith("policy:")]
    may = {"forbidden": False, "automatic": bool(people), "approval": len(persons) >= max(needed, 1)}[wanted]
    assert (may_write(governance, item, approvals) is None) == may


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ({}, True),
        ({"limits": {"billing_lead": "29999.99", "controller": None}}, False),
        ({"rules": []}, False),
        ({"roles": {"billing_lead": {"name": "B", "business_units": ["digital"]}, "controller": {"name": "C"}},
          "limits": {"billing_lead": "100000", "controller": None},
          "rules": [{"check": "B01", "target": "netsuite.charge", "mode": "approval",
                     "roles": ["billing_lead", "controller"]}]}, False),
    ],
)  # fmt: skip
def test_an_approval_counts_only_as_long_as_its_role_limit_and_unit_do(change, may):
    before = make_governance()
    item = correction_of(before, group([charge_row(amount_at_risk_rc="30000")])[0][0])
    approval = Approval(
        actor="bill", roles=("billing_lead",), decision="approve", note="", approval_round=1, decided_at=START
    )
    assert (may_write(make_governance(**change), item, [approval]) is None) == may


@pytest.mark.parametrize(
    ("unit", "units", "may"),
    [
        ("advisory", ("advisory",), True),
        ("advisory", ("digital", "data"), False),
        ("advisory", (), False),
        (None, ("advisory", "digital", "data"), True),
        (None, ("advisory", "digital"), False),
    ],
)
@pytest.mark.parametrize("on", ["person", "role"])
def test_an_approver_releases_only_the_business_units_they_have(unit, units, may, on):
    if on == "role" and not units:
        return  # a role without units decides for the whole firm
    roles = {"controller": {"name": "Controller", "business_units": units if on == "role" else []}}
    governance = make_governance(
        *([person("pat", "controller", units=units)] if on == "person" else []),
        roles=roles, limits={"controller": None},
        rules=[{"check": "B05", "target": "salesforce.opportunity", "mode": "approval", "roles": ["controller"]}],
    )  # fmt: skip
    item = correction_of(governance, group([sync_row(business_unit_id=unit)])[0][0])
    refusal = may_approve(governance, item, [], "pat", ["controller"])
    assert (refusal is None) == may
    if refusal:
        assert refusal.error_class == "business_unit"
        assert (unit or "whole firm") in refusal.reason


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({"evidence": '{"person": "Pat@firm.example"}'}, False),
        ({"evidence": '{"person": ["x@firm.example", "4711"]}'}, False),
        ({"evidence": '{"person": "pat"}'}, False),
        ({"evidence": '{"person": "sam@firm.example"}'}, True),
        ({"evidence": '{"text": "pat@firm.example"}'}, True),
    ],
)
def test_nobody_approves_a_change_of_their_own_records(facts, may):
    governance = make_governance(
        person("pat", "billing_lead", own=("pat@firm.example", "4711")), person("bill", "billing_lead")
    )
    item = correction_of(governance, group([charge_row(**facts)])[0][0])
    refusal = may_approve(governance, item, [], "pat", ["billing_lead"])
    assert (refusal is None) == may
    assert may or refusal.error_class == "own_record"
    assert may_approve(governance, item, [], "bill", ["billing_lead"]) is None


@contextmanager
def outbox_of(governance, ledger_url) -> Iterator[Outbox]:
    engine = open_ledger(ledger_url)
    yield Outbox(engine, governance, TickingClock(START))
    engine.dispose()


PEOPLE = {"bill": "billing_lead", "omar": "delivery_operations", "carla": "controller", "eve": "viewer"}


@settings(max_examples=30, deadline=None)
@given(
    cents=st.integers(0, 30_000_000),
    order=st.lists(st.sampled_from(["bill", "omar", "carla", "eve", SERVICE_ACTOR]), max_size=6),
)
def test_it_is_released_exactly_when_enough_different_people_who_may_have_said_so(blueprints, cents, order):
    money = Decimal(cents) / 100
    limits = {who: LIMITS.get(role, Decimal(-1)) for who, role in PEOPLE.items()}
    needed = 2 if money > FOUR_EYES else 1
    with outbox_of(governed("approval", "update"), blueprints.new("sqlite")) as outbox:
        new = outbox.propose([sync_row(amount_at_risk_rc=str(money))]).proposed[0]
        said: list[str] = []
        for who in order:
            outbox.clock.now += timedelta(seconds=1)  # approvals are listed by their moment
            limit = limits.get(who, Decimal(-1))
            if len(said) < needed and who not in said and (limit is None or money <= limit):
                said.append(who)
            with suppress(NotAllowedError):
                if outbox.show(new).correction.state == "proposed":
                    outbox.approve(new, who, [PEOPLE.get(who, "controller")])
        view = outbox.show(new)
        assert [a.actor for a in view.approvals] == said
        assert view.correction.state == ("approved" if len(said) == needed else "proposed")
