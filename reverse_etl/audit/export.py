"""The chain for outsiders: events as JSON lines, a manifest at the end, and its verification without a ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reverse_etl.audit.anchor import Anchor, last_anchor
from reverse_etl.audit.chain import HASHED
from reverse_etl.audit.problems import ChainProblem, ChainReport
from reverse_etl.audit.raw import RawEvent, raw_event, raw_events
from reverse_etl.errors import ExportError
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import audit_event
from reverse_etl.values import canonical_json

FORMAT = "concord-audit/1"


def export(engine: sa.Engine, start: datetime | None = None, end: datetime | None = None) -> Iterator[str]:
    """Events from `start` up to but without `end` as JSON lines without a gap, then a line with their manifest.

    An outsider verifies it with SHA-256 over the canonical JSON of each line without its ``hash`` (``detail`` as
    text); the first event of the whole chain follows 64 zeros.
    """
    with reading(engine) as connection:
        yield from export_part(connection, *_bounds(connection, start, end))


def export_part(connection: sa.Connection, first_sequence: int, last_sequence: int) -> Iterator[str]:
    """The lines of `export` for the events of these numbers, inside a transaction of the caller."""
    count, first, last = 0, None, None
    for row in raw_events(connection):
        if first_sequence <= row.sequence <= last_sequence:
            first, last, count = first or row, row, count + 1
            yield canonical_json({**row.facts, "hash": row.hash})
    yield canonical_json({"manifest": _manifest(count, first, last)})


def _bounds(connection: sa.Connection, start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Numbers of the first and last event in the period; what lies between goes along, whatever its clock said."""
    c = audit_event.c
    query = sa.select(sa.func.min(c.sequence).label("first"), sa.func.max(c.sequence).label("last"))
    if start is not None:
        query = query.where(c.occurred_at >= start)
    if end is not None:
        query = query.where(c.occurred_at < end)
    row = connection.execute(query).one()
    return (1, 0) if row.first is None else (row.first, row.last)


def _manifest(count: int, first: RawEvent | None, last: RawEvent | None) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "count": count,
        "first_sequence": first.sequence if first else None,
        "last_sequence": last.sequence if last else None,
        "first_hash": first.hash if first else None,
        "last_hash": last.hash if last else None,
        "previous_hash": first.previous_hash if first else None,
    }


@dataclass
class _Reader:
    """Reads an export line by line and collects what does not fit."""

    problems: list[ChainProblem]
    count: int = 0
    first: RawEvent | None = None
    before: RawEvent | None = None
    manifest: Mapping[str, Any] | None = None

    def read(self, number: int, line: str) -> None:
        """Take one line. Raises `ExportError` when it is no line of an export."""
        if self.manifest is not None:
            raise ExportError(f"line {number} stands after the manifest.", hint="ask for a new export.")
        facts = _parsed(number, line)
        if "manifest" in facts:
            self.manifest = facts["manifest"]
            return
        row = _event(number, facts)
        self.problems += _row_problems(row, self.before)
        self.first, self.before, self.count = self.first or row, row, self.count + 1

    def finish(self) -> None:
        """Compare what was read with what the manifest promises."""
        if self.manifest is None:
            words = f"the manifest is missing: the file is cut after {self.count} events"
            self.problems.append(ChainProblem(kind="end", sequence=None, words=words))
            return
        for name, value in _manifest(self.count, self.first, self.before).items():
            if self.manifest.get(name) != value:
                words = f"the manifest says {name} {self.manifest.get(name)}, the events say {value}"
                self.problems.append(ChainProblem(kind="end", sequence=None, field=name, words=words))


def verify_export(lines: Iterable[str]) -> ChainReport:
    """Verify an export by itself: every hash, every link, no number left out, and the manifest.

    Raises `ExportError` naming the line when the file is not an export.
    """
    reader = _Reader([])
    for number, line in enumerate(lines, start=1):
        reader.read(number, line)
    reader.finish()
    head = reader.before.hash if reader.before else ""
    return ChainReport(events=reader.count, head=head, problems=tuple(reader.problems))


def compare_with_export(engine: sa.Engine, lines: Iterable[str]) -> tuple[ChainProblem, ...]:
    """What the ledger tells otherwise than an earlier export: a rewritten history that verifies by itself too."""
    exported: dict[int, RawEvent] = {}
    for number, line in enumerate(lines, start=1):
        facts = _parsed(number, line)
        if "manifest" not in facts:
            row = _event(number, facts)
            exported[row.sequence] = row
    problems: list[ChainProblem] = []
    with reading(engine) as connection:
        anchor = last_anchor(connection)
        for row in raw_events(connection):
            then = exported.pop(row.sequence, None)
            if then is not None:
                problems += _differences(row, then)
    if anchor is not None:
        problems += _archived(anchor, exported)
    for then in exported.values():
        words = f"event {then.sequence} of the export is not in the ledger"
        problems.append(ChainProblem(kind="missing", **then.about, words=words))
    return tuple(problems)


def _archived(anchor: Anchor, exported: dict[int, RawEvent]) -> Iterator[ChainProblem]:
    """Take out what the ledger has archived since; the last of it must be the event that the anchor names.

    Raises `ExportError` when the export ends before it, and so has nothing in common with the ledger.
    """
    old = {number: exported.pop(number) for number in list(exported) if number <= anchor.last_sequence}
    if not old:
        return
    last = old.get(anchor.last_sequence)
    if last is None:
        raise ExportError(
            f"the ledger has archived events 1 to {anchor.last_sequence}; the export ends with {max(old)}.",
            hint="compare it with the archive's own audit.jsonl, and that one with the ledger.",
        )
    if anchor.last_hash != last.hash:
        words = f"event {anchor.sequence} names its hash as {anchor.last_hash}, the export has {last.hash}"
        yield ChainProblem(kind="altered", **last.about, field="hash", words=words)


def _differences(row: RawEvent, then: RawEvent) -> Iterator[ChainProblem]:
    for name in HASHED:
        if row.facts[name] != then.facts[name]:
            words = f"its {name} is {row.facts[name]!r}, the export has {then.facts[name]!r}"
            yield ChainProblem(kind="altered", **row.about, field=name, words=words)
    if row.hash != then.hash:
        words = f"its hash is {row.hash}, the export has {then.hash}"
        yield ChainProblem(kind="altered", **row.about, field="hash", words=words)


def _parsed(number: int, line: str) -> dict[str, Any]:
    try:
        facts = json.loads(line)
    except json.JSONDecodeError as error:
        raise ExportError(f"line {number} is not JSON.", hint="ask for a new export.") from error
    if not isinstance(facts, dict):
        raise ExportError(f"line {number} is not an event.", hint="ask for a new export.")
    return facts


def _event(number: int, facts: Mapping[str, Any]) -> RawEvent:
    missing = [name for name in (*HASHED, "hash") if name not in facts]
    if missing or not isinstance(facts["sequence"], int):
        what = f"lacks {', '.join(missing)}" if missing else "has no number"
        raise ExportError(f"line {number} {what}.", hint="ask for a new export.")
    return raw_event({name: facts[name] for name in HASHED}, str(facts["hash"]))


def _row_problems(row: RawEvent, before: RawEvent | None) -> Iterator[ChainProblem]:
    if before is not None and row.sequence != before.sequence + 1:
        words = f"event {row.sequence} follows event {before.sequence}: something between is missing or moved"
        yield ChainProblem(kind="missing", **row.about, field="sequence", words=words)
    elif before is not None and row.previous_hash not in (before.hash, before.computed):
        words = f"event {row.sequence} was not written after the event {before.sequence} given here"
        yield ChainProblem(kind="altered", **row.about, field="previous_hash", words=words)
    if not row.is_consistent:
        words = f"event {row.sequence} was changed after it was written"
        yield ChainProblem(kind="altered", **row.about, words=words)
