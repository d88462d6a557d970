"""Corrections in NetSuite: billing charges and projects, and draft invoices that only a person can post."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from config.schema import Instance
from connectors.errors import MalformedResponseError, NotFoundError, PermanentError
from connectors.netsuite import NetSuiteClient, connect
from reverse_etl.destinations.base import Snapshot, Value, WriteRequest, WriteResult

Kind = Literal["text", "choice", "reference", "decimal", "date", "bool"]
#: approvalStatus "pending approval": the invoice does not post until a person approves it in NetSuite.
_PENDING_APPROVAL = {"id": "1"}
_LINES = "item"


@dataclass(frozen=True)
class _Field:
    """A raw column as the record API names it."""

    name: str
    kind: Kind = "text"
    on_line: bool = False


@dataclass(frozen=True)
class _Target:
    """A raw table as a record type."""

    record_type: str
    fields: Mapping[str, _Field]
    writable: frozenset[str]  # columns an update may change


_CHARGE = _Target(
    "charge",
    {
        "stage": _Field("stage", "choice"),
        "amount": _Field("amount", "decimal"),
        "chargedate": _Field("chargeDate", "date"),
        "description": _Field("description"),
        "billto": _Field("billTo", "reference"),
        "project": _Field("project", "reference"),
        "subsidiary": _Field("subsidiary", "reference"),
        "currency": _Field("currency", "reference"),
        "externalid": _Field("externalId"),
    },
    frozenset({"stage", "amount", "description"}),
)
_JOB = _Target(
    "job",
    {
        "companyname": _Field("companyName"),
        "parent": _Field("parent", "reference"),
        "subsidiary": _Field("subsidiary", "reference"),
        "currency": _Field("currency", "reference"),
        "startdate": _Field("startDate", "date"),
        "projectedenddate": _Field("projectedEndDate", "date"),
        "isinactive": _Field("isInactive", "bool"),
    },
    frozenset({"isinactive"}),
)
_INVOICE = _Target(
    "invoice",
    {
        "tranid": _Field("tranId"),
        "entity": _Field("entity", "reference"),
        "subsidiary": _Field("subsidiary", "reference"),
        "currency": _Field("currency", "reference"),
        "trandate": _Field("tranDate", "date"),
        "duedate": _Field("dueDate", "date"),
        "memo": _Field("memo"),
        "foreigntotal": _Field("total", "decimal"),
        "line_job": _Field("job", "reference", on_line=True),
        "line_item": _Field("item", "choice", on_line=True),
        "line_memo": _Field("description", on_line=True),
        "line_amount": _Field("amount", "decimal", on_line=True),
    },
    frozenset({"memo"}),
)
# custom columns: raw table they are configured under -> do they sit on the invoice's line
_INVOICE_CUSTOM = (("transaction", False), ("transactionline", True))
_JOB_CUSTOM = (("job", False),)
_NOT_READY = "HOLD"
_CUSTOM_KINDS: Mapping[str, Kind] = {
    "is_disputed": "bool",
    "dispute_opened_on": "date",
    "dispute_closed_on": "date",
    "service_start": "date",
    "service_end": "date",
}


def build(
    instance: Instance, *, environ: Mapping[str, str], budget_dir: Path, clock: Callable[[], datetime]
) -> NetSuiteDestination:
    """The destination of one account."""
    client = connect(instance, environ=environ, budget_dir=budget_dir, clock=clock)
    return NetSuiteDestination(client, instance)


class NetSuiteDestination:
    """Reads and writes charges, projects (jobs) and draft invoices.

    NetSuite has no conditional write, so `expected_version` is not sent: the dispatcher's comparison just
    before the write is what protects a value that moved. A draft invoice has one line, given by the
    `line_*` values and the configured line columns; it carries the idempotency key as external id, so that
    a repeated create changes the first one.
    """

    writes_in_parts = False

    def __init__(self, client: NetSuiteClient, instance: Instance) -> None:
        self._client = client
        self._targets = {
            "charge": _CHARGE,
            "job": _with_custom(_JOB, instance.custom_fields, _JOB_CUSTOM),
            "transaction": _with_custom(_INVOICE, instance.custom_fields, _INVOICE_CUSTOM),
        }

    @property
    def instance(self) -> str:
        """Name of the instance in the estate."""
        return self._client.instance

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        """The fields as the account holds them now."""
        target = self._target(target_object)
        wanted = {name: self._field(target_object, name) for name in fields}
        lines = any(field.on_line for field in wanted.values())
        record = self._client.get(target.record_type, record_id, lines=lines)
        line = _first_line(record) if lines else {}
        values = {
            name: self._value(line if field.on_line else record, field, target_object, record_id)
            for name, field in wanted.items()
        }
        return Snapshot(values=values, version=record.get("lastModifiedDate"))

    def write(
        self,
        change: WriteRequest,
        idempotency_key: str,
        expected_version: str | None,  # noqa: ARG002 - the vendor has no conditional write
    ) -> WriteResult:
        """Send the change once."""
        if change.operation == "create":
            return WriteResult(record_id=self._create(change, idempotency_key))
        if change.record_id is None:
            raise self._refusal("an update needs the id of the record.", change.target_object)
        target = self._target(change.target_object)
        forbidden = sorted(set(change.values) - target.writable)
        if forbidden:
            raise self._refusal(
                "Concord does not change this field of existing records.", change.target_object, forbidden[0]
            )
        if change.target_object == "charge" and set(change.values) - {"stage"}:
            self._require_not_ready(change, change.expected.get("stage"))
        body, _ = self._body(change)
        self._client.update(target.record_type, change.record_id, body)
        return WriteResult(record_id=change.record_id)

    def find_created(self, target_object: str, key: str) -> str | None:
        """Id of the record with this key as external id; the account keeps external ids unique."""
        try:
            record = self._client.get(self._target(target_object).record_type, f"eid:{key}")
        except NotFoundError:
            return None
        return str(record["id"])

    def _create(self, change: WriteRequest, key: str) -> str:
        body, line = self._body(change)
        if change.target_object == "charge":
            self._require_not_ready(change, change.values.get("stage"))
            return self._client.upsert("charge", key, body)
        if change.target_object == "job":
            return self._client.upsert("job", key, body)
        body |= {"approvalStatus": _PENDING_APPROVAL, _LINES: {"items": [line]}}
        return self._client.upsert("invoice", key, body, replace=(_LINES,))

    def _require_not_ready(self, change: WriteRequest, stage: Value) -> None:
        """A billing line is drafted or changed only while nobody can bill it."""
        if stage != _NOT_READY:
            raise self._refusal(
                f"a charge is written only in stage {_NOT_READY}, here it is {stage or 'not given'}.",
                change.target_object,
                min(set(change.values) - {"stage"}, default="stage"),
            )

    def _body(self, change: WriteRequest) -> tuple[dict[str, Any], dict[str, Any]]:
        """Body fields, and those of the line."""
        body: dict[str, Any] = {}
        line: dict[str, Any] = {}
        for name, value in change.values.items():
            field = self._field(change.target_object, name)
            (line if field.on_line else body)[field.name] = _sent(field, value)
        return body, line

    def _target(self, target_object: str) -> _Target:
        if target_object not in self._targets:
            raise self._refusal("Concord does not write this object.", target_object)
        return self._targets[target_object]

    def _field(self, target_object: str, name: str) -> _Field:
        fields = self._target(target_object).fields
        if name not in fields:
            raise self._refusal("the record API field of this column is not known.", target_object, name)
        return fields[name]

    def _value(self, record: Mapping[str, Any], field: _Field, target_object: str, record_id: str) -> Value:
        value = record.get(field.name)
        try:
            return _received(field, value)
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            raise MalformedResponseError(
                f"the value is not a {field.kind}.",
                instance=self.instance,
                object=target_object,
                record=record_id,
                field=field.name,
            ) from error

    def _refusal(self, message: str, target_object: str, field: str | None = None) -> PermanentError:
        return PermanentError(message, instance=self.instance, object=target_object, field=field)


def _with_custom(
    target: _Target, custom_fields: Mapping[str, Mapping[str, str]], tables: Sequence[tuple[str, bool]]
) -> _Target:
    added = {
        stable: _Field(vendor, _CUSTOM_KINDS.get(stable, "text"), on_line)
        for table, on_line in tables
        for vendor, stable in custom_fields.get(table, {}).items()
    }
    return _Target(target.record_type, {**target.fields, **added}, target.writable)


def _first_line(record: Mapping[str, Any]) -> Mapping[str, Any]:
    items = record.get(_LINES, {}).get("items", [])
    return items[0] if items else {}


def _sent(field: _Field, value: Value) -> Any:
    if value is None:
        return None
    if field.kind in ("choice", "reference"):
        return {"id": str(value)}
    if field.kind == "date" and isinstance(value, date):
        return value.isoformat()
    if field.kind == "bool":
        return bool(value)
    # a JSON number would pass through a float here; NetSuite accepts the decimal's text
    return str(value)


def _received(field: _Field, value: Any) -> Value:
    if value is None:
        return None
    if field.kind in ("choice", "reference"):
        return str(value["id"])
    if field.kind == "decimal":
        return Decimal(str(value))
    if field.kind == "date":
        return date.fromisoformat(value)
    if field.kind == "bool":
        if not isinstance(value, bool):
            raise TypeError("not a boolean")
        return value
    return str(value)
