"""The records behind findings, side by side: what each system holds, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from console.format import same
from console.published import Published, Row

MANY = 3
# Every system has its own numbers, names and status words: a difference there says nothing.
NEVER_COMPARED = frozenset({"number", "name", "title", "status", "stage", "id"})


@dataclass
class Field:
    """One value of a record."""

    name: str
    value: str | None
    differs: bool = False


@dataclass
class Record:
    """One record of one system."""

    role: str
    system: str
    instance: str
    object_type: str
    record_id: str | None
    label: str | None
    modified_at: datetime | None
    loaded_at: datetime | None
    fields: list[Field] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        """The value of a field, or None when the record has no such field."""
        return next((one.value for one in self.fields if one.name == name), None)


@dataclass(frozen=True)
class Pile:
    """Many records of one kind, shown as a table instead of one card each."""

    system: str
    instance: str
    object_type: str
    columns: list[str]
    records: list[Record]
    hours: Decimal | None


@dataclass(frozen=True)
class SideBySide:
    """What a page shows: few records as cards, many of one kind as a table."""

    cards: list[Record]
    piles: list[Pile]

    def __bool__(self) -> bool:
        return bool(self.cards or self.piles)


def side_by_side(copy: Published, finding_ids: Sequence[str]) -> SideBySide:
    """The records of the findings, truth first; a value that the truth holds otherwise is marked."""
    if not finding_ids:
        return SideBySide([], [])
    marks = ", ".join("?" for _ in finding_ids)
    rows = copy.rows(
        f"select * from reconciliation.fct_finding_record where finding_id in ({marks}) "  # noqa: S608
        "order by record_order, system, instance, record_id, field_order",
        finding_ids,
    )
    found: dict[tuple[str, ...], Record] = {}
    for row in rows:
        key = (row["system"], row["instance"], row["object_type"], row["record_id"] or "", row["role"])
        record = found.setdefault(key, _record(row))
        if row["field_name"] and all(one.name != row["field_name"] for one in record.fields):
            record.fields.append(Field(row["field_name"], row["field_value"]))
    records = list(found.values())
    _mark_differences(records)
    return _arrange(records)


def _record(row: Row) -> Record:
    return Record(
        row["role"], row["system"], row["instance"], row["object_type"], row["record_id"], row["label"],
        row["record_modified_at"], row["loaded_at"],
    )  # fmt: skip


def _mark_differences(records: list[Record]) -> None:
    """A value differs when a record of truth holds another one under the same name; both are marked."""
    truths = [one for record in records if record.role == "truth" for one in record.fields]
    others = [one for record in records if record.role == "other" for one in record.fields]
    for truth in truths:
        for other in others:
            is_compared = truth.name == other.name and truth.name not in NEVER_COMPARED
            if is_compared and not same(truth.value, other.value):
                truth.differs = other.differs = True


def _arrange(records: list[Record]) -> SideBySide:
    kinds: dict[tuple[str, str, str, str], list[Record]] = {}
    for record in records:
        kinds.setdefault((record.role, record.system, record.instance, record.object_type), []).append(record)
    cards: list[Record] = []
    piles: list[Pile] = []
    for members in kinds.values():
        if len(members) <= MANY:
            cards += members
        else:
            piles.append(_pile(members))
    return SideBySide(cards, piles)


def _pile(records: list[Record]) -> Pile:
    first = records[0]
    columns = list(dict.fromkeys(one.name for record in records for one in record.fields))
    hours = [Decimal(text) for record in records if (text := record.value("hours"))]
    return Pile(
        first.system, first.instance, first.object_type, columns, records, sum(hours, Decimal(0)) if hours else None
    )  # fmt: skip
