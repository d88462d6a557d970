"""Corrections to Salesforce: fields of accounts and opportunities, updated only.

Standard fields are mapped here; a customer's own fields come from the instance's `custom_fields`, the same
lines that ingestion reads by. The write is conditional on the stamp just read (`If-Unmodified-Since`, precise
to a second), so the dispatcher's comparison of values stays the real guard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from config.schema import Instance
from connectors.errors import MalformedResponseError, PermanentError
from connectors.salesforce import SalesforceClient, connect
from reverse_etl.destinations.base import Snapshot, Value, WriteRequest, WriteResult

_VERSION = "SystemModstamp"


@dataclass(frozen=True, kw_only=True)
class _Target:
    """One raw table we may write to."""

    vendor_object: str
    standard: Mapping[str, tuple[str, str]]  # raw column -> (vendor field, type)
    custom: Mapping[str, str]  # raw column -> type; the vendor field is configuration


_TARGETS: Mapping[str, _Target] = {
    "account": _Target(
        vendor_object="Account",
        standard={
            "name": ("Name", "text"),
            "website": ("Website", "text"),
            "billing_street": ("BillingStreet", "text"),
            "billing_city": ("BillingCity", "text"),
            "billing_state": ("BillingState", "text"),
            "billing_postal_code": ("BillingPostalCode", "text"),
            "billing_country": ("BillingCountry", "text"),
        },
        custom={
            "legal_name": "text",
            "tax_id": "text",
            "erp_customer_ref": "text",
            "payment_terms_days": "int",
            "erp_credit_hold": "bool",
            "business_unit_code": "text",
        },
    ),
    "opportunity": _Target(
        vendor_object="Opportunity",
        standard={
            "name": ("Name", "text"),
            "stage_name": ("StageName", "text"),
            "close_date": ("CloseDate", "date"),
            "amount": ("Amount", "decimal"),
        },
        custom={
            "services_amount": "decimal",
            "legal_entity_code": "text",
            "practice_code": "text",
            "business_unit_code": "text",
            "contract_type_code": "text",
            "start_date": "date",
            "end_date": "date",
            "psa_project_ref": "text",
            "erp_open_amount": "decimal",
            "erp_overdue_bucket": "text",
            "erp_disputed": "bool",
            "erp_last_payment_date": "date",
            "project_closed_on": "date",
        },
    ),
}


def build(
    instance: Instance,
    *,
    environ: Mapping[str, str],
    budget_dir: Path,
    clock: Callable[[], datetime],
) -> SalesforceDestination:
    """The destination of one instance. Raises UnauthorizedError naming a credential that is not set."""
    client = connect(instance, environ=environ, budget_dir=budget_dir, clock=clock)
    return SalesforceDestination(instance, client)


class SalesforceDestination:
    """One org as a place to write to."""

    writes_in_parts = False

    def __init__(self, instance: Instance, client: SalesforceClient) -> None:
        self._instance = instance
        self._client = client

    @property
    def instance(self) -> str:
        """Name of the instance in `config/estate.yml`."""
        return self._instance.name

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        """The fields as the org holds them now; `version` is the record's SystemModstamp."""
        target = self._target(target_object)
        mapped = {column: self._field(target_object, column) for column in fields}
        names = [vendor for vendor, _ in mapped.values()]
        row = self._client.get(target.vendor_object, record_id, [*names, _VERSION])
        values = {
            column: self._typed(target, record_id, vendor, kind, row[vendor])
            for column, (vendor, kind) in mapped.items()
        }
        return Snapshot(values=values, version=row[_VERSION])

    def write(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> WriteResult:  # noqa: ARG002
        """Send the change once. An update sets the same values however often it arrives, so the key is not used."""
        target = self._target(change.target_object)
        if change.operation != "update" or change.record_id is None:
            raise self._refused("records are updated here, never created.", change.target_object)
        fields = {
            self._field(change.target_object, column)[0]: value for column, value in change.values.items()
        }
        since = datetime.fromisoformat(expected_version) if expected_version else None
        self._client.update(target.vendor_object, change.record_id, fields, if_unmodified_since=since)
        return WriteResult(record_id=change.record_id)

    def find_created(self, target_object: str, key: str) -> str | None:  # noqa: ARG002
        """Nothing is ever created here, so there is nothing to find. PermanentError for an unknown object."""
        self._target(target_object)
        return None

    def _target(self, target_object: str) -> _Target:
        target = _TARGETS.get(target_object)
        if target is None:
            raise self._refused(f"only {', '.join(sorted(_TARGETS))} can be written.", target_object)
        return target

    def _field(self, target_object: str, column: str) -> tuple[str, str]:
        target = self._target(target_object)
        if column in target.standard:
            return target.standard[column]
        configured = self._instance.custom_fields.get(target.vendor_object, {})
        vendor = next((name for name, stable in configured.items() if stable == column), None)
        if vendor is None or column not in target.custom:
            raise self._refused(
                "this instance has no such field to write.",
                target_object,
                field=column,
                hint=f"map it under custom_fields.{target.vendor_object} of this instance in config/estate.yml.",
            )
        return vendor, target.custom[column]

    def _typed(self, target: _Target, record_id: str, vendor: str, kind: str, value: Any) -> Value:
        if value is None or value == "":
            return None
        try:
            return _TYPED[kind](value)
        except (ValueError, TypeError, InvalidOperation) as error:
            raise MalformedResponseError(
                f"the value is not of type {kind}.",
                instance=self.instance,
                object=target.vendor_object,
                record=record_id,
                field=vendor,
            ) from error

    def _refused(self, message: str, object: str, **facts: Any) -> PermanentError:
        return PermanentError(message, instance=self.instance, object=object, **facts)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _whole(value: Any) -> int:
    number = Decimal(str(value))
    if number != number.to_integral_value():
        raise ValueError(value)
    return int(number)


_TYPED: Mapping[str, Callable[[Any], Value]] = {
    "text": str,
    "decimal": lambda value: Decimal(str(value)),
    "date": lambda value: date.fromisoformat(value),
    "bool": _boolean,
    "int": _whole,
}
