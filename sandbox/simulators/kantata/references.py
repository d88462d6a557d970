"""External references and custom field values: what hangs on a subject."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.simulators.kantata.errors import invalid, not_found
from sandbox.simulators.kantata.schema import SUBJECT_TYPES, TABLES
from sandbox.simulators.kantata.stamps import to_store
from sandbox.simulators.store import Store

_COLLECTIONS = {subject: collection for collection, subject in SUBJECT_TYPES.items()}
_REFERENCE_REQUIRED = ("service_name", "service_model", "service_model_ref", "subject_type", "subject_id")


def upsert_reference(store: Store, given: Mapping[str, Any], now: datetime) -> str:
    """Create or update the one reference of a service on a subject; returns its id."""
    for name in _REFERENCE_REQUIRED:
        if given.get(name) in (None, ""):
            raise invalid(f"{name.replace('_', ' ').capitalize()} can't be blank", name)
    _require_subject(store, str(given["subject_type"]), str(given["subject_id"]))
    stamp = to_store(now)
    identity = [str(given[name]) for name in ("service_name", "subject_type", "subject_id")]
    with store.transaction():
        found = store.query(
            "select id from external_references "
            "where service_name = ? and subject_type = ? and subject_id = ?",
            identity,
        )
        fields = {
            name: value
            for name, value in given.items()
            if name in TABLES["external_references"] and name != "id"
        }
        fields["subject_id"] = str(given["subject_id"])
        fields["service_model_ref"] = str(given["service_model_ref"])
        fields["updated_at"] = stamp
        if found:
            store.upsert("external_references", found[0]["id"], fields)
            return str(found[0]["id"])
        new_id = store.next_id("external_references")
        defaults = {"id": new_id, "status": "successful", "locked": 0, "created_at": stamp}
        store.load("external_references", [defaults | fields])
        return new_id


def create_custom_value(store: Store, given: Mapping[str, Any], now: datetime) -> str:
    """Set a subject's value of a custom field for the first time. Raises 422 when it already has one."""
    for name in ("subject_type", "subject_id", "custom_field_id"):
        if given.get(name) in (None, ""):
            raise invalid(f"{name.replace('_', ' ').capitalize()} can't be blank", name)
    subject_type, subject_id = str(given["subject_type"]), str(given["subject_id"])
    field_id = str(given["custom_field_id"])
    if _value_id(store, subject_type, subject_id, field_id) is not None:
        raise invalid("Subject already has a value for this custom field", "custom_field_id")
    return _put_value(store, subject_type, subject_id, field_id, given.get("value"), now)


def update_custom_value(store: Store, value_id: str, given: Mapping[str, Any], now: datetime) -> None:
    """Change a value; subject and field of a value never change."""
    current = store.get("custom_field_values", value_id)
    if current is None:
        raise not_found()
    _put_value(
        store,
        current["subject_type"],
        current["subject_id"],
        current["custom_field_id"],
        given.get("value"),
        now,
    )


def set_custom_values(
    store: Store, subject_type: str, subject_id: str, values: Mapping[str, Any], now: datetime
) -> None:
    """Values by custom field id, as a create call may carry them."""
    for field_id, value in values.items():
        _put_value(store, subject_type, subject_id, str(field_id), value, now)


def _put_value(
    store: Store, subject_type: str, subject_id: str, field_id: str, value: Any, now: datetime
) -> str:
    _require_subject(store, subject_type, subject_id)
    custom = _custom_field(store, field_id)
    if custom is None or custom["subject_type"] != subject_type:
        raise invalid("Custom field must exist for this subject type", "custom_field_id")
    if custom["value_type"] == "number" and value not in (None, "") and not _is_number(value):
        raise invalid("Value is not a number", "value")
    stamp = to_store(now)
    with store.transaction():
        known = _value_id(store, subject_type, subject_id, field_id)
        fields = {"value": None if value is None else str(value), "updated_at": stamp}
        if known is not None:
            store.upsert("custom_field_values", known, fields)
            return known
        new_id = store.next_id("custom_field_values")
        row = {
            "id": new_id,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "custom_field_id": field_id,
            "custom_field_name": custom["name"],
            "type": custom["value_type"],
            "created_at": stamp,
        }
        store.load("custom_field_values", [row | fields])
        return new_id


def _custom_field(store: Store, field_id: str) -> dict[str, Any] | None:
    rows = store.query(
        "select f.*, s.subject_type from custom_fields f "
        "join custom_field_sets s on s.id = f.custom_field_set_id where f.id = ?",
        (field_id,),
    )
    return rows[0] if rows else None


def _value_id(store: Store, subject_type: str, subject_id: str, field_id: str) -> str | None:
    rows = store.query(
        "select id from custom_field_values "
        "where subject_type = ? and subject_id = ? and custom_field_id = ?",
        (subject_type, subject_id, field_id),
    )
    return rows[0]["id"] if rows else None


def _require_subject(store: Store, subject_type: str, subject_id: str) -> None:
    collection = _COLLECTIONS.get(subject_type)
    if collection is None:
        raise invalid("Subject type is not included in the list", "subject_type")
    if store.get(collection, subject_id) is None:
        raise invalid("Subject must exist", "subject_id")


def _is_number(value: Any) -> bool:
    return str(value).replace(".", "", 1).lstrip("-").isdigit()
