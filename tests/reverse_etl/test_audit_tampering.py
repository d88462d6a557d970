"""Whatever is done to the audit table behind the triggers' back is found, and placed, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl import audit
from reverse_etl.dispatcher import dispatch
from reverse_etl.ledger.schema import audit_event
from tests.reverse_etl.factories import charge_row, project_rows, sync_row
from tests.reverse_etl.tampering import Original, drop_triggers, run

EVENTS = 13
TEXTS = ("event", "from_state", "to_state", "actor", "reason", "policy_version", "detail")
HASHES = ("previous_hash", "hash")
number = st.integers(1, EVENTS)
often = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture
def original(outbox, vendors):
    """A ledger of two delivered corrections and one proposed, its triggers gone."""
    outbox.propose([sync_row(), charge_row(), *project_rows()])
    outbox.approve(outbox.list()[0].correction_id, "pat", ["controller"], "go on")
    dispatch(outbox, vendors)
    drop_triggers(outbox.engine)
    found = Original(outbox.engine)
    assert len(found.events) == EVENTS
    return found


def problems(original):
    report = audit.verify_chain(original.engine)
    assert not report.is_valid
    return [p for p in report.problems if p.kind != "correction"]


def with_changed_text(text, position, character):
    if not text:
        return character
    position %= len(text)
    return text[:position] + character + text[position + 1 :]


@often
@given(number, st.sampled_from([*TEXTS, *HASHES]), st.integers(0, 5000), st.sampled_from("0aZ{ é"))
def test_one_altered_character_is_found_at_its_event(original, where, column, position, character):
    rows = [dict(row) for row in original.events]
    row = rows[where - 1]
    changed = with_changed_text(row[column], position, character)
    if changed == row[column] or (column in HASHES and changed in {r[column] for r in rows}):
        return
    row[column] = changed[: audit_event.c[column].type.length or 10_000]
    original.write(rows)
    try:
        found = problems(original)
        assert [(p.kind, p.sequence) for p in found] == [("altered", where)]
        assert found[0].correction_id == row["correction_id"]
        assert column not in HASHES or found[0].field == column
    finally:
        original.restore()


@often
@given(number, st.sampled_from(["correction_id", "occurred_at", "actor", "to_state"]), st.integers(1, 10**6))
def test_a_value_exchanged_for_another_valid_one_is_found(original, where, column, shift):
    rows = [dict(row) for row in original.events]
    row = rows[where - 1]
    others = sorted({r[column] for r in rows if r[column] not in (None, row[column])}, key=str)
    if column == "occurred_at":
        others = [row[column] + timedelta(microseconds=shift)]
    row[column] = others[shift % len(others)]
    original.write(rows)
    try:
        found = problems(original)
        assert [(p.kind, p.sequence) for p in found] == [("altered", where)]
        assert column == "occurred_at" or found[0].field == column
    finally:
        original.restore()


@often
@given(number, number)
def test_removed_events_are_found_by_number(original, first, count):
    last = min(first + count - 1, EVENTS - 1) if first < EVENTS else EVENTS
    original.write([row for row in original.events if not first <= row["sequence"] <= last])
    try:
        found = problems(original)
        assert [(p.kind, p.sequence) for p in found] == [("missing", first)]
        span = f"event {first} is" if first == last else f"events {first} to {last} are"
        assert f"{span} missing" in found[0].words
    finally:
        original.restore()


@often
@given(number, st.booleans(), st.booleans())
def test_an_inserted_event_is_found(original, where, is_self_consistent, is_after_the_end):
    where = EVENTS + 1 if is_after_the_end else where
    forged = dict(original.events[0], sequence=where, event="approved", actor="eve", correction_id=None)
    forged["previous_hash"] = original.events[-1]["hash"] if is_after_the_end else "e" * 64
    facts = forged | {"occurred_at": audit.moment_text(forged["occurred_at"])}
    forged["hash"] = audit.hash_of(facts) if is_self_consistent else "f" * 64
    shifted = [dict(r, sequence=r["sequence"] + (r["sequence"] >= where)) for r in original.events]
    original.write([*shifted, forged])
    try:
        found = problems(original)
        assert ("inserted", where) in [(p.kind, p.sequence) for p in found]
        assert {p.kind for p in found} <= {"inserted", "moved"}
        assert len(found) == (1 if where > EVENTS else 2)
    finally:
        original.restore()


@often
@given(number, number)
def test_two_events_that_changed_places_are_found_with_their_places(original, one, other):
    if one == other:
        return
    swap = {one: other, other: one}
    original.write([dict(r, sequence=swap.get(r["sequence"], r["sequence"])) for r in original.events])
    try:
        found = problems(original)
        assert {p.kind for p in found} == {"moved"}
        assert {p.sequence for p in found} | {p.sequence + 1 for p in found} >= {one, other}
        assert all(p.field == "sequence" for p in found)
    finally:
        original.restore()


@often
@given(number, st.sampled_from([-7, 0, 40, 9_999]))
def test_an_event_moved_out_of_the_way_is_found_with_its_place(original, where, to):
    original.write(
        [dict(r, sequence=to if r["sequence"] == where else r["sequence"]) for r in original.events]
    )
    try:
        found = problems(original)
        assert [(p.kind, p.sequence) for p in found] == [("moved", to)]
        assert f"was written as event {where}" in found[0].words
    finally:
        original.restore()


@often
@given(number)
def test_an_event_exchanged_with_its_hash_is_found_by_the_next(original, where):
    rows = [dict(row) for row in original.events]
    row = rows[where - 1]
    row["actor"] = "eve"
    row["hash"] = audit.hash_of(row | {"occurred_at": audit.moment_text(row["occurred_at"])})
    original.write(rows)
    try:
        found = problems(original)
        assert [p.sequence for p in found] == [where]
        assert "exchanged" in found[0].words
    finally:
        original.restore()


def test_a_record_of_the_end_that_was_changed_is_found(original):
    for values, words in (
        (f"end_hash = '{'e' * 64}'", "recorded as the last"),
        (f"end_sequence = {EVENTS + 2}", f"events {EVENTS + 1} to {EVENTS + 2} are missing"),
        (f"end_sequence = {EVENTS - 1}", f"event {EVENTS} was put in afterwards"),
        (f"start_hash = '{'e' * 64}'", "recorded to start after event 0"),
    ):
        run(original.engine, f"UPDATE audit_chain SET {values}")
        assert words in problems(original)[0].words
        original.restore()
    run(original.engine, "DELETE FROM audit_chain")
    assert "starts and ends is missing" in problems(original)[0].words


def test_a_beginning_declared_away_is_missed(outbox):
    outbox.propose([sync_row(), charge_row()])
    second = next(one.hash for one in audit.events(outbox.engine) if one.sequence == 2)
    drop_triggers(outbox.engine)
    run(
        outbox.engine,
        "UPDATE audit_chain SET start_sequence = 2, start_hash = (SELECT hash FROM audit_event WHERE sequence = 2)",
        "DELETE FROM audit_event WHERE sequence <= 2",
    )
    found = [p.words for p in audit.verify_chain(outbox.engine).problems]
    assert found[:2] == [
        f"the chain is recorded to start after event 2 ({second}); "
        "it was written from event 1, and no event tells of an archive",
        "events 1 to 2 are missing",
    ]


def test_a_tail_cut_off_before_more_is_written_leaves_a_gap_for_ever(outbox):
    outbox.propose([sync_row(), charge_row()])
    removable = {"sqlite": "DROP TRIGGER audit_event_no_delete",
                 "postgresql": "ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only"}  # fmt: skip
    run(outbox.engine, removable[outbox.engine.dialect.name], "DELETE FROM audit_event WHERE sequence >= 2")
    outbox.propose([charge_row("502")])
    report = audit.verify_chain(outbox.engine)
    assert [(p.kind, p.words) for p in report.problems if p.kind != "correction"] == [
        ("missing", "events 2 to 3 are missing")
    ]


NONSENSE = {
    "sqlite": ["actor = CAST(x'fffe' AS TEXT)", "occurred_at = 'yesterday'", "detail = 'not json'",
               "occurred_at = replace(occurred_at, 'T', ' ')"],
    "postgresql": ["occurred_at = 'infinity'", "detail = 'not json'", "actor = ''"],
}  # fmt: skip


def test_values_that_make_no_sense_are_placed_too(original):
    for values in NONSENSE[original.engine.dialect.name]:
        run(original.engine, f"UPDATE audit_event SET {values} WHERE sequence = 3")
        assert [(p.kind, p.sequence) for p in problems(original)] == [("altered", 3)], values
        original.restore()
