"""Events of corrections: each is announced with its audit event, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from reverse_etl.events import log, types
from reverse_etl.ledger.schema import correction, correction_change

SOURCE = "/concord/ledger"
_STATES = {
    "proposed": types.CORRECTION_PROPOSED,
    "approved": types.CORRECTION_APPROVED,
    "delivered": types.CORRECTION_DELIVERED,
    "verified": types.CORRECTION_VERIFIED,
    "dead_lettered": types.CORRECTION_DEAD_LETTERED,
}
_FACTS = (
    "correction_id", "check_id", "state_class", "operation", "target_system", "target_instance",
    "target_object", "target_record_id", "amount_at_risk", "currency", "legal_entity_id", "business_unit_id",
    "customer_name", "project_id", "project_name",
)  # fmt: skip
_WANTED: sa.BindParameter[Any] = sa.bindparam("wanted")
_CORRECTION = sa.select(*(correction.c[name] for name in _FACTS)).where(correction.c.correction_id == _WANTED)
_FIELDS = (
    sa.select(correction_change.c.field)
    .where(correction_change.c.correction_id == _WANTED)
    .order_by(correction_change.c.field)
)


def announce(connection: sa.Connection, audited: Mapping[str, Any], audit_hash: str) -> None:
    """Record the event of a correction's new state, if that state is announced; its id is the audit hash.

    `audited` is the audit event just written. Going back to approved after a failed attempt, or an approval
    that needs a second person, is no new state to the outside.
    """
    type_ = _STATES.get(audited["to_state"] or "")
    is_first = audited["from_state"] is None and audited["to_state"] == "proposed"
    is_step = audited["from_state"] not in (None, audited["to_state"], "in_flight", "in_doubt")
    is_result = audited["from_state"] == "in_flight" and audited["to_state"] in ("delivered", "dead_lettered")
    if type_ is None or audited["correction_id"] is None or not (is_first or is_step or is_result):
        return
    data = type_.data(**_facts(connection, audited))
    found = log.NewEvent(
        event_id=audit_hash,
        type=type_,
        source=SOURCE,
        subject=audited["correction_id"],
        occurred_at=audited["occurred_at"],
        data=data,
    )
    log.record(connection, [found], audited["occurred_at"])


def _facts(connection: sa.Connection, audited: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {"wanted": audited["correction_id"]}
    row = connection.execute(_CORRECTION, wanted).mappings()
    fields = connection.execute(_FIELDS, wanted)
    return {
        **row.one(),
        "state": audited["to_state"],
        "fields": tuple(fields.scalars()),
        "actor": audited["actor"],
        "policy_version": audited["policy_version"],
        "audit_sequence": audited["sequence"],
    }
