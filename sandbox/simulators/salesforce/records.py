"""Rules of the org for one record: validation, derived fields, stamps, deletion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.simulators.base import Clock
from sandbox.simulators.salesforce.change_events import ChangeEvents
from sandbox.simulators.salesforce.errors import Refusal, not_found
from sandbox.simulators.salesforce.fields import ID_TYPES, SField, SObject
from sandbox.simulators.salesforce.ids import DEFAULT_POD, full_id, make_id, pod_of
from sandbox.simulators.salesforce.schema import OrgSchema
from sandbox.simulators.salesforce.values import stamp
from sandbox.simulators.store import Store


class Records:
    """Reads and writes records of one org the way its API would allow."""

    def __init__(self, store: Store, clock: Clock, events: ChangeEvents, schema: OrgSchema) -> None:
        self._store = store
        self._clock = clock
        self._events = events
        self._schema = schema

    def object(self, name: str) -> SObject:
        """The object; Refusal NOT_FOUND when the org has none of that name."""
        found = self._schema.find(name)
        if found is None:
            raise not_found()
        return found

    def get(self, sobject: SObject, record_id: str) -> dict[str, Any]:
        """A living record. Refusal NOT_FOUND or ENTITY_IS_DELETED otherwise."""
        known = full_id(record_id)
        row = self._store.get(sobject.name, known) if known else None
        if row is None:
            raise not_found()
        if row.get("IsDeleted"):
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return row

    def create(self, sobject: SObject, fields: Mapping[str, Any]) -> str:
        """Insert a record and return its id."""
        if not sobject.createable:
            raise _no_right(sobject)
        values = self._checked(sobject, fields)
        missing = [
            known.name for known in sobject.fields.values() if known.required and not values.get(known.name)
        ]
        if missing:
            raise _missing(missing)
        number = self._store.next_id(sobject.name)
        record_id = make_id(sobject.name, number, self._pod())
        now = stamp(self._clock())
        row: dict[str, Any] = {name: 0 for name, known in sobject.fields.items() if known.type == "boolean"}
        row |= {
            name: now
            for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")
            if name in sobject.fields
        }
        if sobject.name == "Contract":
            row |= {"ContractNumber": f"{int(number):08d}", "Status": "Draft"}
        row |= values | self._derived(sobject, values) | {"Id": record_id}
        self._store.load(sobject.name, [row])
        self._events.announce(sobject.name, record_id, "CREATE", values)
        return record_id

    def _pod(self) -> str:
        """Ids made here are of the org's own server, as those of its users are."""
        users = self._store.query('select "Id" from "User" order by "Id" limit 1')
        return pod_of(users[0]["Id"]) if users else DEFAULT_POD

    def update(self, sobject: SObject, record_id: str, fields: Mapping[str, Any]) -> str:
        """Change the named fields of a living record and return its full id."""
        if not sobject.updateable:
            raise _no_right(sobject)
        row = self.get(sobject, record_id)
        values = self._checked(sobject, fields)
        cleared = [name for name, value in values.items() if sobject.fields[name].required and not value]
        if cleared:
            raise _missing(cleared)
        now = stamp(self._clock())
        stamps = {name: now for name in ("LastModifiedDate", "SystemModstamp") if name in sobject.fields}
        self._store.upsert(sobject.name, row["Id"], values | self._derived(sobject, values) | stamps)
        self._events.announce(sobject.name, str(row["Id"]), "UPDATE", values)
        return str(row["Id"])

    def delete(self, sobject: SObject, record_id: str) -> str:
        """Put a record in the recycle bin, where queryAll still shows it."""
        if not sobject.deletable:
            raise _no_right(sobject)
        row = self.get(sobject, record_id)
        now = stamp(self._clock())
        self._store.upsert(sobject.name, row["Id"], {"IsDeleted": 1, "SystemModstamp": now})
        self._events.announce(sobject.name, str(row["Id"]), "DELETE", {})
        return str(row["Id"])

    def matches(self, sobject: SObject, field_name: str, value: str) -> list[str]:
        """Ids of living records holding that external id."""
        known = sobject.find(field_name)
        if known is None or not (known.external_id or known.type == "id"):
            raise Refusal("NOT_FOUND", f"Provided external ID field does not exist: {field_name}", status=404)
        rows = self._store.query(
            f'select "Id" from "{sobject.name}" where "{known.name}" = ? collate nocase '
            'and coalesce("IsDeleted", 0) = 0 order by "Id"',
            [value],
        )
        return [row["Id"] for row in rows]

    def _checked(self, sobject: SObject, fields: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in fields.items():
            if name == "attributes":
                continue
            known = sobject.find(name)
            if known is None:
                raise Refusal("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
            if not known.writable:
                raise Refusal(
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {known.name}. Check the security settings of this "
                    "field and verify that it is read/write for your profile or permission set.",
                    fields=[known.name],
                )
            values[known.name] = self._converted(known, value)
        return values

    def _converted(self, field: SField, value: Any) -> Any:
        if value is None or value == "":
            return 0 if field.type == "boolean" else None
        if field.type == "reference":
            return self._reference(field, value)
        converted = store_value(field, value)
        if field.length and len(str(converted)) > field.length:
            raise Refusal(
                "STRING_TOO_LONG",
                f"{field.name}: data value too large: {str(value)[:40]} (max length={field.length})",
                fields=[field.name],
            )
        if field.restricted and converted not in field.picklist:
            raise bad_picklist(field.name, value)
        return converted

    def _reference(self, field: SField, value: Any) -> str:
        known = full_id(str(value))
        if known is None:
            raise Refusal(
                "MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", fields=[field.name]
            )
        target = self._schema.find(field.target or "")
        if target is None or self._store.get(target.name, known) is None:
            raise Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[field.name])
        return known

    def _derived(self, sobject: SObject, values: Mapping[str, Any]) -> dict[str, Any]:
        if sobject.name != "Opportunity" or "StageName" not in values:
            return {}
        stages = self._store.query(
            'select * from "OpportunityStage" where "MasterLabel" = ?', [values["StageName"]]
        )
        if not stages:
            raise bad_picklist("StageName", values["StageName"])
        derived = {"IsClosed": stages[0]["IsClosed"], "IsWon": stages[0]["IsWon"]}
        if "Probability" not in values:
            derived["Probability"] = stages[0]["DefaultProbability"]
        return derived


def store_value(field: SField, value: Any) -> Any:
    """A JSON value as the store keeps it. Refusal JSON_PARSER_ERROR when it does not fit the type."""
    try:
        if field.type == "boolean":
            return _boolean(value)
        if field.type == "int":
            return _whole(value)
        if field.type in {"currency", "percent", "double"}:
            return f"{_decimal(value):f}"
        if field.type == "date":
            return date.fromisoformat(str(value)[:10]).isoformat()
        if field.type == "datetime":
            return stamp(datetime.fromisoformat(str(value)))
    except (ValueError, InvalidOperation) as error:
        raise Refusal(
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of {field.type} from value {str(value)[:40]}",
            fields=[field.name],
        ) from error
    if not isinstance(value, str):
        raise Refusal(
            "JSON_PARSER_ERROR", f"Cannot deserialize instance of {field.type}", fields=[field.name]
        )
    return full_id(value) or value if field.type in ID_TYPES else value


def _boolean(value: Any) -> int:
    if not isinstance(value, bool):
        raise ValueError(value)
    return int(value)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError(value)
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(value)
    return number


def _whole(value: Any) -> int:
    number = _decimal(value)
    if number != number.to_integral_value():
        raise ValueError(value)
    return int(number)


def bad_picklist(field_name: str, value: Any) -> Refusal:
    """The refusal of a value outside a restricted picklist."""
    return Refusal(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{field_name}: bad value for restricted picklist field: {value}",
        fields=[field_name],
    )


def _missing(names: list[str]) -> Refusal:
    listed = ", ".join(names)
    return Refusal("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{listed}]", fields=names)


def _no_right(sobject: SObject) -> Refusal:
    return Refusal(
        "INSUFFICIENT_ACCESS_OR_READONLY", f"insufficient access rights on object {sobject.name}", status=403
    )
