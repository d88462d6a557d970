"""The Subscribed Events feed: late, out of order, sometimes twice, and gone after nine days."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from sandbox.simulators.kantata.query import Page
from sandbox.simulators.kantata.schema import SUBJECT_TYPES
from sandbox.simulators.kantata.stamps import parse_parameter, show, to_store
from sandbox.simulators.store import Store

RETENTION = timedelta(days=9)
_LONGEST_DELAY_SECONDS = 240
_VISIBLE_LATE_SECONDS = 90

#: Collection -> subject as it stands in an event type, for example `time_entry:deleted`.
EVENT_SUBJECTS = {
    "workspaces": "workspace",
    "workspace_groups": "workspace_group",
    "stories": "story",
    "time_entries": "time_entry",
    "expenses": "expense",
    "invoices": "invoice",
    "billing_milestones": "billing_milestone",
    "workspace_allocations": "workspace_allocation",
    "workspace_resources": "workspace_resource",
    "assignments": "assignment",
    "account_memberships": "account_membership",
    "skills": "skill",
    "skill_memberships": "skill_membership",
}


def record_event(
    store: Store,
    collection: str,
    record_id: str,
    verb: str,
    at: datetime,
    *,
    user_id: str = "",
    account_id: str = "5",
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Note that a record was created, updated or deleted `at` some instant; the feed shows it minutes later.

    Collections without events in the vendor's catalogue leave no trace, as there.
    """
    subject = EVENT_SUBJECTS.get(collection)
    if subject is None:
        return
    event_id = store.next_id("subscribed_events")
    delay = timedelta(seconds=_spread(event_id, _LONGEST_DELAY_SECONDS))
    created = to_store(at + delay)
    row = {
        "id": event_id,
        "event_type": f"{subject}:{verb}",
        "subject_type": SUBJECT_TYPES[collection],
        "subject_id": record_id,
        "user_id": user_id,
        "account_id": account_id,
        "subject_changed_at": to_store(at),
        "payload_changes": orjson.dumps(dict(changes or {}), default=str).decode(),
        "created_at": created,
        "updated_at": created,
    }
    store.load("subscribed_events", [row])


def delete_record(store: Store, collection: str, record_id: str, at: datetime, *, user_id: str = "") -> bool:
    """Remove a record for good with its references and custom values, as a hard delete does, and say so."""
    with store.transaction() as connection:
        if not store.delete(collection, record_id):
            return False
        subject = SUBJECT_TYPES.get(collection)
        for side in ("external_references", "custom_field_values"):
            connection.execute(
                f"delete from {side} where subject_type = ? and subject_id = ?", (subject, record_id)
            )
        record_event(store, collection, record_id, "deleted", at, user_id=user_id)
    return True


def envelope(
    store: Store, parameters: Mapping[str, str], now: datetime, wanted: Page, zone: str
) -> dict[str, Any]:
    """One page of the feed as it looks at `now`."""
    rows = _visible(store, parameters, now)
    deliveries = [row for row in rows for _ in range(2 if _spread(row["id"], 11) == 0 else 1)]
    shown = deliveries[wanted.first : wanted.first + wanted.size]
    if len(shown) > 2:
        shown[0], shown[-1] = shown[-1], shown[0]
    optional = {name.strip() for name in parameters.get("optional_fields", "").split(",")}
    return {
        "count": len(deliveries),
        "results": [{"key": "subscribed_events", "id": row["id"]} for row in shown],
        "subscribed_events": {row["id"]: _record(row, zone, optional) for row in shown},
        "meta": {
            "count": len(deliveries),
            "page_count": -(-len(deliveries) // wanted.size),
            "page_number": wanted.number if deliveries else 0,
            "page_size": wanted.size,
        },
    }


def _visible(store: Store, parameters: Mapping[str, str], now: datetime) -> list[dict[str, Any]]:
    conditions, values = ["created_at >= ?"], [to_store(now - RETENTION)]
    for name, operator in (("created_after", ">"), ("created_before", "<")):
        if name in parameters:
            conditions.append(f"created_at {operator} ?")
            values.append(parse_parameter(name, parameters[name]))
    if parameters.get("event_types"):
        types = parameters["event_types"].split(",")
        conditions.append(f"event_type in ({', '.join('?' for _ in types)})")
        values += types
    way = "desc" if parameters.get("order", "").endswith(":desc") else "asc"
    matching = " and ".join(conditions)
    rows = store.query(
        f"select * from subscribed_events where {matching} order by created_at {way}, id {way}", values
    )
    return [row for row in rows if _shown_from(row) <= now]


def _shown_from(row: Mapping[str, Any]) -> datetime:
    late = timedelta(seconds=_spread(row["id"] + "late", _VISIBLE_LATE_SECONDS))
    return datetime.fromisoformat(row["created_at"]) + late


def _record(row: Mapping[str, Any], zone: str, optional: set[str]) -> dict[str, Any]:
    record = dict(row)
    record["account_id"] = int(row["account_id"]) if row["account_id"] else None
    for name in ("subject_changed_at", "created_at", "updated_at"):
        record[name] = show(row[name], zone)
    changes = record.pop("payload_changes")
    if "payload_changes" in optional:
        record["payload_changes"] = orjson.loads(changes or "{}")
    record["subject_ref"] = None
    return record


def _spread(text: str, size: int) -> int:
    """A number in [0, size) that depends on the text alone, so that a run can be repeated."""
    return zlib.crc32(text.encode()) % size
