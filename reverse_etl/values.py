"""Values as the ledger keeps them (text with a declared type) and as destinations speak them (typed Python)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from reverse_etl.destinations.base import Value
from reverse_etl.errors import InvalidProposalError

VALUE_TYPES = ("text", "decimal", "date", "bool", "int")
_BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def decode(text: str | None, value_type: str, *, where: str) -> Value:
    """Typed value of a ledger text; empty text means "no value".

    Raises `InvalidProposalError` naming `where` when the text is not of its declared type.
    """
    if text is None or text == "":
        return None
    try:
        return _decode(text, value_type)
    except (ValueError, KeyError, InvalidOperation) as error:
        raise InvalidProposalError(
            f"{where}: {text!r} is not a value of type {value_type}.",
            hint="correct the sync model that produced the row; nothing was proposed for this record.",
        ) from error


def _decode(text: str, value_type: str) -> Value:
    if value_type == "decimal":
        number = Decimal(text)
        if not number.is_finite():
            raise ValueError(text)
        return number
    if value_type == "date":
        return date.fromisoformat(text[:10])
    if value_type == "bool":
        return _BOOLEANS[text.lower()]
    if value_type == "int":
        return int(text)
    if value_type == "text":
        return text
    raise KeyError(value_type)


def encode(value: Value) -> str | None:
    """Ledger text of a typed value: one spelling per value, so that equal values have equal text."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
    if isinstance(value, date):
        return value.isoformat()[:10]
    return str(value)


def same(left: Value, right: Value) -> bool:
    """Whether two values mean the same to a vendor: 10 and 10.00 do, empty text and no value do."""
    return encode(left) == encode(right)


def canonical_json(facts: Mapping[str, Any] | list[Any]) -> str:
    """JSON with one spelling per content (sorted keys, no spaces), the input of every hash."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(facts: Mapping[str, Any] | list[Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(facts).encode()).hexdigest()
