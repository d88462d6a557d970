"""From rows of the `sync` models (one per field) to proposals (one per record)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from reverse_etl.errors import InvalidProposalError
from reverse_etl.models import FieldChange, Proposal
from reverse_etl.values import VALUE_TYPES, decode, encode

_SAME_FOR_ALL = (
    "check_id", "target_system", "target_instance", "target_object", "target_record_id", "operation",
)  # fmt: skip
_REQUIRED = ("correction_key", "check_id", "target_system", "target_instance", "target_object", "operation",
             "field", "value_type", "reason")  # fmt: skip
_ABOUT = (
    "currency", "legal_entity_id", "business_unit_id", "customer_id", "customer_name", "project_id",
    "project_name",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A record whose rows cannot become a proposal, and why."""

    correction_key: str
    words: str


def group(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Proposal], list[Malformed]]:
    """One proposal per correction key; a key with a bad row is reported and the others go on."""
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_key.setdefault(str(row.get("correction_key") or ""), []).append(row)
    proposals, malformed = [], []
    for key, members in by_key.items():
        try:
            proposals.append(_proposal(key, members))
        except InvalidProposalError as error:
            malformed.append(Malformed(correction_key=key, words=str(error)))
    return proposals, malformed


def _proposal(key: str, rows: list[Mapping[str, Any]]) -> Proposal:
    for row in rows:
        _require_complete(key, row)
    first = rows[0]
    for name in _SAME_FOR_ALL:
        if len({row.get(name) for row in rows}) > 1:
            raise _invalid(key, f"its rows disagree on {name}")
    if (first["operation"] == "create") != (first.get("target_record_id") is None):
        raise _invalid(key, f"operation {first['operation']} does not fit its target_record_id")
    changes = tuple(sorted((_change(key, row) for row in rows), key=lambda c: c.field))
    names = [change.field for change in changes]
    if len(set(names)) < len(names):
        raise _invalid(key, "a field occurs twice")
    same: dict[str, Any] = {name: first[name] for name in _SAME_FOR_ALL}
    about: dict[str, Any] = {name: first.get(name) for name in _ABOUT}
    return Proposal(
        correction_key=key,
        **same,
        changes=changes,
        reason="; ".join(dict.fromkeys(str(row["reason"]) for row in rows)),
        amount_at_risk=_sum_by_finding(rows, "amount_at_risk"),
        amount_at_risk_rc=_sum_by_finding(rows, "amount_at_risk_rc"),
        **about,
        evidence=_evidence(rows),
        source_loaded_at=_oldest(rows),
    )


def _require_complete(key: str, row: Mapping[str, Any]) -> None:
    missing = [name for name in _REQUIRED if row.get(name) in (None, "")]
    if missing:
        raise _invalid(key, f"a row lacks {', '.join(missing)}")
    if row["value_type"] not in VALUE_TYPES:
        raise _invalid(key, f"field {row['field']} has unknown value_type {row['value_type']!r}")


def _invalid(key: str, words: str) -> InvalidProposalError:
    return InvalidProposalError(
        f"sync rows of {key or '(no correction_key)'}: {words}.", hint="correct the sync model."
    )


def _change(key: str, row: Mapping[str, Any]) -> FieldChange:
    where = f"sync rows of {key}, field {row['field']}"
    kind = row["value_type"]
    return FieldChange(
        field=row["field"],
        value_type=kind,
        expected_value=encode(decode(_text(row.get("expected_value")), kind, where=where)),
        new_value=encode(decode(_text(row.get("new_value")), kind, where=where)),
        finding_id=row.get("finding_id"),
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _sum_by_finding(rows: list[Mapping[str, Any]], name: str) -> Decimal | None:
    """The fields of one finding repeat its amount; several findings on one record add up."""
    amounts = {row.get("finding_id"): row[name] for row in rows if row.get(name) is not None}
    return sum((Decimal(str(a)) for a in amounts.values()), Decimal(0)) if amounts else None


def _evidence(rows: list[Mapping[str, Any]]) -> list[Any]:
    found: list[Any] = []
    for row in rows:
        raw = row.get("evidence")
        if raw in (None, ""):
            continue
        facts = _parsed(raw)
        found += [f for f in (facts if isinstance(facts, list) else [facts]) if f not in found]
    return found


def _parsed(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        return {"text": raw}


def _oldest(rows: list[Mapping[str, Any]]) -> datetime | None:
    moments = [as_utc(row["source_loaded_at"]) for row in rows if row.get("source_loaded_at")]
    return min(moments) if moments else None


def as_utc(moment: datetime | str) -> datetime:
    """An aware datetime; the warehouse keeps UTC, with or without saying so."""
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
