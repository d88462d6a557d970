"""Whether corrections, their values and their approvals are what their events say."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from reverse_etl.audit.anchor import ARCHIVED, Carried, carried_by, settled_content
from reverse_etl.audit.content import AMOUNTS, FACTS, Record, amount_text, content_hash_of
from reverse_etl.audit.problems import ChainProblem
from reverse_etl.audit.raw import RawEvent
from reverse_etl.ledger.schema import approval, correction, correction_change


@dataclass
class _Story:
    """What the events of one correction told."""

    sequence: int = 0
    state: str = ""
    content: tuple[int, dict[str, Any]] | None = None
    content_hash: tuple[int, str] | None = None
    before: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """By field: the event that recorded the before-image, and the value."""
    actors: set[str] = field(default_factory=set)


@dataclass
class Told:
    """Listens to the chain and remembers what it says about every correction."""

    stories: dict[str, _Story] = field(default_factory=dict)
    carried: dict[str, Carried] = field(default_factory=dict)
    """Corrections whose story was cut by the latest archive."""

    def hear(self, row: RawEvent) -> None:
        """Take in one event."""
        if row.facts["event"] == ARCHIVED and row.is_consistent:
            self.carried = carried_by(row)
        correction_id = row.facts["correction_id"]
        if not correction_id:
            return
        story = self.stories.setdefault(correction_id, _Story())
        story.sequence, story.state = row.sequence, str(row.facts["to_state"])
        story.actors.add(str(row.facts["actor"]))
        if row.is_consistent:
            self._hear_detail(story, row)

    def _hear_detail(self, story: _Story, row: RawEvent) -> None:
        detail = json.loads(row.facts["detail"])
        if isinstance(detail.get("content"), dict):
            story.content = (row.sequence, detail["content"])
        if isinstance(detail.get("content_hash"), str):
            story.content_hash = (row.sequence, detail["content_hash"])
        for name, value in (detail.get("before") or {}).items():
            if name not in story.before or detail.get("replaces_before"):
                story.before[name] = (row.sequence, value)


def agreement_problems(
    connection: sa.Connection, told: Told, found: Collection[ChainProblem]
) -> Iterator[ChainProblem]:
    """Corrections that do not agree with the chain; those whose last event is itself reported are left out."""
    changes = _by_correction(connection, correction_change)
    approvals = _by_correction(connection, approval)
    broken = {p.correction_id for p in found if p.correction_id}
    lost = set(told.carried)
    for row in connection.execute(_corrections()).mappings():
        correction_id = row["correction_id"]
        lost.discard(correction_id)
        carried = told.carried.get(correction_id)
        story = told.stories.get(correction_id) or _cut(carried)
        report = _Reporter(correction_id)
        if carried is not None:
            yield from _carried_problems(report, row, carried, changes, approvals)
        if content_hash_of(row, changes.get(correction_id, [])) != row["content_hash"]:
            yield report("its target or values were changed after it was proposed", None, "content_hash")
        if correction_id in broken:
            continue
        yield from _state_problems(report, row, story)
        yield from _content_problems(report, row, story)
        yield from _before_problems(report, changes.get(correction_id, []), story)
        if story.content is not None:
            yield from _approval_problems(report, approvals.get(correction_id, []), story)
    for correction_id in sorted(lost):
        sequence = told.carried[correction_id].sequence
        words = f"it is missing; event {sequence} left it in the ledger"
        yield _Reporter(correction_id)(words, sequence)


def _cut(carried: Carried | None) -> _Story:
    """The story of a correction all of whose events are archived."""
    if carried is None:
        return _Story()
    return _Story(sequence=carried.last_event_sequence, state=carried.state)


def _carried_problems(
    report: _Reporter,
    row: Record,
    carried: Carried,
    changes: dict[str, list[Record]],
    approvals: dict[str, list[Record]],
) -> Iterator[ChainProblem]:
    mine = row["correction_id"]
    if settled_content(row, changes.get(mine, []), approvals.get(mine, [])) != carried.content:
        words = f"its facts, values or approvals are not those that event {carried.sequence} vouches for"
        yield report(words, carried.sequence, "content")


def _corrections() -> sa.Select[Any]:
    c = correction.c
    names = (*FACTS, *AMOUNTS, "correction_id", "state", "content_hash", "last_event_sequence")
    return sa.select(*(c[name] for name in names)).order_by(c.sequence)


def _by_correction(connection: sa.Connection, table: sa.Table) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in connection.execute(sa.select(table)).mappings():
        found.setdefault(row["correction_id"], []).append(row)
    return found


class _Reporter:
    """Makes the problems of one correction."""

    def __init__(self, correction_id: str) -> None:
        self.correction_id = correction_id

    def __call__(self, words: str, sequence: int | None, column: str | None = None) -> ChainProblem:
        return ChainProblem(
            kind="correction", sequence=sequence, correction_id=self.correction_id, field=column, words=words
        )


def _state_problems(report: _Reporter, row: Record, story: _Story) -> Iterator[ChainProblem]:
    last = row["last_event_sequence"]
    if story.sequence != last:
        words = f"its last event should be {last}, the chain ends with {story.sequence}"
        yield report(words, last, "last_event_sequence")
    elif story.state != row["state"]:
        yield report(
            f"it is {row['state']}, but event {story.sequence} left it {story.state}", story.sequence, "state"
        )


def _content_problems(report: _Reporter, row: Record, story: _Story) -> Iterator[ChainProblem]:
    if story.content_hash is not None and story.content_hash[1] != row["content_hash"]:
        sequence = story.content_hash[0]
        yield report(f"its content is not what event {sequence} names", sequence, "content_hash")
    if story.content is None:
        return
    sequence, content = story.content
    for name in (*FACTS, *AMOUNTS):
        value = amount_text(row[name]) if name in AMOUNTS else row[name]
        if name in content and content[name] != value:
            yield report(f"its {name} is {value!r}, event {sequence} says {content[name]!r}", sequence, name)


def _before_problems(report: _Reporter, changes: list[Record], story: _Story) -> Iterator[ChainProblem]:
    for change in changes:
        if change["field"] not in story.before:
            continue
        sequence, value = story.before[change["field"]]
        if not change["is_before_known"] or change["before_value"] != value:
            words = f"its before-image of {change['field']} is not what event {sequence} recorded"
            yield report(words, sequence, "before_value")


def _approval_problems(report: _Reporter, approvals: list[Record], story: _Story) -> Iterator[ChainProblem]:
    for given in approvals:
        if given["actor"] not in story.actors:
            yield report(f"it has an approval by {given['actor']} that no event tells of", None, "approval")
