"""Tells, for one event that does not fit, what was done to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from reverse_etl.audit.problems import ChainProblem
from reverse_etl.audit.raw import RawEvent
from reverse_etl.ledger.schema import audit_event

_GUESSABLE = (
    "event",
    "from_state",
    "to_state",
    "actor",
    "policy_version",
    "correction_id",
    "reason",
    "detail",
)
_GUESSES = 20_000
_SEARCHES = 50


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """What stands around an event: the hash it should follow, and the hash that follows it."""

    before: tuple[str, ...]
    """Hashes that the event before it carries or has."""
    after: str | None
    """The previous hash that the next event names; the recorded end for the last one."""


@dataclass
class Diagnosis:
    """Explains events of one chain; remembers by how much events were shifted."""

    connection: sa.Connection
    last_number: int
    _offset: int = 0
    _searches: int = 0
    _known: dict[str, list[Any]] = field(default_factory=dict)

    def true_place(self, row: RawEvent) -> int | None:
        """The number under which the event was written, when its hash belongs to another number than it has."""
        for number in self._likely_places(row):
            if number != row.sequence and row.with_(sequence=number) == row.hash:
                self._offset = row.sequence - number
                return number
        return None

    def _likely_places(self, row: RawEvent) -> Iterator[int]:
        yield row.sequence - self._offset
        follows = sa.select(audit_event.c.sequence).where(audit_event.c.hash == row.previous_hash)
        found = self.connection.execute(follows).scalar()
        if found is not None:
            yield found + 1
        if self._searches < _SEARCHES:
            self._searches += 1
            yield from range(1, self.last_number + 1)

    def altered(self, row: RawEvent, around: Neighbours) -> ChainProblem:
        """Which column of an event with a wrong hash was changed, as far as its hashes tell."""
        for before in around.before:
            if before != row.previous_hash and row.with_(previous_hash=before) == row.hash:
                return _altered(row, "previous_hash", "its previous_hash is not what it was written with")
        if around.after == row.computed:
            return _altered(row, "hash", f"its content is whole, but its hash should be {row.computed}")
        for name in _GUESSABLE:
            for value in self._values(name):
                if value != row.facts[name] and row.with_(**{name: value}) == row.hash:
                    return _altered(
                        row, name, f"its {name} is {row.facts[name]!r}, it was written as {value!r}"
                    )
        words = f"its columns have the hash {row.computed}, it was written with {row.hash}"
        return _altered(row, None, words)

    def _values(self, name: str) -> list[Any]:
        """Values that a column has anywhere in the chain: what it was changed from is likely among them."""
        if name not in self._known:
            column = sa.cast(audit_event.c[name], sa.LargeBinary) if self._is_sqlite else audit_event.c[name]
            found = self.connection.execute(sa.select(column).distinct().limit(_GUESSES)).scalars()
            values = [v.decode(errors="backslashreplace") if isinstance(v, bytes) else v for v in found]
            self._known[name] = [None, *values]
        return self._known[name]

    @property
    def _is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"


def _altered(row: RawEvent, column: str | None, words: str) -> ChainProblem:
    text = f"event {row.sequence} was changed after it was written: {words}"
    return ChainProblem(kind="altered", **row.about, field=column, words=text)


def inserted(row: RawEvent, words: str) -> ChainProblem:
    """An event that was not written by Concord."""
    text = f"event {row.sequence} was put in afterwards: {words}"
    return ChainProblem(kind="inserted", **row.about, words=text)


def moved(runs: Iterable[tuple[RawEvent, int]]) -> Iterator[ChainProblem]:
    """Events under other numbers than they were written with; neighbours shifted alike are one problem."""
    first: RawEvent | None = None
    last, offset = 0, 0
    for row, place in runs:
        if first is not None and row.sequence - place == offset and row.sequence == last + 1:
            last = row.sequence
            continue
        if first is not None:
            yield _moved(first, last, offset)
        first, last, offset = row, row.sequence, row.sequence - place
    if first is not None:
        yield _moved(first, last, offset)


def _moved(first: RawEvent, last: int, offset: int) -> ChainProblem:
    words = f"event {first.sequence} was written as event {first.sequence - offset}: its place was changed"
    if last > first.sequence:
        words = (
            f"events {first.sequence} to {last} were written as events {first.sequence - offset} to "
            f"{last - offset}: their places were changed"
        )
    return ChainProblem(kind="moved", **first.about, field="sequence", words=words)
