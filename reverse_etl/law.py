"""What no machine may write, whatever configuration says; the reason is shown to whoever asked.

These are documents and facts which a person changes in the owning system: by reversal, credit-and-rebill or an
adjustment in the open period. The law is data about every system, those without a destination yet included: names are
compared without case and underscores, so that no spelling of a vendor or of a destination gets around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reverse_etl.models import FieldChange, Proposal

_ANY = "*"
_HR = "employment status and pay belong to HR"

FORBIDDEN_OBJECTS: Mapping[tuple[str, str], str] = {
    ("netsuite", "transaction"): "invoices, credit notes and payments are posted or sent documents",
    ("netsuite", "transactionline"): "lines belong to posted or sent documents",
    ("netsuite", "transactionaccountingline"): "the general ledger is posted by accountants",
    ("netsuite", "account"): "the chart of accounts belongs to the controller",
    ("netsuite", "accountingbook"): "accounting books are set up by group accounting",
    ("netsuite", "nexttransactionlinelink"): "payment applications are posted",
    ("netsuite", "accountingperiod"): "periods are opened and closed by the controller",
    ("netsuite", "currencyrate"): "exchange rates belong to treasury",
    ("netsuite", "consolidatedexchangerate"): "exchange rates belong to treasury",
    ("netsuite", "subsidiary"): "companies are set up by group accounting",
    ("kantata", "invoice"): "an invoice that was sent is corrected by a credit note",
    ("kantata", "time_entry"): "approved time of another person",
    ("kantata", "timesheet_submission"): "approval of time is a person's decision",
    ("kantata", "expense"): "approved expenses of another person",
    ("bamboohr", _ANY): _HR,
    ("workday", _ANY): _HR,
}

FORBIDDEN_OBJECT_PARTS: Mapping[str, str] = {
    "invoice": "invoices are corrected by credit and rebill, by a person",
    "credit_memo": "credit notes are posted documents",
    "credit_note": "credit notes are posted documents",
    "vendor_bill": "bills of suppliers are posted documents",
    "payment": "payments are posted",
    "journal": "the general ledger is posted by accountants",
    "general_ledger": "the general ledger is posted by accountants",
    "gl_entry": "the general ledger is posted by accountants",
    "ledger_entr": "the general ledger is posted by accountants",
    "accounting_period": "periods are opened and closed by the controller",
    "fiscal_period": "periods are opened and closed by the controller",
    "exchange_rate": "exchange rates belong to treasury",
    "currency_rate": "exchange rates belong to treasury",
    "tax": "tax is never written",
    "bank": "bank details are never written",
    "payroll": "pay is never written",
    "salary": "pay is never written",
    "compensation": "pay is never written",
    "employment": _HR,
    "job_info": _HR,
    "time_entry": "approved time of another person",
    "time_entries": "approved time of another person",
    "time_tracking": "approved time of another person",
    "timesheet": "approval of time is a person's decision",
    "worklog": "approved time of another person",
    "expense": "approved expenses of another person",
    "revenue_recognition": "revenue recognition is decided by accountants",
    "revenue_arrangement": "revenue recognition is decided by accountants",
    "revenue_element": "revenue recognition is decided by accountants",
    "rev_rec": "revenue recognition is decided by accountants",
    "merge": "records are merged by a data steward only",
}
"""Parts of an object's name that no system's object may have."""

FORBIDDEN_COLUMN_PARTS: Mapping[str, str] = {
    "tax": "tax fields are never written",
    "vat_": "tax fields are never written",
    "vatreg": "tax fields are never written",
    "bank": "bank details are never written",
    "iban": "bank details are never written",
    "salary": "pay is never written",
    "compensation": "pay is never written",
    "pay_rate": "pay is never written",
    "payroll": "pay is never written",
    "cost_rate": "cost rates are derived from pay",
    "employment": "employment status belongs to HR",
    "is_deleted": "nothing is ever deleted",
    "deleted_at": "nothing is ever deleted",
    "archived": "archiving a record removes it from work, as a delete does",
    "master_record_id": "customers are merged by a data steward only",
    "merge": "records are merged by a data steward only",
    "posting": "nothing is posted by a machine",
    "posted": "nothing is posted by a machine",
    "voided": "documents are voided by a person",
    "rev_rec": "revenue recognition is decided by accountants",
    "revenue_recognition": "revenue recognition is decided by accountants",
}
"""Parts of a column's name that no system's column may have."""

ONLY_VALUES: Mapping[tuple[str, str, str], frozenset[str]] = {
    ("netsuite", "charge", "stage"): frozenset({"READY", "HOLD"}),
    ("kantata", "workspace", "stage"): frozenset({"estimate"}),
}

EVIDENCE_FLAGS: Mapping[str, str] = {
    "is_period_closed": "it is dated in a closed period",
    "is_period_locked": "it is dated in a soft-closed period",
    "is_posted": "the document is posted",
    "is_sent": "the document was sent",
    "is_ambiguous": "more than one record could be meant",
    "is_source_stale": "its source was not read recently enough",
}
"""Facts of the evidence that forbid a correction when they are true."""

_TRUE = frozenset({"true", "t", "1", "yes"})


def why_forbidden(proposal: Proposal) -> str | None:
    """The law a proposal would break, in words, or ``None``."""
    if proposal.operation not in ("update", "create"):
        return f"operation {proposal.operation} is never automated: nothing is deleted or merged"
    reason = _object_reason(proposal.target_system, proposal.target_object)
    if reason:
        return f"{proposal.target}: {reason}"
    return _evidence_reason(proposal.evidence) or next(
        (reason for reason in (_change_reason(proposal, change) for change in proposal.changes) if reason),
        None,
    )


def _object_reason(system: str, name: str) -> str | None:
    for (of_system, of_object), reason in FORBIDDEN_OBJECTS.items():
        if _plain(of_system) == _plain(system) and of_object in (_ANY, name, name.lower()):
            return reason
    return _part_reason(FORBIDDEN_OBJECT_PARTS, name)


def _part_reason(parts: Mapping[str, str], name: str) -> str | None:
    words = _words(name)
    return next((reason for part, reason in parts.items() if _has(part, words)), None)


def _has(part: str, words: str) -> bool:
    """Whether the part occurs; one that ends in an underscore must be a whole word or the name's end."""
    if part.endswith("_"):
        return part[:-1] in words.split("_")
    return _plain(part) in _plain(words)


def _words(name: str) -> str:
    """Lower case with underscores, from whatever spelling: `TaxCode`, `tax-code` and `tax_code` are one."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _change_reason(proposal: Proposal, change: FieldChange) -> str | None:
    reason = _part_reason(FORBIDDEN_COLUMN_PARTS, change.field)
    if reason:
        return f"{proposal.target}.{change.field}: {reason}"
    allowed = ONLY_VALUES.get((proposal.target_system, proposal.target_object, change.field))
    if allowed is not None and change.new_value not in allowed:
        return (
            f"{proposal.target}.{change.field}: only {', '.join(sorted(allowed))} may be written, "
            f"not {change.new_value}; the rest is a person's step"
        )
    return None


def _evidence_reason(evidence: Any) -> str | None:
    for fact in _facts(evidence):
        for flag, reason in EVIDENCE_FLAGS.items():
            if str(fact.get(flag)).lower() in _TRUE:
                return reason
    return None


def _facts(evidence: Any) -> Iterator[Mapping[str, Any]]:
    parsed = json.loads(evidence) if isinstance(evidence, str) and evidence[:1] in "[{" else evidence
    for fact in parsed if isinstance(parsed, list) else [parsed]:
        if isinstance(fact, Mapping):
            yield fact
