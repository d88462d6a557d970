"""A changed ledger shows, and the report says where."""

from __future__ import annotations

import hashlib
import json

import pytest
import sqlalchemy as sa

from reverse_etl import audit
from reverse_etl.dispatcher import dispatch
from tests.reverse_etl.factories import charge_row, sync_row

DROP = {
    "sqlite": ["DROP TRIGGER audit_event_no_update", "DROP TRIGGER audit_event_no_delete"],
    "postgresql": ["DROP TRIGGER audit_event_append_only ON audit_event"],
}


@pytest.fixture
def busy(outbox, vendors):
    """A ledger with a delivered and a proposed correction."""
    outbox.propose([sync_row(), charge_row()])
    dispatch(outbox, vendors)
    return outbox


def tamper(engine, *statements):
    with engine.connect() as connection, connection.begin():
        for statement in (*DROP[engine.dialect.name], *statements):
            connection.exec_driver_sql(statement)


def test_an_untouched_chain_is_whole(busy):
    report = audit.verify_chain(busy.engine)
    assert report.is_valid
    assert report.events == 7


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'eve'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_history(busy, statement):
    with busy.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match="append-only"):
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE correction SET state = 'verified' WHERE state = 'proposed'", "DELETE FROM correction"],
)
def test_the_database_refuses_an_illegal_step(busy, statement):
    with pytest.raises(sa.exc.DatabaseError), busy.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(statement)


def test_a_changed_event_is_located(busy):
    tamper(busy.engine, "UPDATE audit_event SET actor = 'eve' WHERE sequence = 4")
    problems = audit.verify_chain(busy.engine).problems
    assert [(p.sequence, p.words) for p in problems] == [(4, "event 4 was changed after it was written")]


def test_a_removed_event_is_located(busy):
    tamper(busy.engine, "DELETE FROM audit_event WHERE sequence = 4")
    problems = audit.verify_chain(busy.engine).problems
    assert [p.sequence for p in problems] == [5]
    assert "missing or moved" in problems[0].words


def test_events_cut_off_the_end_are_missed_by_their_correction(busy):
    tamper(busy.engine, "DELETE FROM audit_event WHERE sequence = 7")
    problem = audit.verify_chain(busy.engine).problems[0]
    assert "last event should be 7" in problem.words


def test_a_value_changed_behind_the_chain_is_found(busy):
    tamper(busy.engine, "UPDATE correction_change SET new_value = '9' WHERE field = 'stage'")
    problem = audit.verify_chain(busy.engine).problems[0]
    assert "values were changed" in problem.words


def test_a_state_set_behind_the_chain_is_found(busy):
    tamper(busy.engine, "UPDATE correction SET state = 'approved' WHERE state = 'proposed'")
    assert "left it proposed" in audit.verify_chain(busy.engine).problems[0].words


def test_an_outsider_verifies_the_export_with_nothing_but_sha256(busy):
    previous = "0" * 64
    for line in audit.export(busy.engine):
        facts = json.loads(line)
        claimed = facts.pop("hash")
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == claimed
        assert facts["previous_hash"] == previous
        previous = claimed
