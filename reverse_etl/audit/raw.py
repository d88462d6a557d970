"""Events as the database really holds them, whatever somebody has put there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from reverse_etl.audit.chain import HASHED, hash_of
from reverse_etl.ledger.schema import audit_event

_POSTGRESQL_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'


@dataclass(frozen=True, kw_only=True)
class RawEvent:
    """One row: its columns as text, the hash it carries and the hash its columns have."""

    facts: Mapping[str, Any]
    sequence: int
    hash: str
    computed: str

    @property
    def previous_hash(self) -> str:
        """The hash of the event it was written after."""
        return str(self.facts["previous_hash"])

    @property
    def is_consistent(self) -> bool:
        """Whether the columns have the hash the row carries."""
        return self.hash == self.computed

    def with_(self, **facts: Any) -> str:
        """The hash it would have if some columns were otherwise."""
        return hash_of({**self.facts, **facts})

    @property
    def about(self) -> dict[str, Any]:
        """Number, name and correction, for a report."""
        return {
            "sequence": self.sequence,
            "event": self.facts["event"],
            "correction_id": self.facts["correction_id"],
        }


def raw_event(facts: Mapping[str, Any], carried: str) -> RawEvent:
    """An event from its columns as text (``sequence`` a number) and the hash it carries."""
    return RawEvent(facts=facts, sequence=int(facts["sequence"]), hash=carried, computed=hash_of(facts))


def raw_events(connection: sa.Connection, event: str | None = None) -> Iterator[RawEvent]:
    """Every row of the table by number, or those that call themselves `event`.

    Nothing is parsed: bytes that are no text are shown as escapes.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    columns = [_as_stored(audit_event.c[name], is_sqlite=is_sqlite) for name in (*HASHED, "hash")]
    query = sa.select(*columns).order_by(audit_event.c.sequence)
    if event is not None:
        query = query.where(audit_event.c.event == event)
    for row in connection.execute(query).mappings().yield_per(500):
        facts = {name: _text(row[name]) for name in HASHED}
        yield raw_event(facts, str(_text(row["hash"])))


def _as_stored(column: sa.Column[Any], *, is_sqlite: bool) -> sa.Label[Any]:
    if column.name == "sequence":
        return column.label(column.name)
    if is_sqlite:
        return sa.cast(column, sa.LargeBinary).label(column.name)
    if column.name == "occurred_at":
        text = sa.func.to_char(sa.func.timezone("UTC", column), _POSTGRESQL_MOMENT)
        return sa.type_coerce(text, sa.Text).label(column.name)
    return column.label(column.name)


def _text(value: Any) -> Any:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
