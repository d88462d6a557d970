"""Request bodies to store values, with NetSuite's treatment of names nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError, invalid_content
from sandbox.simulators.netsuite.records.types import RECORD_TYPES, Field
from sandbox.simulators.store import Store


@dataclass
class Parser:
    """Reads one body. `unknown_names`: what a misspelt field does (ignore, warning, error)."""

    store: Store
    unknown_names: str
    warnings: list[str] = field(default_factory=list)

    def parse(self, body: Mapping[str, Any], fields: Mapping[str, Field], path: str = "") -> dict[str, Any]:
        """Column -> value for the fields sent. Raises ApiError naming the field."""
        values: dict[str, Any] = {}
        for name, value in body.items():
            known = fields.get(name)
            if known is None:
                self._unknown(path + name)
            elif not known.read_only:
                values[known.column] = self._value(known, value, path + name)
        return values

    def _unknown(self, path: str) -> None:
        if path in ("id", "links") or path.endswith(".links"):
            return
        text = f"Unknown reference or field '{path.rpartition('.')[2]}'"
        if self.unknown_names == "error":
            raise invalid_content(f"{text}.", path)
        if self.unknown_names == "warning":
            self.warnings.append(f'299 - "{text} was ignored."')

    def _value(self, known: Field, value: Any, path: str) -> Any:
        if value is None:
            return None
        try:
            return self._typed(known, value)
        except (ValueError, TypeError, InvalidOperation, KeyError) as error:
            shown = value if isinstance(value, str | int | float) else "in the request"
            raise invalid_content(
                f"You have entered an Invalid Field Value {shown} for the following field: "
                f"{path.rpartition('.')[2]}",
                path,
            ) from error

    def _typed(self, known: Field, value: Any) -> Any:
        if known.kind == "ref":
            return self._reference(known, value)
        if known.kind in ("choice", "approval"):
            return str(value["id"]) if isinstance(value, dict) else str(value)
        if known.kind == "bool":
            if not isinstance(value, bool):
                raise TypeError("not a boolean")
            return int(value)
        if known.kind == "decimal":
            number = Decimal(str(value))
            return str(-number if known.credit else number)
        if known.kind == "int":
            return int(value)
        if known.kind == "date":
            return date.fromisoformat(value).isoformat()
        if known.kind == "address":
            return dict(value)
        if not isinstance(value, str):
            raise TypeError("not a text")
        return value

    def _reference(self, known: Field, value: Any) -> int:
        kind = RECORD_TYPES[known.refers_to]
        if isinstance(value, dict) and "externalId" in value:
            found = self.store.query(
                f'select "{kind.key}" as id from "{kind.table}" where externalid = ?', [value["externalId"]]
            )
        else:
            wanted = value["id"] if isinstance(value, dict) else value
            found = self.store.query(
                f'select "{kind.key}" as id from "{kind.table}" where "{kind.key}" = ?', [str(wanted)]
            )
        if not found:
            raise ValueError("no such record")
        return int(found[0]["id"])


def property_validation(header: str | None) -> str:
    """Value of X-NetSuite-PropertyNameValidation; the vendor's default drops misspelt fields."""
    mode = (header or "warning").lower()
    if mode not in ("ignore", "warning", "error"):
        raise ApiError(400, "INVALID_HEADER", "Invalid value of X-NetSuite-PropertyNameValidation.")
    return mode
