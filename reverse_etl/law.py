"""What no machine may write, whatever configuration says; the reason is shown to whoever asked.

These are documents and facts which a person changes in the owning system: by reversal, credit-and-rebill or an
adjustment in the open period.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reverse_etl.models import FieldChange, Proposal

_ANY = "*"

FORBIDDEN_OBJECTS: Mapping[tuple[str, str], str] = {
    ("netsuite", "transaction"): "invoices, credit notes and payments are posted or sent documents",
    ("netsuite", "transactionline"): "lines belong to posted or sent documents",
    ("netsuite", "nexttransactionlinelink"): "payment applications are posted",
    ("netsuite", "accountingperiod"): "periods are opened and closed by the controller",
    ("netsuite", "currencyrate"): "exchange rates belong to treasury",
    ("netsuite", "consolidatedexchangerate"): "exchange rates belong to treasury",
    ("netsuite", "subsidiary"): "companies are set up by group accounting",
    ("kantata", "invoice"): "an invoice that was sent is corrected by a credit note",
    ("kantata", "time_entry"): "approved time of another person",
    ("kantata", "timesheet_submission"): "approval of time is a person's decision",
    ("kantata", "expense"): "approved expenses of another person",
    ("bamboohr", _ANY): "employment status and pay belong to HR",
    ("workday", _ANY): "employment status and pay belong to HR",
}

FORBIDDEN_COLUMN_PARTS: Mapping[str, str] = {
    "tax": "tax fields are never written",
    "vat": "tax fields are never written",
    "bank": "bank details are never written",
    "iban": "bank details are never written",
    "salary": "pay is never written",
    "compensation": "pay is never written",
    "pay_rate": "pay is never written",
    "cost_rate": "cost rates are derived from pay",
    "employment": "employment status belongs to HR",
    "is_deleted": "nothing is ever deleted",
    "deleted_at": "nothing is ever deleted",
    "archived": "archiving a record removes it from work, as a delete does",
    "master_record_id": "customers are merged by a data steward only",
    "posting": "nothing is posted by a machine",
    "voided": "documents are voided by a person",
}

ONLY_VALUES: Mapping[tuple[str, str, str], frozenset[str]] = {
    ("netsuite", "charge", "stage"): frozenset({"READY", "HOLD"}),
    ("kantata", "workspace", "stage"): frozenset({"estimate"}),
}

EVIDENCE_FLAGS: Mapping[str, str] = {
    "is_period_closed": "it is dated in a closed period",
    "is_posted": "the document is posted",
    "is_sent": "the document was sent",
}


def why_forbidden(proposal: Proposal) -> str | None:
    """The law a proposal would break, in words, or ``None``."""
    if proposal.operation not in ("update", "create"):
        return f"operation {proposal.operation} is never automated: nothing is deleted or merged"
    for system_object in ((proposal.target_system, proposal.target_object), (proposal.target_system, _ANY)):
        if system_object in FORBIDDEN_OBJECTS:
            return f"{proposal.target}: {FORBIDDEN_OBJECTS[system_object]}"
    return _evidence_reason(proposal.evidence) or next(
        (reason for reason in (_change_reason(proposal, change) for change in proposal.changes) if reason),
        None,
    )


def _change_reason(proposal: Proposal, change: FieldChange) -> str | None:
    for part, reason in FORBIDDEN_COLUMN_PARTS.items():
        if part in change.field:
            return f"{proposal.target}.{change.field}: {reason}"
    allowed = ONLY_VALUES.get((proposal.target_system, proposal.target_object, change.field))
    if allowed is not None and change.new_value not in allowed:
        return (
            f"{proposal.target}.{change.field}: only {', '.join(sorted(allowed))} may be written, "
            f"not {change.new_value}; the rest is a person's step"
        )
    return None


def _evidence_reason(evidence: Any) -> str | None:
    facts = json.loads(evidence) if isinstance(evidence, str) and evidence[:1] in "[{" else evidence
    for row in facts if isinstance(facts, list) else [facts]:
        if not isinstance(row, Mapping):
            continue
        for flag, reason in EVIDENCE_FLAGS.items():
            if row.get(flag) in (True, "true", "T"):
                return reason
    return None
