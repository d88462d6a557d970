"""Sync rows and governance as tests need them; every argument has a plain default."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from config.schema import Ownership, Person, Policy
from reverse_etl.models import Correction, FieldChange, Proposal, State
from reverse_etl.policies import Governance, Verdict, judge

START = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
CRM, ERP, PSA = "salesforce_group", "netsuite_group", "kantata_group"

POLICY: dict[str, Any] = {
    "version": 1,
    "roles": {
        "delivery_operations": {"name": "Delivery operations"},
        "resource_manager": {"name": "Resource manager"},
        "billing_lead": {"name": "Billing lead"},
        "controller": {"name": "Controller"},
    },
    "limits": {
        "delivery_operations": "200000",
        "resource_manager": "50000",
        "billing_lead": "100000",
        "controller": None,
    },
    "rules": [
        {"check": "B05", "target": "salesforce.opportunity", "mode": "automatic"},
        {"check": "C03", "target": "salesforce.account", "mode": "automatic", "up_to": "1000"},
        {"check": "C01", "target": "kantata.workspace", "operation": "create", "mode": "approval",
         "roles": ["delivery_operations", "controller"]},
        {"check": "H01", "target": "kantata.workspace_allocation", "mode": "approval", "approvers": 2,
         "roles": ["resource_manager", "controller"]},
        {"check": "B01", "target": "netsuite.charge", "mode": "approval", "roles": ["billing_lead", "controller"]},
        {"check": "B03", "target": "salesforce.account", "mode": "never"},
    ],
    "expiry_days": 14,
    "caps": {"automatic_count": 50, "automatic_amount": "1000000"},
    "kill_switches": [],
}  # fmt: skip

OWNERSHIP: dict[str, Any] = {
    "version": 1,
    "fields": [
        {"field": "customer.legal_name", "owner": "netsuite",
         "copies": [{"system": "salesforce", "object": "account", "column": "legal_name"}]},
        {"field": "receivable.open_amount", "owner": "netsuite",
         "copies": [{"system": "salesforce", "object": "opportunity", "column": "erp_open_amount"}]},
        {"field": "receivable.overdue_bucket", "owner": "netsuite",
         "copies": [{"system": "salesforce", "object": "opportunity", "column": "erp_overdue_bucket",
                     "may_be_cleared": True}]},
        {"field": "project.draft", "owner": "salesforce", "on": "create",
         "copies": [{"system": "kantata", "object": "workspace", "column": "*"}]},
        {"field": "assignment.end", "owner": "bamboohr",
         "copies": [{"system": "kantata", "object": "workspace_allocation", "column": "end_date"}]},
        {"field": "billing_schedule.stage", "owner": "kantata", "business_units": ["advisory"],
         "copies": [{"system": "netsuite", "object": "charge", "column": "stage"}]},
    ],
}  # fmt: skip


UNITS = ("advisory", "digital", "data")


def make_governance(*people: Person, **policy: Any) -> Governance:
    return Governance(
        Policy.model_validate({**POLICY, **policy}), Ownership.model_validate(OWNERSHIP), people, UNITS
    )


def person(name: str, *roles: str, units: tuple[str, ...] = UNITS, own: tuple[str, ...] = ()) -> Person:
    """A listed account."""
    return Person(
        id=name,
        name=name.title(),
        title="",
        roles=list(roles),
        business_units=list(units),
        own_records=list(own),
    )


def proposal_to(system: str, target_object: str, field: str = "memo", **facts: Any) -> Proposal:
    """A change of one text field anywhere."""
    plain: dict[str, Any] = {
        "correction_key": f"X01|{system}.{target_object}|1", "check_id": "X01", "target_system": system,
        "target_instance": f"{system}_group", "target_object": target_object, "target_record_id": "1",
        "operation": "update", "reason": "differs", "business_unit_id": "advisory",
        "changes": (FieldChange(field=field, value_type="text", expected_value="a", new_value="b"),),
    }  # fmt: skip
    return Proposal(**{**plain, **facts})


def correction_of(governance: Governance, proposal: Proposal, **facts: Any) -> Correction:
    """The proposal as the ledger would hold it under this governance."""
    verdict: Verdict = judge(governance, proposal)
    ledger: dict[str, Any] = {
        "correction_id": "c1", "sequence": 1, "content_hash": "h", "state": State.PROPOSED, "state_class": None,
        "state_reason": None, "mode": verdict.mode, "approver_roles": verdict.approver_roles,
        "approvals_needed": verdict.approvals_needed, "approval_round": 1, "policy_version": governance.version,
        "idempotency_key": "k", "depends_on": None, "attempts": 0, "proposed_at": START, "expires_at": None,
        "due_at": None, "decided_at": None, "delivered_at": None, "verified_at": None, "updated_at": START,
        "lease_token": None, "superseded_by_id": None, "created_record_id": None, "last_event_sequence": 1,
    }  # fmt: skip
    same = {name: getattr(proposal, name) for name in Proposal.__dataclass_fields__}
    return Correction(**{**same, **ledger, **facts})


def sync_row(**facts: Any) -> dict[str, Any]:
    """One field of a B05 correction; everything can be said otherwise."""
    record = facts.get("target_record_id", "006A")
    row: dict[str, Any] = {
        "check_id": "B05", "finding_id": f"f-{record}", "target_system": "salesforce", "target_instance": CRM,
        "target_object": "opportunity", "target_record_id": record, "operation": "update",
        "field": "erp_open_amount", "expected_value": "100.00", "new_value": "250.5000", "value_type": "decimal",
        "reason": "open amount differs", "amount_at_risk": "150.50", "currency": "USD",
        "amount_at_risk_rc": "150.50", "legal_entity_id": "MCG-US", "business_unit_id": "advisory",
        "customer_id": "cus_1", "customer_name": "Acme", "project_id": None, "project_name": None,
        "evidence": '{"invoice": "INV-1"}', "source_loaded_at": START,
    }  # fmt: skip
    row |= facts
    row.setdefault("correction_key", f"{row['check_id']}|{row['target_instance']}|{record}")
    return row


def allocation_row(record: str = "77", **facts: Any) -> dict[str, Any]:
    """H01: two people must approve."""
    return sync_row(**{
        "check_id": "H01", "target_system": "kantata", "target_instance": PSA, "target_record_id": record,
        "target_object": "workspace_allocation", "field": "end_date", "value_type": "date",
        "expected_value": "2026-09-30", "new_value": "2026-06-15", "amount_at_risk_rc": "20000", **facts,
    })  # fmt: skip


def charge_row(record: str = "501", **facts: Any) -> dict[str, Any]:
    """B01: one billing lead approves."""
    return sync_row(**{
        "check_id": "B01", "target_system": "netsuite", "target_instance": ERP, "target_record_id": record,
        "target_object": "charge", "field": "stage", "value_type": "text", "expected_value": "HOLD",
        "new_value": "READY", "amount_at_risk_rc": "42000", **facts,
    })  # fmt: skip


def project_rows(key: str = "C01|kantata_group|006A", **facts: Any) -> list[dict[str, Any]]:
    """C01: a project draft, three fields."""
    shared = {
        "correction_key": key, "check_id": "C01", "target_system": "kantata", "target_instance": PSA,
        "target_object": "workspace", "target_record_id": None, "operation": "create", "expected_value": None,
        "amount_at_risk_rc": "120000", "finding_id": "f-c01", **facts,
    }  # fmt: skip
    return [
        sync_row(**shared, field="title", value_type="text", new_value="Acme rollout"),
        sync_row(**shared, field="price", value_type="decimal", new_value="120000.00"),
        sync_row(**shared, field="stage", value_type="text", new_value="estimate"),
    ]
