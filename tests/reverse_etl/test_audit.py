"""A changed ledger shows, and the report says where."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl import audit
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import ExportError
from reverse_etl.ledger.schema import audit_event
from tests.reverse_etl.factories import CRM, charge_row, sync_row
from tests.reverse_etl.tampering import drop_triggers, run

REFUSED = r"append-only|only grows"
INSERT = (
    "INSERT INTO audit_event SELECT {sequence}, occurred_at, correction_id, event, from_state, to_state, actor, "
    "reason, policy_version, detail, {previous}, {hash} FROM audit_event WHERE sequence = 3"
)
REPLACE = INSERT.replace("INSERT INTO", "INSERT OR REPLACE INTO")


@pytest.fixture
def busy(outbox, vendors):
    """A ledger with a delivered and a proposed correction."""
    outbox.propose([sync_row(), charge_row()])
    dispatch(outbox, vendors)
    return outbox


def tamper(engine, *statements):
    drop_triggers(engine)
    run(engine, *statements)


def test_an_untouched_chain_is_whole(busy):
    report = audit.verify_chain(busy.engine)
    assert report.is_valid, report.problems
    assert report.events == 7


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'eve'",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE sequence = 7",
        "UPDATE audit_chain SET end_sequence = 3",
        "UPDATE audit_chain SET end_hash = 'e'",
        "DELETE FROM audit_chain",
        INSERT.format(sequence=9, previous="'p'", hash="'h'"),
        INSERT.format(sequence=8, previous="'p'", hash="'h'"),
        INSERT.format(sequence=0, previous="'p'", hash="'h'"),
    ],
)
def test_the_database_refuses_to_change_history(busy, statement):
    with busy.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match=REFUSED):
        connection.exec_driver_sql(statement)


WAYS_ROUND = {
    "sqlite": [
        REPLACE.format(sequence=3, previous="previous_hash", hash="'h'"),
        REPLACE.format(sequence=8, previous="(SELECT end_hash FROM audit_chain)", hash="hash"),
        "UPDATE OR REPLACE audit_event SET sequence = 4 WHERE sequence = 3",
        "INSERT OR REPLACE INTO audit_chain VALUES (1, 0, 'x', 2, 'y')",
    ],
    "postgresql": ["TRUNCATE audit_event", "TRUNCATE audit_chain"],
}


def test_a_database_own_ways_round_its_triggers_are_closed(busy):
    for statement in WAYS_ROUND[busy.engine.dialect.name]:
        with busy.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match=REFUSED):
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE correction SET state = 'verified' WHERE state = 'proposed'", "DELETE FROM correction"],
)
def test_the_database_refuses_an_illegal_step(busy, statement):
    with pytest.raises(sa.exc.DatabaseError), busy.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(statement)


def test_a_changed_event_is_placed_with_the_column_and_what_it_was(busy):
    tamper(busy.engine, "UPDATE audit_event SET actor = 'eve' WHERE event = 'write_intended'")
    (problem,) = audit.verify_chain(busy.engine).problems
    delivered = next(c for c in busy.list() if c.state == "delivered")
    assert (problem.kind, problem.event, problem.field) == ("altered", "write_intended", "actor")
    assert problem.correction_id == delivered.correction_id
    assert "its actor is 'eve', it was written as 'worker:" in problem.words


def test_a_removed_event_is_placed(busy):
    tamper(busy.engine, "DELETE FROM audit_event WHERE sequence = 4")
    (problem,) = audit.verify_chain(busy.engine).problems
    assert (problem.kind, problem.sequence, problem.words) == ("missing", 4, "event 4 is missing")


def test_events_cut_off_the_end_are_missed_and_their_correction_named(busy):
    tamper(busy.engine, "DELETE FROM audit_event WHERE sequence = 7")
    (problem,) = audit.verify_chain(busy.engine).problems
    delivered = next(c for c in busy.list() if c.state == "delivered")
    assert (problem.kind, problem.sequence, problem.correction_id) == ("missing", 7, delivered.correction_id)


@pytest.mark.parametrize(
    ("statement", "words", "field"),
    [
        (
            "UPDATE correction_change SET new_value = '9' WHERE field = 'stage'",
            "values were changed",
            "content_hash",
        ),
        (
            "UPDATE correction_change SET before_value = '1'",
            "before-image of erp_open_amount",
            "before_value",
        ),
        (
            "UPDATE correction SET amount_at_risk_rc = '1'",
            "amount_at_risk_rc is '1.0000'",
            "amount_at_risk_rc",
        ),
        ("UPDATE correction SET proposed_by = 'eve'", "proposed_by is 'eve'", "proposed_by"),
        ("UPDATE approval SET actor = 'eve'", "approval by eve that no event tells of", "approval"),
        (
            "UPDATE correction SET last_event_sequence = 1",
            "its last event should be 1",
            "last_event_sequence",
        ),
        ("UPDATE correction SET state = 'approved' WHERE state = 'proposed'", "left it proposed", "state"),
    ],
)
def test_a_ledger_that_does_not_agree_with_its_last_event_is_found(busy, statement, words, field):
    run(busy.engine, statement)
    found = [p for p in audit.verify_chain(busy.engine).problems if words in p.words]
    assert found
    known = {c.correction_id for c in busy.list()}
    assert all(p.correction_id in known and p.field == field for p in found)


def test_events_tell_before_and_after_who_in_which_role_why_on_what_evidence(busy, vendors):
    charge = next(c for c in busy.list() if c.state == "proposed")
    busy.approve(charge.correction_id, "pat", ["billing_lead"], "checked the milestone")
    dispatch(busy, vendors)
    told = {event.event: event for event in busy.show(charge.correction_id).events}
    proposed, approved = told["proposed"], told["approved"]
    assert proposed.detail["changes"]["stage"]["seen"] == "HOLD"
    assert proposed.detail["changes"]["stage"]["new"] == "READY"
    assert proposed.detail["evidence"] == [{"invoice": "INV-1"}]
    assert (proposed.reason, proposed.policy_version) == ("open amount differs", busy.policy.version)
    assert (approved.actor, approved.detail["roles"]) == ("pat", ["billing_lead"])
    assert approved.reason == "checked the milestone"
    assert told["write_intended"].detail["before"] == {"stage": "HOLD"}
    assert told["delivered"].detail["after"] == {"stage": "READY"}
    assert vendors[CRM].effects


def test_an_outsider_verifies_the_export_with_nothing_but_sha256(busy):
    previous = "0" * 64
    *lines, manifest = audit.export(busy.engine)
    for line in lines:
        facts = json.loads(line)
        claimed = facts.pop("hash")
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == claimed
        assert facts["previous_hash"] == previous
        previous = claimed
    told = json.loads(manifest)["manifest"]
    assert (told["count"], told["first_sequence"], told["last_hash"]) == (7, 1, previous)


def test_an_export_of_some_days_verifies_by_itself(busy, clock):
    clock.now += timedelta(days=2)
    busy.propose([charge_row("502")])
    lines = list(audit.export(busy.engine, clock.now - timedelta(days=1), clock.now + timedelta(days=1)))
    report = audit.verify_export(lines)
    assert (report.is_valid, report.events) == (True, 1)
    assert json.loads(lines[0])["sequence"] == 8
    empty = list(audit.export(busy.engine, clock.now + timedelta(days=1)))
    assert (audit.verify_export(empty).is_valid, len(empty)) == (True, 1)


@given(st.integers(0, 7), st.integers(0, 5000), st.sampled_from("0aZ{"))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_export_with_one_altered_character_is_not_whole(busy, number, position, character):
    lines = list(audit.export(busy.engine))
    line = lines[number]
    position %= len(line)
    lines[number] = line[:position] + character + line[position + 1 :]
    if lines[number] == line:
        return
    assert is_refused(lines)


def is_refused(lines):
    try:
        return not audit.verify_export(lines).is_valid
    except ExportError:
        return True


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda lines: lines[:-1], "the manifest is missing"),
        (lambda lines: lines[:3] + lines[4:], "event 5 follows event 3"),
        (lambda lines: lines[1:], "first_sequence"),
        (lambda lines: lines[:-2] + lines[-1:], "last_hash"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "event 1 follows event 2"),
    ],
)
def test_an_export_that_is_cut_or_shuffled_says_where(busy, spoil, words):
    report = audit.verify_export(spoil(list(audit.export(busy.engine))))
    assert words in "; ".join(p.words for p in report.problems)


def test_a_history_rewritten_with_all_its_hashes_differs_from_the_last_export(busy):
    lines = list(audit.export(busy.engine))
    assert audit.compare_with_export(busy.engine, lines) == ()
    forged, previous = [], audit.GENESIS
    with busy.engine.connect() as connection:
        rows = [dict(r) for r in connection.execute(audit_event.select().order_by("sequence")).mappings()]
    for row in rows:
        row["actor"] = "eve" if row["event"] == "approved" else row["actor"]
        row["previous_hash"] = previous
        previous = audit.hash_of(row | {"occurred_at": audit.moment_text(row["occurred_at"])})
        forged.append(row | {"hash": previous})
    tamper(busy.engine, "DELETE FROM audit_event", f"UPDATE audit_chain SET end_hash = '{previous}'")
    with busy.engine.connect() as connection, connection.begin():
        connection.execute(audit_event.insert(), forged)
    found = audit.compare_with_export(busy.engine, lines)
    assert "its actor is 'eve', the export has 'policy:concord'" in [p.words for p in found]
