"""Kantata OX as a place to write to: project drafts, client companies, allocations.

The vendor has no idempotency key and no conditional write. A create therefore carries our key as an inline
external reference, which `find_created` looks for; whatever follows the create can be sent again without
effect, so a half-made draft is completed and never made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.schema import Instance
from connectors.errors import ConflictError, ValidationError
from connectors.kantata import KantataClient, Page, connect
from reverse_etl.destinations.base import Snapshot, Value, WriteRequest, WriteResult

KEY_SERVICE, KEY_MODEL = "concord", "correction"
OPPORTUNITY_SERVICE, OPPORTUNITY_MODEL = "salesforce", "Opportunity"
OPPORTUNITY_FIELD = "crm_opportunity_ref"

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Target:
    """One raw table as the API knows it."""

    collection: str
    subject: str
    fields: frozenset[str]  # canonical fields which the record itself holds
    create_only: frozenset[str] = frozenset()


_TARGETS: Mapping[str, _Target] = {
    "workspace": _Target(
        collection="workspaces",
        subject="Workspace",
        fields=frozenset(
            {
                "title",
                "price",
                "currency",
                "start_date",
                "due_date",
                "stage",
                "primary_workspace_group_id",
                "status_key",
            }
        ),
        create_only=frozenset({"stage"}),
    ),
    "workspace_group": _Target(
        collection="workspace_groups",
        subject="WorkspaceGroup",
        fields=frozenset({"name", "contact_name", "email", "address", "website"}),
    ),
    "workspace_resource": _Target(  # without a user it is an unnamed seat, to be staffed by a person
        collection="workspace_resources",
        subject="WorkspaceResource",
        fields=frozenset({"workspace_id", "role_id"}),
        create_only=frozenset({"workspace_id"}),
    ),
    "workspace_allocation": _Target(  # always soft when made here: a person confirms a booking
        collection="workspace_allocations",
        subject="WorkspaceAllocation",
        fields=frozenset({"workspace_resource_id", "start_date", "end_date", "minutes", "notes"}),
        create_only=frozenset({"workspace_resource_id"}),
    ),
}
_DATES = frozenset({"start_date", "end_date", "due_date"})


def build(
    instance: Instance, *, environ: Mapping[str, str], budget_dir: Path, clock: Callable[[], datetime]
) -> KantataDestination:
    """The destination of one tenant, signed in with the token from the environment."""
    client = connect(instance, environ=environ, budget_dir=budget_dir, clock=clock)
    return KantataDestination(instance, client)


class KantataDestination:
    """Writes canonical values to one tenant; see `reverse_etl.destinations.base.Destination`."""

    def __init__(self, instance: Instance, client: KantataClient) -> None:
        self._client = client
        self._name = instance.name
        self._vendor_names = {  # (subject, canonical field) -> the account's own custom field
            (subject, stable): vendor
            for subject, mapped in instance.custom_fields.items()
            for vendor, stable in mapped.items()
        }

    @property
    def instance(self) -> str:
        """Name of the instance in the estate."""
        return self._name

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        """The fields as the tenant holds them now; `price` is in main units of the currency."""
        target = self._target(target_object)
        page = self._show(target, record_id)
        values = {name: self._value(target_object, target, page, name) for name in fields}
        return Snapshot(values=values, version=page.records[0].get("updated_at"))

    def write(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> WriteResult:
        """Send the change. A project draft is refused when its opportunity has a project by now."""
        target = self._target(change.target_object)
        for name in change.values:
            self._require_writable(change, target, name)
        if change.record_id is None:
            record = self._create(change, target, idempotency_key)
            self._hang_on(change, target, record["id"], change.values)
            return WriteResult(record_id=record["id"], version=record.get("updated_at"))
        changed = {
            name: value
            for name, value in change.values.items()
            if name not in change.expected or change.expected[name] != value
        }
        self._hang_on(change, target, change.record_id, changed)
        version = self._update(change, target, change.record_id, changed)
        return WriteResult(record_id=change.record_id, version=version or expected_version)

    def find_created(self, target_object: str, key: str) -> str | None:
        """The record whose create carried this key. Raises ConflictError when several do."""
        target = self._target(target_object)
        found = self._client.find_by_reference(target.collection, KEY_SERVICE, KEY_MODEL, key)
        if len(found) > 1:
            listed = ", ".join(record["id"] for record in found)
            raise ConflictError(
                f"records {listed} carry the same correction.",
                instance=self._name,
                object=target_object,
                hint="keep one, delete the others, then replay.",
            )
        return found[0]["id"] if found else None

    def _create(self, change: WriteRequest, target: _Target, key: str) -> Record:
        self._require_no_project(change)
        own = {name: _wire(value) for name, value in change.values.items() if name in target.fields}
        reference = {"service_name": KEY_SERVICE, "service_model": KEY_MODEL, "service_model_ref": key}
        fields: dict[str, Any] = {**own, "external_reference": {**reference, "status": "successful"}}
        if change.target_object == "workspace":
            fields["creator_role"] = "maven"
        if change.target_object == "workspace_allocation":
            fields["hard"] = False
            fields["resource_id"] = fields.pop("workspace_resource_id", None)
        return self._client.create(target.collection, fields)

    def _update(
        self, change: WriteRequest, target: _Target, record_id: str, changed: Mapping[str, Value]
    ) -> str | None:
        own = {name: _wire(value) for name, value in changed.items() if name in target.fields}
        fixed = sorted(own.keys() & target.create_only)
        if fixed:
            raise ValidationError(
                "this field can be set only when the record is created.",
                instance=self._name,
                object=change.target_object,
                record=record_id,
                field=", ".join(fixed),
                hint="change it in the product, then replay.",
            )
        return self._client.update(target.collection, record_id, own).get("updated_at") if own else None

    def _hang_on(
        self, change: WriteRequest, target: _Target, record_id: str, values: Mapping[str, Value]
    ) -> None:
        """Write what stands beside the record: the opportunity's reference and custom values."""
        if values.get(OPPORTUNITY_FIELD) is not None:
            self._client.upsert_reference(
                service=OPPORTUNITY_SERVICE,
                model=OPPORTUNITY_MODEL,
                ref=str(values[OPPORTUNITY_FIELD]),
                subject_type=target.subject,
                subject_id=record_id,
            )
        custom = {n: v for n, v in values.items() if n not in target.fields and n != OPPORTUNITY_FIELD}
        if not custom:
            return
        standing = self._custom_values(self._show(target, record_id))
        for name, value in custom.items():
            vendor_name = self._vendor_names[target.subject, name]
            self._set_custom(change, target, record_id, vendor_name, value, standing.get(vendor_name))

    def _set_custom(
        self,
        change: WriteRequest,
        target: _Target,
        record_id: str,
        vendor_name: str,
        value: Value,
        standing: Record | None,
    ) -> None:
        if standing is not None:
            self._client.update("custom_field_values", standing["id"], {"value": _wire(value)})
            return
        field_id = self._client.custom_field_id(target.subject, vendor_name)
        if field_id is None:
            raise ValidationError(
                f"the account has no custom field {vendor_name!r} on {target.subject}.",
                instance=self._name,
                object=change.target_object,
                record=record_id,
                field=vendor_name,
                hint="create the field at the vendor or correct custom_fields in config/estate.yml, then replay.",
            )
        subject = {"subject_type": target.subject, "subject_id": record_id, "custom_field_id": field_id}
        self._client.create("custom_field_values", {**subject, "value": _wire(value)})

    def _require_no_project(self, change: WriteRequest) -> None:
        reference = change.values.get(OPPORTUNITY_FIELD)
        if reference is None:
            return
        target = self._target(change.target_object)
        found = self._client.find_by_reference(
            target.collection, OPPORTUNITY_SERVICE, OPPORTUNITY_MODEL, str(reference)
        )
        living = [record for record in found if not record.get("archived")]
        if living:
            raise ConflictError(
                f"opportunity {reference} has a project already.",
                instance=self._name,
                object=change.target_object,
                record=living[0]["id"],
                hint="nothing; the next read links it.",
            )

    def _require_writable(self, change: WriteRequest, target: _Target, name: str) -> None:
        is_reference = name == OPPORTUNITY_FIELD and change.target_object == "workspace"
        if name in target.fields or is_reference or (target.subject, name) in self._vendor_names:
            return
        raise ValidationError(
            "this field cannot be written.",
            instance=self._name,
            object=change.target_object,
            record=change.record_id,
            field=name,
            hint=f"map it under custom_fields.{target.subject} in config/estate.yml or leave it out.",
        )

    def _target(self, target_object: str) -> _Target:
        target = _TARGETS.get(target_object)
        if target is None:
            raise ValidationError(
                f"only {', '.join(sorted(_TARGETS))} can be written.",
                instance=self._name,
                object=target_object,
            )
        return target

    def _show(self, target: _Target, record_id: str) -> Page:
        return self._client.show(target.collection, record_id, ("custom_field_values", "external_references"))

    def _value(self, target_object: str, target: _Target, page: Page, name: str) -> Value:
        record = page.records[0]
        if name == OPPORTUNITY_FIELD and target_object == "workspace":
            return _reference(page)
        if name == "status_key":
            return str(record["status"]["key"]) if record["status"]["key"] else None
        if name in target.fields:
            return _price(record) if name == "price" else _typed(record.get(name), is_date=name in _DATES)
        vendor_name = self._vendor_names.get((target.subject, name))
        if vendor_name is None:
            raise ValidationError(
                "this field cannot be read.", instance=self._name, object=target_object, field=name
            )
        return _custom(self._custom_values(page).get(vendor_name))

    def _custom_values(self, page: Page) -> dict[str, Record]:
        """Custom field name -> value record of the one subject shown."""
        held = page.side.get("custom_field_values", {})
        listed = page.records[0].get("custom_field_value_ids", ())
        return {held[id_]["custom_field_name"]: held[id_] for id_ in listed if id_ in held}


def _reference(page: Page) -> str | None:
    held = page.side.get("external_references", {})
    for id_ in page.records[0].get("external_reference_ids", ()):
        reference = held.get(id_, {})
        if (reference.get("service_name"), reference.get("service_model")) == (
            OPPORTUNITY_SERVICE,
            OPPORTUNITY_MODEL,
        ):
            return str(reference["service_model_ref"])
    return None


def _price(record: Record) -> Decimal | None:
    cents = record["price_in_cents"]
    return None if cents is None else Decimal(cents) / Decimal(record["currency_base_unit"])


def _typed(value: Any, *, is_date: bool) -> Value:
    if value is None or value == "":
        return None
    return date.fromisoformat(value) if is_date else value


def _custom(held: Record | None) -> Value:
    if held is None or held["value"] in (None, ""):
        return None
    if held.get("type") == "date":
        return date.fromisoformat(held["value"])
    if held.get("type") == "number":
        number = Decimal(str(held["value"]))
        return int(number) if number == number.to_integral_value() else number
    return str(held["value"])


def _wire(value: Value) -> Any:
    """Money goes out as main units in text, dates as ISO text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
