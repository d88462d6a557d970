"""Store rows to API records and envelopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.simulators.kantata.schema import BOOLEANS, FINANCIAL_FIELDS, SUBJECT_TYPES, TABLES
from sandbox.simulators.kantata.stamps import show
from sandbox.simulators.store import Store

Record = dict[str, Any]

BASE_UNITS = {"JPY": 1}
SYMBOLS = {"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥"}
_INTEGER_KEYS = ("account_id", "rate_card_id")
_STATUS_COLORS = {"estimate": "grey", "completed": "green", "cancelled": "red"}
_ONE = {
    "workspace": ("workspaces", "workspace_id"),
    "story": ("stories", "story_id"),
    "user": ("users", "user_id"),
    "assignee": ("users", "assignee_id"),
    "role": ("roles", "role_id"),
    "parent": ("stories", "parent_id"),
    "primary_workspace_group": ("workspace_groups", "primary_workspace_group_id"),
    "primary_maven": ("users", "primary_maven_id"),
    "workspace_resource": ("workspace_resources", "workspace_resource_id"),
    "account_membership": ("account_memberships", "account_membership_id"),
    "active_submission": ("timesheet_submissions", "active_submission_id"),
    "skill": ("skills", "skill_id"),
    "rate_card": ("rate_cards", "rate_card_id"),
    "rate_card_set": ("rate_card_sets", "rate_card_set_id"),
    "rate_card_version": ("rate_card_versions", "rate_card_version_id"),
    "custom_field": ("custom_fields", "custom_field_id"),
    "custom_field_set": ("custom_field_sets", "custom_field_set_id"),
}
_MANY = {
    ("stories", "sub_stories"): ("stories", "parent_id", "sub_story_ids"),
    ("workspace_groups", "workspaces"): ("workspaces", "primary_workspace_group_id", "workspace_ids"),
    ("workspaces", "workspace_resources"): ("workspace_resources", "workspace_id", "workspace_resource_ids"),
    ("timesheet_submissions", "time_entries"): ("time_entries", "active_submission_id", "time_entry_ids"),
    ("invoices", "time_entries"): ("time_entries", "invoice_id", "time_entry_ids"),
    ("invoices", "expenses"): ("expenses", "invoice_id", "expense_ids"),
    ("invoices", "billing_milestones"): ("billing_milestones", "invoice_id", "billing_milestone_ids"),
}
_POLYMORPHIC = {
    "custom_field_values": "custom_field_value_ids",
    "external_references": "external_reference_ids",
}


def base_unit(currency: str | None) -> int:
    """Minor units in one main unit: 100, and 1 for currencies without minor units."""
    return BASE_UNITS.get(currency or "USD", 100)


def display_price(cents: int | None, currency: str | None) -> str:
    """Money as the product shows it, which no program should read: `$1,234` or `TBD`."""
    if cents is None:
        return "TBD"
    amount = Decimal(cents) / base_unit(currency)
    text = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    return f"{SYMBOLS.get(currency or '', '')}{text}"


class Renderer:
    """Makes records for one reader: the account's time zone, and whether money is shown at all."""

    def __init__(self, store: Store, zone: str, *, financial: bool) -> None:
        self._store = store
        self._zone = zone
        self._financial = financial

    def records(self, collection: str, ids: Sequence[str]) -> dict[str, Record]:
        """Records by id, in the order of `ids`; ids that vanished meanwhile are missing."""
        rows = self._rows(collection, "id", ids)
        finish = self._finisher(collection)
        by_id = {row["id"]: finish(row) for row in rows}
        return {id_: by_id[id_] for id_ in ids if id_ in by_id}

    def envelope(
        self, collection: str, ids: Sequence[str], total: int, page: int, size: int, query: Mapping[str, str]
    ) -> Record:
        """The answer of every list, show, create and update."""
        records = self.records(collection, list(dict.fromkeys(ids)))
        self._optional(collection, records, _names(query.get("optional_fields")))
        body: Record = {
            "count": total,
            "results": [{"key": collection, "id": id_} for id_ in ids if id_ in records],
            collection: records,
        }
        for name in _names(query.get("include")):
            self._include(collection, name, records, body)
        body["meta"] = {
            "count": total,
            "page_count": -(-total // size),
            "page_number": page if total else 0,
            "page_size": size,
        }
        return body

    def _rows(self, collection: str, column: str, values: Iterable[str]) -> list[Record]:
        wanted = [value for value in dict.fromkeys(values) if value is not None]
        columns = tuple(TABLES[collection])
        listed = ", ".join(f'"{name}"' for name in columns)
        found: list[Record] = []
        with self._store.lock:
            cursor = self._store.connection.cursor()
            cursor.row_factory = None
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                marks = ", ".join("?" for _ in part)
                cursor.execute(f'select {listed} from {collection} where "{column}" in ({marks})', part)
                found += [dict(zip(columns, row, strict=True)) for row in cursor]
        return found

    def _finisher(self, collection: str) -> Callable[[Record], Record]:
        columns = TABLES[collection]
        booleans = [name for name in columns if name in BOOLEANS]
        stamps = [name for name in columns if name.endswith("_at")]
        integers = [name for name in columns if name in _INTEGER_KEYS]
        hidden = () if self._financial else FINANCIAL_FIELDS.get(collection, ())
        special = _SPECIAL.get(collection)
        zone = self._zone

        def finish(row: Record) -> Record:
            for name in stamps:
                if row[name] is not None:
                    row[name] = show(row[name], zone)
            for name in booleans:
                row[name] = bool(row[name])
            for name in integers:
                if row[name] is not None and row[name].isdigit():
                    row[name] = int(row[name])
            if special is not None:
                special(row)
            for name in hidden:
                row.pop(name, None)
            return row

        return finish

    def _include(self, collection: str, name: str, records: dict[str, Record], body: Record) -> None:
        many = _MANY.get((collection, name))
        if name in _POLYMORPHIC and collection in SUBJECT_TYPES:
            self._include_polymorphic(collection, name, records, body)
        elif many is not None:
            target, column, ids_key = many
            self._attach(target, self._rows(target, column, records), column, ids_key, records, body)
        elif name in _ONE and _ONE[name][1] in TABLES[collection]:
            target, column = _ONE[name]
            ids = [record[column] for record in records.values() if record.get(column) is not None]
            side = body.setdefault(target, {})
            side.update(self.records(target, [str(id_) for id_ in ids]))

    def _include_polymorphic(
        self, collection: str, name: str, records: dict[str, Record], body: Record
    ) -> None:
        subject = SUBJECT_TYPES[collection]
        rows = [row for row in self._rows(name, "subject_id", records) if row["subject_type"] == subject]
        self._attach(name, rows, "subject_id", _POLYMORPHIC[name], records, body)

    def _attach(
        self,
        target: str,
        rows: list[Record],
        column: str,
        ids_key: str,
        records: dict[str, Record],
        body: Record,
    ) -> None:
        for record in records.values():
            record[ids_key] = []
        finish = self._finisher(target)
        side = body.setdefault(target, {})
        for row in rows:
            records[row[column]][ids_key].append(row["id"])
            if row["id"] not in side:
                side[row["id"]] = finish(row)

    def _optional(self, collection: str, records: dict[str, Record], names: list[str]) -> None:
        if collection != "workspaces" or not records:
            return
        if "total_invoiced" in names and self._financial:
            invoices = self._rows("time_entries", "workspace_id", records)
            for id_, record in records.items():
                record["total_invoiced"] = sum(
                    row["time_in_minutes"] * (row["rate_in_cents"] or 0) // 60
                    for row in invoices
                    if row["workspace_id"] == id_ and row["is_invoiced"]
                )
        if "lock_date" in names:
            for record in records.values():
                record["lock_date"] = None


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _finish_workspace(row: Record) -> None:
    row["currency_base_unit"] = row["currency_base_unit"] or base_unit(row["currency"])
    row["price"] = display_price(row["price_in_cents"], row["currency"])
    key = row.pop("status_key")
    row["status"] = {"key": key, "color": _STATUS_COLORS.get(key or "", "grey"), "message": _words(key)}
    row["workspace_group_ids"] = (
        [row["primary_workspace_group_id"]] if row["primary_workspace_group_id"] else []
    )


def _finish_invoice(row: Record) -> None:
    workspace_id = row.pop("workspace_id")
    row["workspace_ids"] = [workspace_id] if workspace_id else []
    row["currency_base_unit"] = row["currency_base_unit"] or base_unit(row["currency"])


def _finish_line_item(row: Record) -> None:
    row["currency_base_unit"] = row["currency_base_unit"] or base_unit(row["currency"])


def _finish_value(row: Record) -> None:
    row["display_value"] = row["value"]
    row["can_edit"] = True


def _words(key: str | None) -> str:
    return (key or "").replace("_", " ").capitalize()


_SPECIAL: dict[str, Callable[[Record], None]] = {
    "workspaces": _finish_workspace,
    "invoices": _finish_invoice,
    "time_entries": _finish_line_item,
    "expenses": _finish_line_item,
    "custom_field_values": _finish_value,
}
