"""The never-auto list holds in every system, in every spelling, whatever configuration and approvals say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from config.schema import Ownership, Policy
from reverse_etl.dispatcher import dispatch
from reverse_etl.law import FORBIDDEN_OBJECTS, why_forbidden
from reverse_etl.models import Approval
from reverse_etl.policies import Governance, judge, may_write
from tests.reverse_etl.factories import (
    ERP,
    OWNERSHIP,
    POLICY,
    START,
    charge_row,
    correction_of,
    make_governance,
    proposal_to,
)

SYSTEMS = (
    "salesforce", "netsuite", "kantata", "bamboohr", "hubspot", "dynamics365", "sap", "oracle", "oracle_fusion",
    "jira", "asana", "monday", "workday",
)  # fmt: skip
HR_SYSTEMS = ("bamboohr", "workday")
OBJECTS = (
    "invoice", "sales_invoice", "SalesInvoiceHeader", "credit_memo", "creditNote", "customer_payment",
    "journal_entry", "generalLedgerEntry", "GL_ENTRY", "accounting_period", "fiscalPeriod", "vendor_bill",
    "exchange_rate", "tax_code", "bank_account", "payroll_run", "compensation", "employment_status",
    "time_entry", "timeEntries", "timesheet", "worklog", "time_tracking", "expense_report",
    "revenue_recognition_schedule", "company_merge",
)  # fmt: skip
COLUMNS = (
    "tax_id", "TaxCode", "sales_tax_rate", "vatregnumber", "vat_number", "bank_account", "iban", "salary_amount",
    "payRate", "cost_rate_in_cents", "employment_status", "is_deleted", "IsDeleted", "deleted_at", "archived",
    "master_record_id", "hs_merged_object_ids", "posting", "isPosted", "voided", "compensation", "rev_rec_rule",
)  # fmt: skip
PLAIN_OBJECT = "customer"
"""An object that the law names for no system, so that only the column or the evidence can stop it."""
PLAIN = (
    "legal_name", "end_date", "billing_street", "payment_terms_days", "erp_last_payment_date", "minutes", "stage",
    "private_note", "activated_on", "title", "erp_credit_hold", "price", "primary_workspace_group_id",
)  # fmt: skip


@pytest.fixture
def ledger_url(tmp_path):
    """The law is pure: one database is enough here."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def permissive(proposal) -> Governance:
    """A firm whose configuration lets everything about this proposal through."""
    system, target, column = proposal.target_system, proposal.target_object, proposal.changes[0].field
    rule = {"check": "X01", "target": "a.b", "operation": proposal.operation, "mode": "automatic"}
    policy = Policy.model_validate({**POLICY, "rules": [rule]})
    rules = [policy.rules[0].model_copy(update={"target": proposal.target})]
    owned = Ownership.model_validate(OWNERSHIP).fields[0]
    copy = owned.copies[0].model_copy(
        update={"system": system, "object": target, "column": column, "may_be_cleared": True}
    )
    fields = [owned.model_copy(update={"on": "any", "copies": [copy]})]
    return Governance(policy.model_copy(update={"rules": rules}), Ownership(version=1, fields=fields))


def is_stopped(proposal) -> bool:
    """Forbidden when proposed, and again at the moment of writing with everybody's approval."""
    governance = permissive(proposal)
    verdict = judge(governance, proposal)
    item = correction_of(governance, proposal, mode="approval", approver_roles=("controller",))
    approvals = [
        Approval(
            actor=who, roles=("controller",), decision="approve", note="", approval_round=1, decided_at=START
        )
        for who in ("carla", "grace", "policy:concord")
    ]
    refusal = may_write(governance, item, approvals)
    assert (verdict.error_class == "never_auto") == (
        refusal is not None and refusal.error_class == "never_auto"
    )
    return refusal is not None


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", OBJECTS)
def test_no_system_has_a_document_of_the_list_that_may_be_written(system, name):
    assert is_stopped(proposal_to(system, name))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("column", COLUMNS)
def test_no_system_has_a_column_of_the_list_that_may_be_written(system, column):
    assert is_stopped(proposal_to(system, PLAIN_OBJECT, column))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("operation", ["delete", "merge"])
def test_nothing_is_deleted_or_merged_anywhere(system, operation):
    changed = replace(proposal_to(system, PLAIN_OBJECT), operation=operation)
    assert "never automated" in why_forbidden(changed)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "flag",
    ["is_period_closed", "is_period_locked", "is_posted", "is_sent", "is_ambiguous", "is_source_stale"],
)
@pytest.mark.parametrize("shape", ["list", "object", "text"])
def test_evidence_of_a_closed_period_or_a_document_that_is_out_stops_it(system, flag, shape):
    def evidence(value):
        return {
            "list": [{"finding": "f"}, {flag: value}],
            "object": {flag: value},
            "text": f'{{"{flag}": "{value}"}}',
        }[shape]

    assert is_stopped(proposal_to(system, PLAIN_OBJECT, evidence=evidence("true")))
    if system not in HR_SYSTEMS:
        assert not is_stopped(proposal_to(system, PLAIN_OBJECT, evidence=evidence("false")))


@pytest.mark.parametrize("system", [name for name in SYSTEMS if name not in HR_SYSTEMS])
@pytest.mark.parametrize("column", PLAIN)
def test_plain_fields_are_not_caught_by_the_way(system, column):
    assert not is_stopped(proposal_to(system, PLAIN_OBJECT, column))


@pytest.mark.parametrize("system", HR_SYSTEMS)
@pytest.mark.parametrize("column", PLAIN)
def test_nothing_at_all_is_written_to_a_system_of_hr(system, column):
    assert is_stopped(proposal_to(system, "note", column))


@pytest.mark.parametrize(("system", "target_object"), FORBIDDEN_OBJECTS)
def test_every_object_listed_for_one_system_is_stopped(system, target_object):
    name = "employee" if target_object == "*" else target_object
    assert is_stopped(proposal_to(system, name))
    assert is_stopped(proposal_to(system, name.upper()))


@pytest.mark.parametrize(("value", "may"), [("READY", True), ("HOLD", True), ("PROCESSED", False)])
def test_a_billing_line_is_released_and_never_processed(value, may):
    proposal = proposal_to("netsuite", "charge", "stage")
    changed = replace(proposal, changes=(replace(proposal.changes[0], new_value=value),))
    assert (why_forbidden(changed) is None) == may


def test_an_approved_correction_whose_period_closes_meanwhile_never_reaches_the_vendor(outbox, vendors):
    new = outbox.propose([charge_row()]).proposed[0]
    outbox.approve(new, "carla", ["controller"])
    with outbox.engine.begin() as connection:
        connection.execute(sa.text("UPDATE correction SET evidence = '[{\"is_period_closed\": true}]'"))
    report = dispatch(outbox, vendors)
    assert [item.error_class for item in report.items] == ["never_auto"]
    assert vendors[ERP].writes == []


def test_the_shipped_tests_governance_is_not_permissive_by_accident():
    assert judge(make_governance(), proposal_to("salesforce", "account")).error_class == "ownership"
