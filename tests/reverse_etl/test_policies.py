"""Policy on shipped and tested rules: who decides, limits to the cent, ownership, the version."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from config import load_config
from reverse_etl import policies
from reverse_etl.models import Approval, FieldChange, Proposal
from reverse_etl.policies import Governance, judge, may_write
from reverse_etl.proposals import group
from tests.reverse_etl.factories import (
    START,
    allocation_row,
    charge_row,
    make_governance,
    project_rows,
    sync_row,
)

ROLES = ("viewer", "operator", "delivery_operations", "resource_manager", "billing_lead", "controller")
ROWS = {
    "B05": [sync_row()],
    "C01": project_rows(),
    "H01": [allocation_row()],
    "B01": [charge_row()],
}
DECIDERS = {
    "B05": set(),
    "C01": {"delivery_operations", "controller"},
    "H01": {"resource_manager", "controller"},
    "B01": {"billing_lead", "controller"},
}


@pytest.fixture
def ledger_url(tmp_path):
    """Policy is pure: one database is enough here."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def proposal(rows) -> Proposal:
    return group(rows)[0][0]


@pytest.mark.parametrize("check", ROWS)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_on_every_action(outbox, check, role):
    """Segregation of duties: who may approve, and so replay, and who may reject."""
    report = outbox.propose(ROWS[check])
    new = (report.proposed or report.approved)[0]
    item = outbox.show(new).correction
    may = policies.may_approve(outbox.policy, item, [], "pat", [role]) is None
    assert may == (role in DECIDERS[check])
    assert (policies.may_reject(item, "pat", [role]) is None) == (role in DECIDERS[check])


@pytest.mark.parametrize("role", ROLES)
def test_nobody_approves_what_they_asked_for_whatever_the_role(outbox, role):
    item = replace(outbox.show(outbox.propose([charge_row()]).proposed[0]).correction, proposed_by="pat")
    refusal = policies.may_approve(outbox.policy, item, [], "pat", [role, "controller"])
    assert refusal.error_class == "maker_is_checker"


@pytest.mark.parametrize(
    ("money", "role", "may"),
    [
        ("100000.00", "billing_lead", True),
        ("100000.01", "billing_lead", False),
        ("-100000.01", "billing_lead", False),
        ("100000.01", "controller", True),
        (None, "billing_lead", True),
    ],
)
def test_limits_hold_to_the_cent_and_ignore_the_sign(outbox, money, role, may):
    item = outbox.show(outbox.propose([charge_row(amount_at_risk_rc=money)]).proposed[0]).correction
    assert (policies.may_approve(outbox.policy, item, [], "pat", [role]) is None) == may


@pytest.mark.parametrize(("money", "mode"), [("1000", "automatic"), ("1000.01", "approval")])
def test_an_automatic_rule_ends_at_its_amount(money, mode):
    row = sync_row(
        check_id="C03", target_object="account", field="legal_name", value_type="text",
        expected_value="Acme", new_value="Acme Inc.", amount_at_risk_rc=money,
    )  # fmt: skip
    verdict = judge(make_governance(), proposal([row]))
    assert verdict.mode == mode
    assert verdict.approver_roles == (() if mode == "automatic" else ("controller",))


def test_a_rollback_is_never_automatic():
    verdict = judge(make_governance(), replace(proposal([sync_row()]), kind="rollback"))
    assert (verdict.mode, verdict.approver_roles) == ("approval", ("controller",))


def test_a_field_may_be_emptied_only_where_ownership_says_so():
    bucket = {"field": "erp_overdue_bucket", "value_type": "text", "expected_value": "90+", "new_value": None}
    assert judge(make_governance(), proposal([sync_row(**bucket)])).mode == "automatic"
    assert judge(make_governance(), proposal([sync_row(new_value=None)])).error_class == "null_overwrite"


def test_a_check_that_may_never_write_says_so():
    row = sync_row(check_id="B03", target_object="account", field="legal_name", value_type="text")
    assert judge(make_governance(), proposal([row])).error_class == "no_rule"


@pytest.mark.parametrize(
    ("given", "may"),
    [([], False), (["rita"], False), (["rita", "rita"], False), (["rita", "carla"], True),
     (["policy:concord"], False), (["policy:concord", "rita"], False)],
)  # fmt: skip
def test_a_write_needs_as_many_people_as_policy_demands(outbox, given, may):
    item = outbox.show(outbox.propose([allocation_row()]).proposed[0]).correction
    approvals = [
        Approval(
            actor=a, roles=("controller",), decision="approve", note="", approval_round=1, decided_at=START
        )
        for a in given
    ]
    assert (may_write(outbox.policy, item, approvals) is None) == may


def test_the_version_changes_with_the_policy():
    assert make_governance().version == make_governance().version
    assert make_governance().version != make_governance(expiry_days=15).version


def test_every_rule_shipped_writes_only_columns_that_ownership_lists_and_the_law_allows():
    governance = Governance.from_config(load_config())
    for owned in governance.ownership.fields:
        for copy in owned.copies:
            rules = [r for r in governance.policy.rules if r.target == f"{copy.system}.{copy.object}"]
            assert rules, f"{copy.system}.{copy.object}.{copy.column} has an owner but no rule"
            if copy.column in ("*", "stage"):
                continue
            change = FieldChange(field=copy.column, value_type="text", expected_value="a", new_value="b")
            shipped = replace(
                proposal([sync_row()]), check_id=rules[0].check, target_system=copy.system,
                target_object=copy.object, operation=rules[0].operation, changes=(change,),
                amount_at_risk_rc=Decimal(1),
            )  # fmt: skip
            assert judge(governance, shipped).mode == rules[0].mode
