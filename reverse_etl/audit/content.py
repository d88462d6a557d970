"""What an event says about a correction: target, values seen and new, money, evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from reverse_etl.models import FieldChange
from reverse_etl.values import digest

Record = Mapping[str, Any] | sa.RowMapping

FACTS = (
    "kind", "correction_key", "check_id", "operation", "target_system", "target_instance", "target_object",
    "target_record_id", "currency", "legal_entity_id", "business_unit_id", "customer_id", "project_id",
    "idempotency_key", "proposed_by", "rolls_back_id",
)  # fmt: skip
"""Columns of a correction that never change after it was proposed."""
AMOUNTS = ("amount_at_risk", "amount_at_risk_rc")


def content_hash_of(target: Record, changes: Sequence[Record]) -> str:
    """Hash of what would be written where: two proposals with the same hash are the same correction."""
    return digest(
        {
            "target": [target["target_instance"], target["target_object"], target["target_record_id"]],
            "operation": target["operation"],
            "changes": sorted(
                [c["field"], c["value_type"], c["expected_value"], c["new_value"]] for c in changes
            ),
        }
    )


def proposed_detail(row: Record, changes: Iterable[FieldChange]) -> dict[str, Any]:
    """The content of a proposal for its audit event: what was seen, what is to be written, and on what evidence."""
    facts = {name: row[name] for name in FACTS}
    amounts = {name: amount_text(row[name]) for name in AMOUNTS}
    return {
        "content": facts | amounts,
        "content_hash": row["content_hash"],
        "changes": {
            c.field: {"seen": c.expected_value, "new": c.new_value, "finding": c.finding_id} for c in changes
        },
        "evidence": json.loads(row["evidence"]) if row["evidence"] else None,
        "source_loaded_at": row["source_loaded_at"].isoformat() if row["source_loaded_at"] else None,
        "approval": {
            "mode": row["mode"],
            "roles": json.loads(row["approver_roles"]),
            "needed": row["approvals_needed"],
        },
    }


def amount_text(amount: Any) -> str | None:
    """An amount in one spelling, four decimals as the ledger keeps it."""
    return None if amount is None else format(amount, ".4f")
