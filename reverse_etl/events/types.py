"""What each event says: one model per type and version. A published version only ever gains optional facts.

Amounts are decimal text in the named currency, days ISO dates, ids the canonical `<instance>:<record id>`.
No event carries a person's pay, a field's value of a correction, or a credential.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict


class Facts(BaseModel):
    """Base of all event data: every fact is present, unknown ones as null."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordFacts(Facts):
    """Facts read from one record of a system."""

    instance: str
    record_id: str


class OpportunityWon(RecordFacts):
    """A deal was won; amounts in `currency`."""

    opportunity_id: str
    opportunity_name: str
    customer_name: str | None
    close_date: date | None
    amount: Decimal | None
    services_amount: Decimal | None
    currency: str | None
    contract_type: str | None
    legal_entity_id: str | None
    business_unit_id: str | None
    practice_id: str | None


class ProjectInitiated(RecordFacts):
    """A project left draft; `budget_amount` in `currency`."""

    project_id: str
    project_code: str | None
    project_name: str
    opportunity_id: str | None
    customer_name: str | None
    contract_type: str | None
    start_date: date | None
    end_date: date | None
    budget_amount: Decimal | None
    budget_hours: Decimal | None
    currency: str | None
    legal_entity_id: str | None
    business_unit_id: str | None
    practice_id: str | None


class TimesheetSubmitted(Facts):
    """A person's week is over and holds time; hours as first seen after the week's end."""

    instance: str
    resource_id: str
    week_start: date
    hours: Decimal
    billable_hours: Decimal
    approved_hours: Decimal
    entries: int
    projects: int


class MilestoneCompleted(RecordFacts):
    """A milestone was completed; `amount` is what it bills, in `currency`."""

    milestone_id: str
    milestone_title: str | None
    project_id: str
    project_name: str | None
    due_date: date | None
    accepted_on: date | None
    amount: Decimal | None
    currency: str | None
    erp_instance: str | None
    erp_schedule_line_id: str | None
    legal_entity_id: str | None
    business_unit_id: str | None


class InvoicePosted(RecordFacts):
    """An invoice or credit note stands in the books; amounts in `currency`, `net_amount_rc` in reporting currency."""

    invoice_id: str
    invoice_number: str | None
    document_type: str
    customer_name: str | None
    project_id: str | None
    opportunity_id: str | None
    legal_entity_id: str | None
    invoice_date: date
    due_date: date | None
    posting_period_start: date | None
    currency: str
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal | None
    net_amount_rc: Decimal | None


class ChangeApproved(RecordFacts):
    """A change request was approved; `amount` changes the price, in `currency`."""

    change_request_id: str
    change_request_name: str | None
    opportunity_id: str | None
    opportunity_name: str | None
    amount: Decimal | None
    currency: str | None
    approved_on: date
    legal_entity_id: str | None
    business_unit_id: str | None


class CorrectionFacts(Facts):
    """Where a correction stands. Names of fields only; values stay in the ledger."""

    correction_id: str
    check_id: str
    state: str
    state_class: str | None
    operation: str
    target_system: str
    target_instance: str
    target_object: str
    target_record_id: str | None
    fields: tuple[str, ...]
    amount_at_risk: Decimal | None
    currency: str | None
    legal_entity_id: str | None
    business_unit_id: str | None
    customer_name: str | None
    project_id: str | None
    project_name: str | None
    actor: str
    policy_version: str | None
    audit_sequence: int


class CorrectionProposed(CorrectionFacts):
    """A correction was proposed."""


class CorrectionApproved(CorrectionFacts):
    """A correction may be sent: policy or the last person needed has approved it."""


class CorrectionDelivered(CorrectionFacts):
    """The target system holds the corrected values."""


class CorrectionVerified(CorrectionFacts):
    """A fresh read showed that the systems agree."""


class CorrectionDeadLettered(CorrectionFacts):
    """A correction cannot be delivered without a person; `state_class` says why."""


class SagaTold(Facts):
    """A step of a saga told something, such as that a project draft is there to be initiated; `facts` as text."""

    saga_key: str
    process_id: str
    process_name: str
    trigger_key: str
    told: str
    facts: dict[str, str | None]


@dataclass(frozen=True, kw_only=True)
class EventType:
    """One type of event in one version."""

    name: str
    data: type[Facts]

    @property
    def dataschema(self) -> str:
        """Id of the published schema of the data."""
        return f"urn:concord:schema:{self.name}"

    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the data as it is sent; open, so that a later fact breaks no reader."""
        made = self.data.model_json_schema(mode="serialization")
        del made["additionalProperties"]
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": self.dataschema,
            **made,
            "title": self.name,
        }


OPPORTUNITY_WON = EventType(name="concord.opportunity.won.v1", data=OpportunityWon)
PROJECT_INITIATED = EventType(name="concord.project.initiated.v1", data=ProjectInitiated)
TIMESHEET_SUBMITTED = EventType(name="concord.timesheet.submitted.v1", data=TimesheetSubmitted)
MILESTONE_COMPLETED = EventType(name="concord.milestone.completed.v1", data=MilestoneCompleted)
INVOICE_POSTED = EventType(name="concord.invoice.posted.v1", data=InvoicePosted)
CHANGE_APPROVED = EventType(name="concord.change.approved.v1", data=ChangeApproved)
CORRECTION_PROPOSED = EventType(name="concord.correction.proposed.v1", data=CorrectionProposed)
CORRECTION_APPROVED = EventType(name="concord.correction.approved.v1", data=CorrectionApproved)
CORRECTION_DELIVERED = EventType(name="concord.correction.delivered.v1", data=CorrectionDelivered)
CORRECTION_VERIFIED = EventType(name="concord.correction.verified.v1", data=CorrectionVerified)
CORRECTION_DEAD_LETTERED = EventType(name="concord.correction.dead_lettered.v1", data=CorrectionDeadLettered)
SAGA_TOLD = EventType(name="concord.saga.told.v1", data=SagaTold)

TYPES = {
    one.name: one
    for one in (
        OPPORTUNITY_WON, PROJECT_INITIATED, TIMESHEET_SUBMITTED, MILESTONE_COMPLETED, INVOICE_POSTED,
        CHANGE_APPROVED, CORRECTION_PROPOSED, CORRECTION_APPROVED, CORRECTION_DELIVERED, CORRECTION_VERIFIED,
        CORRECTION_DEAD_LETTERED, SAGA_TOLD,
    )
}  # fmt: skip
