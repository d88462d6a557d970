"""The dry run: what a set of corrections would do to their live targets, field by field, writing nothing anywhere.

Every target is read from the live system as dispatch would read it; the ledger is only read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.errors import ConnectorError
from reverse_etl import delegations, holds, policies, store, switches
from reverse_etl.desk import Desk
from reverse_etl.destinations.base import Destination, Value
from reverse_etl.holds import Hold
from reverse_etl.ledger import reading
from reverse_etl.models import Approval, Correction, Delegation, State
from reverse_etl.values import encode, same

Status = Literal["agree", "would change", "conflict", "refused", "unreadable"]
PLANNED_STATES = (State.PROPOSED, State.APPROVED)


@dataclass(frozen=True, kw_only=True)
class FieldPlan:
    """One field against the live value; values as ledger text, ``None`` where empty."""

    field: str
    seen: str | None
    """What the proposal saw, and the approver decided on."""
    live: str | None
    new: str | None
    status: Literal["agree", "would change", "conflict"]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What one correction would do now. Without `fields` its target could not be read, and `reason` says why."""

    correction: Correction
    status: Status
    reason: str | None
    fields: tuple[FieldPlan, ...]


def plan(desk: Desk, destinations: Mapping[str, Destination], correction_ids: Sequence[str]) -> list[Planned]:
    """Plan the corrections in the order given. One that cannot be read never stops the others.

    Raises `UnknownCorrectionError` for an id that is not in the ledger.
    """
    with reading(desk.engine) as connection:
        killed, held = switches.killed(connection, desk.policy), holds.holding(connection)
        known = [(store.get(connection, one), store.approvals(connection, one)) for one in correction_ids]
        lent = [delegations.behind(connection, approvals, desk.clock()) for _, approvals in known]
    return [
        _planned(item, destinations, _refusal(desk, item, approvals, killed, held, behind))
        for (item, approvals), behind in zip(known, lent, strict=True)
    ]


def _refusal(
    desk: Desk,
    item: Correction,
    approvals: Sequence[Approval],
    killed: frozenset[str],
    held: Mapping[str, Hold],
    behind: Sequence[Delegation],
) -> str | None:
    """Why nothing of it would be written whatever the target holds, or ``None``."""
    if item.state not in PLANNED_STATES:
        return f"it is {item.state}: only proposed and approved corrections are planned"
    if item.check_id in killed:
        return f"check {item.check_id} is switched off (kill_switch)"
    if item.check_id in held:
        return f"check {item.check_id} waits: {held[item.check_id].reason} (control_total)"
    if item.state is State.APPROVED:
        refusal = policies.may_write(desk.policy, item, approvals, behind)
        return f"{refusal.reason} ({refusal.error_class})" if refusal else None
    verdict = policies.judge(desk.policy, item)
    return f"{verdict.reason} ({verdict.error_class})" if verdict.mode == "forbidden" else None


def _planned(item: Correction, destinations: Mapping[str, Destination], refusal: str | None) -> Planned:
    if item.target_instance not in set(destinations):  # asking the mapping itself would sign in
        words = f"instance {item.target_instance} is not in config/estate.yml or cannot be written"
        return Planned(correction=item, status="refused", reason=refusal or words, fields=())
    try:
        fields = _against(item, _live(item, destinations[item.target_instance]))
    except (ConnectorError, LookupError) as error:
        status: Status = "refused" if refusal else "unreadable"
        return Planned(correction=item, status=status, reason=refusal or str(error), fields=())
    if refusal:
        return Planned(correction=item, status="refused", reason=refusal, fields=fields)
    return Planned(correction=item, status=_status(fields), reason=_conflict_words(fields), fields=fields)


def _live(item: Correction, destination: Destination) -> Mapping[str, Value]:
    names = [change.field for change in item.changes]
    record_id = item.target_record_id
    if item.operation == "create":
        record_id = destination.find_created(item.target_object, item.idempotency_key)
        if record_id is None:
            return dict.fromkeys(names)
    return destination.read(item.target_object, str(record_id), names).values


def _against(item: Correction, live: Mapping[str, Value]) -> tuple[FieldPlan, ...]:
    found = []
    for change in item.changes:
        value = live[change.field]
        status: Literal["agree", "would change", "conflict"] = "conflict"
        if same(value, change.new):
            status = "agree"
        elif same(value, change.expected):
            status = "would change"
        found.append(
            FieldPlan(
                field=change.field,
                seen=encode(change.expected),
                live=encode(value),
                new=encode(change.new),
                status=status,
            )
        )
    return tuple(found)


def _status(fields: Sequence[FieldPlan]) -> Status:
    """A conflict in one field stops the whole correction, as it does when it is written."""
    statuses = {field.status for field in fields}
    if "conflict" in statuses:
        return "conflict"
    return "would change" if "would change" in statuses else "agree"


def _conflict_words(fields: Sequence[FieldPlan]) -> str | None:
    moved = [f.field for f in fields if f.status == "conflict"]
    return f"changed since it was proposed: {', '.join(moved)}" if moved else None
