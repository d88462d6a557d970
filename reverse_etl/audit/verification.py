"""Verifies the chain from its start to its recorded end, and the corrections against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain as concatenate

import sqlalchemy as sa

from reverse_etl.audit.agreement import Told, agreement_problems
from reverse_etl.audit.anchor import Anchor, last_anchor
from reverse_etl.audit.chain import GENESIS
from reverse_etl.audit.diagnosis import Diagnosis, Neighbours, inserted, moved
from reverse_etl.audit.problems import ChainProblem, ChainReport
from reverse_etl.audit.raw import RawEvent, raw_events
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import audit_chain, correction


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Where the chain starts and ends, as the ledger recorded it apart from the events."""

    start_sequence: int
    start_hash: str
    end_sequence: int
    end_hash: str
    is_known: bool = True


@dataclass
class _Walk:
    """One pass over the events in the order of their numbers."""

    ends: Ends
    diagnosis: Diagnosis
    problems: list[ChainProblem] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    """Numbers whose event is there, under whatever number it stands now."""
    moved: list[tuple[RawEvent, int]] = field(default_factory=list)
    before: RawEvent | None = None
    count: int = 0

    def take(self, row: RawEvent, following: RawEvent | None) -> None:
        """Judge one event by itself and by the two it stands between."""
        self.count += 1
        around = self._around(row, following)
        place = None if row.is_consistent else self.diagnosis.true_place(row)
        if place is not None and self.ends.start_sequence < place <= self.ends.end_sequence:
            self.moved.append((row, place))
            self.seen.add(place)
        elif not self.ends.start_sequence < row.sequence <= self.ends.end_sequence:
            self.problems.append(inserted(row, f"the chain runs {self._range()}"))
        elif self._is_foreign(row, around):
            self.problems.append(inserted(row, "the events around it follow one another"))
        else:
            self.seen.add(row.sequence)
            self._judge(row, around)
            self.before = row

    def _range(self) -> str:
        return f"from event {self.ends.start_sequence + 1} to event {self.ends.end_sequence}"

    def _around(self, row: RawEvent, following: RawEvent | None) -> Neighbours:
        after = following.previous_hash if following is not None else None
        if following is None and row.sequence == self.ends.end_sequence and self.ends.is_known:
            after = self.ends.end_hash
        return Neighbours(before=self._hashes_before(row), after=after)

    def _hashes_before(self, row: RawEvent) -> tuple[str, ...]:
        """What the event may follow; nothing is known when the one before it is missing or moved."""
        if row.sequence == self.ends.start_sequence + 1:
            return (self.ends.start_hash,)
        if self.before is not None and self.before.sequence == row.sequence - 1:
            return (self.before.hash, self.before.computed)
        return ()

    def _is_foreign(self, row: RawEvent, around: Neighbours) -> bool:
        return (
            row.previous_hash not in around.before
            and around.after in around.before
            and around.after not in (row.hash, row.computed)
        )

    def _judge(self, row: RawEvent, around: Neighbours) -> None:
        if not row.is_consistent:
            self.problems.append(self.diagnosis.altered(row, around))
        elif around.before and row.previous_hash not in around.before:
            self._report_replaced(row)

    def _report_replaced(self, row: RawEvent) -> None:
        """A whole event that follows another than the one before it: that one was exchanged, or the start was."""
        other = (
            self.before if self.before is not None and row.sequence != self.ends.start_sequence + 1 else row
        )
        words = (
            f"event {other.sequence} was exchanged for another after it was written: "
            f"event {row.sequence} follows {row.previous_hash}"
        )
        self.problems.append(ChainProblem(kind="altered", **other.about, words=words))

    def finish(self) -> None:
        """After the last event: what was moved, what is missing, and whether the end is the recorded one."""
        self.problems += moved(self.moved)
        self.problems += self._missing()
        last = self.before
        is_last = last is not None and last.sequence == self.ends.end_sequence
        if is_last and last is not None and self.ends.end_hash not in (last.hash, last.computed):
            words = (
                f"event {last.sequence} is not the one recorded as the last ({self.ends.end_hash}): "
                "it was exchanged, or the record of the end was"
            )
            self.problems.append(ChainProblem(kind="end", **last.about, field="end_hash", words=words))

    def _missing(self) -> Iterator[ChainProblem]:
        first: int | None = None
        for number in range(self.ends.start_sequence + 1, self.ends.end_sequence + 2):
            is_missing = number not in self.seen and number <= self.ends.end_sequence
            if is_missing and first is None:
                first = number
            elif not is_missing and first is not None:
                yield _missing(self.diagnosis.connection, first, number - 1)
                first = None


def _missing(connection: sa.Connection, first: int, last: int) -> ChainProblem:
    """Events that are gone; the ledger still knows whose last step the latest of them was, if it was one."""
    about = connection.execute(
        sa.select(correction.c.correction_id)
        .where(correction.c.last_event_sequence.between(first, last))
        .limit(1)
    ).scalar()
    words = f"event {first} is missing" if first == last else f"events {first} to {last} are missing"
    return ChainProblem(kind="missing", sequence=first, correction_id=about, words=words)


def verify_chain(engine: sa.Engine) -> ChainReport:
    """Recompute every hash and compare the ledger's present state with its last events.

    Finds and places an altered, inserted, removed or moved event, at the end too; and a correction whose state,
    content, before-image or approvals were changed behind the chain's back. A chain whose first events were archived
    is verified from the last of them, as the event that archived them names it.
    """
    with reading(engine) as connection:
        return verify(connection)


def verify(connection: sa.Connection) -> ChainReport:
    """`verify_chain` inside a transaction of the caller."""
    anchor = last_anchor(connection)
    ends, problems = _ends(connection, anchor)
    walk = _Walk(ends, Diagnosis(connection, ends.end_sequence), problems=problems)
    told = Told()
    held: RawEvent | None = None
    head = ends.start_hash
    for row in concatenate(raw_events(connection), (None,)):
        if held is not None:
            walk.take(held, row)
            told.hear(held)
            head = held.hash
        held = row
    walk.finish()
    walk.problems += agreement_problems(connection, told, walk.problems)
    return ChainReport(events=walk.count, head=head, problems=tuple(walk.problems), anchor=anchor)


def _ends(connection: sa.Connection, anchor: Anchor | None) -> tuple[Ends, list[ChainProblem]]:
    """The recorded end, and the start that the chain itself vouches for, whatever the record of it says."""
    start = (anchor.last_sequence, anchor.last_hash) if anchor else (0, GENESIS)
    row = connection.execute(sa.select(audit_chain)).mappings().one_or_none()
    if row is None:
        last = max((event.sequence for event in raw_events(connection)), default=0)
        words = "the record of where the chain starts and ends is missing"
        ends = Ends(
            start_sequence=start[0], start_hash=start[1], end_sequence=last, end_hash="", is_known=False
        )
        return ends, [ChainProblem(kind="end", sequence=None, words=words)]
    recorded = (row["start_sequence"], row["start_hash"])
    if anchor is not None and not anchor.is_consistent:
        start = recorded  # the changed event is reported as such; the record beside it tells where to begin
    ends = Ends(
        start_sequence=start[0],
        start_hash=start[1],
        end_sequence=row["end_sequence"],
        end_hash=row["end_hash"],
    )
    if recorded == start:
        return ends, []
    truth = (
        f"event {anchor.sequence} archived events 1 to {anchor.last_sequence} ({anchor.last_hash})"
        if anchor
        else "it was written from event 1, and no event tells of an archive"
    )
    words = (
        f"the chain is recorded to start after event {row['start_sequence']} ({row['start_hash']}); {truth}"
    )
    about = anchor.sequence if anchor else None
    return ends, [ChainProblem(kind="end", sequence=about, field="start_sequence", words=words)]
