"""Records as REST shows them: camelCase, reference objects, positive amounts, UTC stamps, empty omitted."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError
from sandbox.simulators.netsuite.records.types import RECORD_TYPES, Field, RecordType, Sublist
from sandbox.simulators.netsuite.suiteql.engine import plain
from sandbox.simulators.store import Store


class Reader:
    """Finds and renders records of one store; `root` is the URL of the record service."""

    def __init__(self, store: Store, hidden: Mapping[str, frozenset[str]]) -> None:
        self.store = store
        self.hidden = hidden

    def find(self, kind: RecordType, key: str) -> dict[str, Any]:
        """The stored row by internal id or `eid:<external id>`. Raises ApiError 404."""
        row = self.lookup(kind, key)
        if row is None:
            raise ApiError(
                404,
                "NONEXISTENT_ID",
                "The record instance does not exist. Provide a valid record instance ID.",
            )
        return row

    def lookup(self, kind: RecordType, key: str) -> dict[str, Any] | None:
        """Like `find`, None when there is none."""
        column, value = ("externalid", key[4:]) if key.startswith("eid:") else (kind.key, key)
        if column == "externalid" and "externalId" not in kind.fields:
            raise ApiError(400, "INVALID_REQUEST", f"Record type {kind.name} has no external id.")
        tests = {column: value, **kind.only}
        where = " and ".join(f'"{name}" = ?' for name in tests)
        rows = self.store.query(f'select * from "{kind.table}" where {where}', list(tests.values()))
        return rows[0] if rows else None

    def body(self, kind: RecordType, row: dict[str, Any], root: str, expand: bool) -> dict[str, Any]:
        """The whole record."""
        own = f"{root}/{kind.name}/{row[kind.key]}"
        shown: dict[str, Any] = {"links": [{"rel": "self", "href": own}], "id": str(row[kind.key])}
        hidden = self.hidden.get(kind.table, frozenset())
        shown |= self._fields(kind.fields, {k: v for k, v in row.items() if k not in hidden}, root)
        for name, sublist in kind.sublists.items():
            link = {"links": [{"rel": "self", "href": f"{own}/{name}"}]}
            shown[name] = self.lines(sublist, row[kind.key], root) | link if expand else link
        return shown

    def lines(self, sublist: Sublist, record: Any, root: str) -> dict[str, Any]:
        """A sublist with all its lines."""
        only = " and mainline = 0 and taxline = 0" if sublist.table == "transactionline" else ""
        rows = self.store.query(
            f'select * from "{sublist.table}" where "{sublist.parent}" = ?{only} '
            f'order by "{sublist.key_column}"',
            [record],
        )
        items = [{"links": [], **self._fields(sublist.fields, row, root)} for row in rows]
        count = len(items)
        return {"items": items, "count": count, "hasMore": False, "offset": 0, "totalResults": count}

    def _fields(self, fields: Mapping[str, Field], row: dict[str, Any], root: str) -> dict[str, Any]:
        shown = {}
        for name, field in fields.items():
            value = _approval(row) if field.kind == "approval" else row.get(field.column)
            if value is not None and value != "":
                shown[name] = self._value(field, value, root)
        return shown

    def _value(self, field: Field, value: Any, root: str) -> Any:
        if field.kind == "ref":
            return self._reference(field, value, root)
        if field.kind in ("choice", "approval"):
            return {"id": str(value), "refName": str(value)}
        if field.kind == "address":
            return self._address(value)
        if field.kind == "bool":
            return bool(value)
        if field.kind == "decimal":
            number = Decimal(str(value))
            return float(plain(-number if field.credit else number))
        return value

    def _reference(self, field: Field, value: Any, root: str) -> dict[str, Any]:
        kind = RECORD_TYPES[field.refers_to]
        row = self.store.get(kind.table, str(value)) or {}
        link = {"rel": "self", "href": f"{root}/{kind.name}/{value}"}
        return {"links": [link], "id": str(value), "refName": str(row.get(kind.label) or value)}

    def _address(self, key: Any) -> dict[str, Any]:
        row = self.store.get("entityaddress", str(key)) or {}
        return {
            name: row[name] for name in ("addr1", "addr2", "city", "state", "zip", "country") if row.get(name)
        }


def _approval(row: dict[str, Any]) -> str | None:
    if row.get("type") != "CustInvc":
        return None
    return "1" if row.get("status") == "D" else "2"
