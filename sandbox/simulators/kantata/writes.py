"""Creates, updates and deletes: wrappers, required fields, what may change, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.simulators.kantata.errors import ApiError, invalid, not_found, syntax
from sandbox.simulators.kantata.events import delete_record, record_event
from sandbox.simulators.kantata.references import set_custom_values, upsert_reference
from sandbox.simulators.kantata.render import base_unit
from sandbox.simulators.kantata.schema import BOOLEANS, SUBJECT_TYPES, TABLES
from sandbox.simulators.kantata.stamps import to_store
from sandbox.simulators.store import Store

Fields = Mapping[str, Any]

SINGULAR = {
    "workspaces": "workspace",
    "workspace_groups": "workspace_group",
    "stories": "story",
    "time_entries": "time_entry",
    "expenses": "expense",
    "workspace_resources": "workspace_resource",
    "workspace_allocations": "workspace_allocation",
    "billing_milestones": "billing_milestone",
    "custom_field_values": "custom_field_value",
}
REQUIRED = {
    "workspaces": ("title", "creator_role"),
    "workspace_groups": ("name",),
    "stories": ("title", "workspace_id", "story_type"),
    "time_entries": ("workspace_id", "date_performed", "time_in_minutes"),
    "expenses": ("workspace_id", "date", "category", "amount_in_cents"),
    "workspace_resources": ("workspace_id",),
    "workspace_allocations": ("resource_id", "start_date", "end_date", "minutes"),
    "billing_milestones": ("workspace_id", "title", "date_to_invoice", "amount_in_cents"),
    "custom_field_values": ("subject_type", "subject_id", "custom_field_id", "value"),
}
_CREATE_ONLY = {
    "workspaces": {"stage"},
    "stories": {"workspace_id"},
    "expenses": {"workspace_id"},
    "workspace_resources": {"workspace_id"},
    "workspace_allocations": {"workspace_resource_id", "workspace_id"},
    "billing_milestones": {"workspace_id", "story_id"},
    "custom_field_values": {"subject_type", "subject_id", "custom_field_id"},
}
_READ_ONLY = frozenset(
    {"id", "created_at", "updated_at", "account_id", "approved", "is_invoiced", "invoice_id", "deleted_at",
     "price_in_cents", "effective_due_date", "percentage_complete", "currency_base_unit",
     "cost_rate_in_cents", "active_submission_id", "custom_field_name"}
)  # fmt: skip
_READ_ONLY_EXCEPTIONS = {"stories": {"percentage_complete"}}
_DATES = frozenset({"start_date", "due_date", "end_date", "date", "date_performed", "date_to_invoice"})
_INTEGERS = frozenset({"minutes", "time_in_minutes", "amount_in_cents", "budget_estimate_in_cents"})
_PARENTS = {"workspace_id": "workspaces", "story_id": "stories", "user_id": "users", "role_id": "roles",
            "primary_workspace_group_id": "workspace_groups", "workspace_resource_id": "workspace_resources",
            "rate_card_id": "rate_cards"}  # fmt: skip


class Writer:
    """Applies one caller's writes to the store at the simulator's present moment."""

    def __init__(
        self, store: Store, now: datetime, *, account_id: str, user_id: str, lock_date: date | None
    ) -> None:
        self._store = store
        self._now = now
        self._account_id = account_id
        self._user_id = user_id
        self._lock_date = lock_date

    def create(self, collection: str, given: Fields, index: int | None = None) -> str:
        """Insert one record with its inline reference and custom values; returns the new id."""
        self._require(collection, given, index)
        row = self._columns(collection, given, index, creating=True)
        stamp = to_store(self._now)
        row |= {"id": self._store.next_id(collection), "created_at": stamp, "updated_at": stamp}
        self._complete(collection, row, given)
        with self._store.transaction():
            self._store.load(collection, [row])
            self._extras(collection, row["id"], given)
            self._event(collection, row["id"], "created")
        return str(row["id"])

    def update(self, collection: str, record_id: str, given: Fields) -> None:
        """Change the named fields only."""
        current = self._store.get(collection, record_id)
        if current is None:
            raise not_found()
        changed = self._columns(collection, given, None, creating=False)
        if collection == "time_entries":
            self._refuse_settled(current)
        if collection == "workspaces" and "price" in given:
            changed["price_in_cents"] = _cents(given["price"], given.get("currency", current["currency"]))
        with self._store.transaction():
            self._store.upsert(collection, record_id, changed | {"updated_at": to_store(self._now)})
            self._extras(collection, record_id, given)
            self._event(collection, record_id, "updated")

    def delete(self, collection: str, record_ids: list[str]) -> None:
        """Hard delete, all or nothing; stories keep their row and gain `deleted_at`."""
        with self._store.transaction():
            for index, record_id in enumerate(record_ids):
                current = self._store.get(collection, record_id)
                if current is None:
                    raise not_found()
                if collection == "time_entries":
                    self._refuse_settled(current, index if len(record_ids) > 1 else None)
                if collection == "stories":
                    stamp = to_store(self._now)
                    self._store.upsert(collection, record_id, {"deleted_at": stamp, "updated_at": stamp})
                    self._event(collection, record_id, "deleted")
                else:
                    delete_record(self._store, collection, record_id, self._now, user_id=self._user_id)

    def resolve(self, submission_id: str, status: str) -> None:
        """Approve, reject or cancel a timesheet; its entries follow."""
        current = self._store.get("timesheet_submissions", submission_id)
        if current is None:
            raise not_found()
        if current["status"] != "pending" and not (current["status"] == "approved" and status == "cancelled"):
            raise invalid(f"Submission is already {current['status']}", "status")
        stamp = to_store(self._now)
        with self._store.transaction() as connection:
            self._store.upsert(
                "timesheet_submissions", submission_id, {"status": status, "updated_at": stamp}
            )
            connection.execute(
                "update time_entries set approved = ?, updated_at = ? where active_submission_id = ?",
                (int(status == "approved"), stamp, submission_id),
            )

    def _require(self, collection: str, given: Fields, index: int | None) -> None:
        for name in REQUIRED[collection]:
            if given.get(name) in (None, ""):
                raise invalid(f"{name.replace('_', ' ').capitalize()} can't be blank", name, index)
        if collection == "workspaces" and given["creator_role"] not in ("maven", "buyer"):
            raise invalid("Creator role is not included in the list", "creator_role", index)

    def _columns(
        self, collection: str, given: Fields, index: int | None, *, creating: bool
    ) -> dict[str, Any]:
        """The writable subset, typed; anything else is ignored without a word, as the vendor does."""
        fields = dict(given)
        if collection == "workspace_allocations" and "resource_id" in fields:
            fields["workspace_resource_id"] = fields.pop("resource_id")
        if collection == "expenses" and "billable" in fields:
            fields["is_billable"] = fields.pop("billable")
        closed = _READ_ONLY - _READ_ONLY_EXCEPTIONS.get(collection, set())
        closed |= set() if creating else _CREATE_ONLY.get(collection, set())
        row = {
            name: _typed(name, value, index)
            for name, value in fields.items()
            if name in TABLES[collection] and name not in closed
        }
        for name, value in row.items():
            parent = _PARENTS.get(name)
            if parent and value is not None and self._store.get(parent, value) is None:
                raise invalid(
                    f"{name.removesuffix('_id').replace('_', ' ').capitalize()} must exist", name, index
                )
        return row

    def _complete(self, collection: str, row: dict[str, Any], given: Fields) -> None:
        if collection == "workspaces":
            row.setdefault("currency", "USD")
            row.setdefault("stage", "project")
            row.setdefault("status_key", "not_started")
            row |= {"account_id": self._account_id, "archived": 0, "percentage_complete": 0, "budgeted": 1,
                    "currency_base_unit": base_unit(row["currency"]),
                    "effective_due_date": row.get("due_date"),
                    "price_in_cents": _cents(given.get("price"), row["currency"])}  # fmt: skip
        elif collection == "workspace_allocations":
            resource = self._store.get("workspace_resources", row["workspace_resource_id"]) or {}
            row["workspace_id"] = resource.get("workspace_id")
            row.setdefault("hard", 0)
        elif collection == "time_entries":
            self._complete_time(row)
        elif collection == "custom_field_values":
            raise syntax("use the custom value route")

    def _complete_time(self, row: dict[str, Any]) -> None:
        workspace = self._store.get("workspaces", row["workspace_id"]) or {}
        if self._lock_date is not None and row["date_performed"] <= self._lock_date.isoformat():
            raise invalid("Time is locked before the line item lock date", "date_performed")
        row.setdefault("billable", 1)
        row.setdefault("user_id", self._user_id)
        row |= {"approved": 0, "is_invoiced": 0, "currency": workspace.get("currency"),
                "currency_base_unit": workspace.get("currency_base_unit")}  # fmt: skip

    def _extras(self, collection: str, record_id: str, given: Fields) -> None:
        subject = SUBJECT_TYPES.get(collection)
        if subject is None:
            return
        if isinstance(given.get("external_reference"), Mapping):
            reference = dict(given["external_reference"]) | {"subject_type": subject, "subject_id": record_id}
            upsert_reference(self._store, reference, self._now)
        if isinstance(given.get("custom_fields"), Mapping):
            set_custom_values(self._store, subject, record_id, given["custom_fields"], self._now)

    def _refuse_settled(self, entry: Fields, index: int | None = None) -> None:
        if entry["is_invoiced"]:
            raise invalid("Time entry has been invoiced and cannot be changed", "base", index)
        if self._lock_date is not None and entry["date_performed"] <= self._lock_date.isoformat():
            raise invalid("Time entry is locked", "date_performed", index)

    def _event(self, collection: str, record_id: str, verb: str) -> None:
        record_event(
            self._store,
            collection,
            record_id,
            verb,
            self._now,
            user_id=self._user_id,
            account_id=self._account_id,
        )


def unwrap(collection: str, body: Any) -> tuple[list[Fields], bool]:
    """Records of a request body and whether it was a bulk call. Raises 400 without the right wrapper."""
    singular = SINGULAR[collection]
    if isinstance(body, Mapping) and isinstance(body.get(singular), Mapping):
        return [body[singular]], False
    if isinstance(body, Mapping) and isinstance(body.get(collection), list):
        if len(body[collection]) > 100:
            raise ApiError(422, "validation", "At most 100 records per request")
        return list(body[collection]), True
    raise syntax(f"Missing parameter {singular}")


def _typed(name: str, value: Any, index: int | None) -> Any:
    if value is None:
        return None
    if name in _DATES:
        return _date(name, value, index)
    if name in _INTEGERS:
        if isinstance(value, bool) or not str(value).lstrip("-").isdigit():
            raise invalid(f"{name.replace('_', ' ').capitalize()} is not a number", name, index)
        if int(value) < 0:
            raise invalid(
                f"{name.replace('_', ' ').capitalize()} must be greater than or equal to 0", name, index
            )
        return int(value)
    if name in BOOLEANS:
        return int(value in (True, 1, "true", "1"))
    return str(value) if name.endswith("_id") else value


def _date(name: str, value: Any, index: int | None) -> str | None:
    if value == "":
        return None
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise invalid(f"{name.replace('_', ' ').capitalize()} is not a valid date", name, index) from error


def _cents(price: Any, currency: str | None) -> int | None:
    """A written `price` is in main units; stored money is in minor units."""
    if price in (None, ""):
        return None
    try:
        return int(
            (Decimal(str(price).replace(",", "").lstrip("$£€¥")) * base_unit(currency)).to_integral_value()
        )
    except InvalidOperation as error:
        raise invalid("Price is not a number", "price") from error
