"""The `q` filter of record lists: `lastModifiedDate ON_OR_AFTER "3/1/2026" AND isInactive IS false`."""

from __future__ import annotations

import shlex
from typing import Any

from sandbox.simulators.netsuite.errors import ApiError
from sandbox.simulators.netsuite.records.types import Field, RecordType
from sandbox.simulators.netsuite.suiteql.moments import UserMoments

_ORDERED = {"EQUAL": "=", "IS": "=", "ON": "=", "IS_NOT": "<>", "GREATER": ">", "GREATER_OR_EQUAL": ">=",
            "LESS": "<", "LESS_OR_EQUAL": "<=", "AFTER": ">", "ON_OR_AFTER": ">=", "BEFORE": "<",
            "ON_OR_BEFORE": "<="}  # fmt: skip
_PATTERNS = {"CONTAIN": "%{}%", "START_WITH": "{}%", "END_WITH": "%{}"}
_JOINS = ("AND", "OR")


def where(kind: RecordType, text: str | None, moments: UserMoments) -> tuple[str, list[Any]]:
    """SQL condition and parameters of a filter. Raises ApiError (400) as the record service does."""
    tests = [f'"{name}" = ?' for name in kind.only]
    parameters: list[Any] = list(kind.only.values())
    if text:
        condition, values = _parse(kind, text, moments)
        tests.append(f"({condition})")
        parameters += values
    return " and ".join(tests) or "1 = 1", parameters


def _parse(kind: RecordType, text: str, moments: UserMoments) -> tuple[str, list[Any]]:
    try:
        words = shlex.split(text.replace("(", " ( ").replace(")", " ) "))
    except ValueError as error:
        raise _bad("The filter has an unclosed quotation mark.") from error
    parts: list[str] = []
    parameters: list[Any] = []
    while words:
        word = words.pop(0)
        if word in ("(", ")") or word.upper() in _JOINS:
            parts.append(word.lower())
            continue
        if not words:
            raise _bad(f"Operator missing after {word}.")
        condition, values = _test(kind, word, words, moments)
        parts.append(condition)
        parameters += values
    return " ".join(parts), parameters


def _test(kind: RecordType, name: str, words: list[str], moments: UserMoments) -> tuple[str, list[Any]]:
    field = kind.fields.get(name)
    if field is None and name != "id":
        raise ApiError(400, "NONEXISTENT_FIELD", f"Field '{name}' does not exist or is not filterable.")
    column = field.column if field else kind.key
    operator = words.pop(0).upper()
    if operator in ("EMPTY", "EMPTY_NOT"):
        return f'"{column}" is {"not " if operator == "EMPTY_NOT" else ""}null', []
    if not words:
        raise _bad(f"Value missing after {operator}.")
    value = words.pop(0)
    if operator in _PATTERNS:
        return f'"{column}" like ?', [_PATTERNS[operator].format(value)]
    if operator not in _ORDERED:
        raise _bad(f"Unknown operator {operator}.")
    return f'"{column}" {_ORDERED[operator]} ?', [_operand(field, value, moments)]


def _operand(field: Field | None, value: str, moments: UserMoments) -> Any:
    kind = field.kind if field else "int"
    if kind in ("date", "stamp"):
        try:
            day = moments.typed(value)
        except ValueError as error:
            raise _bad(f"Invalid date value {value} (must be {moments.date_format}).") from error
        return moments.midnight(day) if kind == "stamp" else day
    if kind == "bool":
        return int(value.lower() == "true")
    return value


def _bad(detail: str) -> ApiError:
    return ApiError(400, "INVALID_PARAMETER", detail)
