"""What has outlived its retention leaves the ledger by a person's act, and the chain stays verifiable after it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config.schema import Policy
from connectors.webhooks import Change
from reverse_etl import audit, conservation, retention
from reverse_etl.backup import take_backup
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import ExportError, LedgerError, NotAllowedError
from reverse_etl.events import log
from reverse_etl.inbox import store as inbox
from reverse_etl.ledger import writing
from reverse_etl.ledger.schema import audit_event, correction, event, inbox_message
from reverse_etl.restore import restore_backup
from reverse_etl.verify import verify
from tests.reverse_etl.factories import POLICY, START, charge_row, sync_row
from tests.reverse_etl.tampering import drop_triggers, run

TEN_YEARS = timedelta(days=3654)
WHO = ("grace", ["controller"], "ten years are over")


@pytest.fixture
def verified(outbox, vendors, published):
    """A correction that was written and proved in the first year."""
    new = outbox.propose([sync_row()]).approved[0]
    dispatch(outbox, vendors)
    verify(outbox, published)
    assert outbox.show(new).correction.state == "verified"
    return new


def later(clock, wall, span):
    for one in (clock, wall):
        one.now = START + span


def count(engine, table):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def chain(engine):
    report = audit.verify_chain(engine)
    assert report.is_valid, report.problems
    return report


@pytest.fixture
def archived(outbox, verified, clock, wall, tmp_path):
    """Ten years later: a young correction beside the old one, which has been archived."""
    later(clock, wall, TEN_YEARS)
    outbox.propose([charge_row()])
    return retention.archive(outbox, tmp_path / "archive", *WHO)


def test_a_policy_says_how_many_years_and_one_is_the_least():
    assert Policy.model_validate(POLICY).retention.corrections_years == 10
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Policy.model_validate(POLICY | {"retention": {"inbox_years": 0}})
    with pytest.raises(ValueError, match="unknown roles: archivist"):
        Policy.model_validate(POLICY | {"retention": {"roles": ["archivist"]}})


def test_before_the_limit_nothing_may_go(outbox, verified, clock, wall, tmp_path):
    later(clock, wall, TEN_YEARS - timedelta(days=2))
    before = count(outbox.engine, audit_event)
    assert retention.survey(outbox).is_empty
    with pytest.raises(NotAllowedError, match="not_due"):
        retention.archive(outbox, tmp_path / "archive", *WHO)
    assert not (tmp_path / "archive").exists()
    assert count(outbox.engine, audit_event) == before
    assert outbox.show(verified).correction.state == "verified"


def test_a_shorter_limit_is_a_matter_of_configuration(make_outbox, verified, clock, wall):
    later(clock, wall, timedelta(days=800))
    assert retention.survey(make_outbox()).is_empty
    assert retention.survey(make_outbox(retention={"corrections_years": 2})).corrections == (verified,)


def test_after_the_limit_the_chain_is_whole_from_its_anchor(outbox, verified, archived):
    report = chain(outbox.engine)
    assert (report.anchor.last_sequence, report.anchor.sequence) == (
        archived.gone.last_sequence,
        archived.event_sequence,
    )
    first = next(audit.events(outbox.engine))
    assert (first.sequence, first.previous_hash) == (archived.gone.last_sequence + 1, report.anchor.last_hash)
    assert first.event == "proposed", "what is younger stayed"
    assert archived.gone.corrections == (verified,)
    assert count(outbox.engine, correction) == 1
    assert conservation.check(outbox.engine).is_whole
    outbox.approve(outbox.list()[0].correction_id, "pat", ["controller"])
    assert chain(outbox.engine).events == report.events + 1, "and the chain goes on"


def test_the_archive_verifies_by_itself_and_joins_the_ledger(outbox, verified, archived):
    audit_file, rows = archived.folder / "audit.jsonl", archived.folder / "rows.jsonl"
    assert audit.verify_export(audit_file.read_text().splitlines()).is_valid
    assert audit.compare_with_export(outbox.engine, audit_file.read_text().splitlines()) == ()
    for file in (audit_file, rows):
        assert archived.files[file.name] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert archived.files[file.name] in chain(outbox.engine).anchor.words
    lines = [json.loads(line) for line in rows.read_text().splitlines()]
    kept = {line["table"] for line in lines if "table" in line}
    assert kept == {"correction", "correction_change", "attempt", "approval", "event"}
    assert [line["row"]["correction_id"] for line in lines if line.get("table") == "correction"] == [verified]


def test_an_export_from_before_the_archive_still_compares(outbox, verified, clock, wall, tmp_path):
    then = list(audit.export(outbox.engine))
    early = list(audit.export(outbox.engine, end=START + timedelta(seconds=1)))
    later(clock, wall, TEN_YEARS)
    retention.archive(outbox, tmp_path / "archive", *WHO)
    assert audit.compare_with_export(outbox.engine, then) == ()
    if len(early) > 1 and len(early) < len(then):
        with pytest.raises(ExportError, match="the export ends with"):
            audit.compare_with_export(outbox.engine, early)
    forged = [json.loads(line) for line in then]
    forged[-2]["hash"] = "e" * 64
    found = audit.compare_with_export(outbox.engine, [json.dumps(line) for line in forged])
    assert [(p.kind, p.sequence, p.field) for p in found] == [("altered", forged[-2]["sequence"], "hash")]


@pytest.mark.parametrize(
    ("actor", "roles", "reason", "words"),
    [
        ("omar", ["billing_lead"], "old", "role"),
        ("grace", [], "old", "role"),
        ("service:concord", ["controller"], "old", "not_a_person"),
        ("grace", ["controller"], "  ", "reason"),
    ],
)
def test_only_a_person_of_the_role_with_a_reason_archives(
    outbox, verified, clock, wall, tmp_path, actor, roles, reason, words
):
    later(clock, wall, TEN_YEARS)
    before = count(outbox.engine, audit_event)
    with pytest.raises(NotAllowedError, match=words):
        retention.archive(outbox, tmp_path / "archive", actor, roles, reason)
    assert count(outbox.engine, audit_event) == before


def test_what_waits_for_somebody_holds_back_everything_after_it(
    outbox, vendors, published, clock, wall, tmp_path
):
    waiting = outbox.propose([charge_row()]).proposed[0]
    new = outbox.propose([sync_row()]).approved[0]
    dispatch(outbox, vendors)
    published.rows = [charge_row()]
    verify(outbox, published)
    later(clock, wall, TEN_YEARS)
    due = retention.survey(outbox)
    assert (due.audit_events, due.corrections) == (0, ())
    assert [(one.correction_id, one.state) for one in due.held] == [(waiting, "proposed")]
    assert due.overdue_sequence > 0
    outbox.expire_overdue()
    assert retention.survey(outbox).corrections == (new,), "the end of its story is young"
    assert retention.survey(outbox).carried == (waiting,)
    retention.archive(outbox, tmp_path / "archive", *WHO)
    assert outbox.show(waiting).correction.state == "expired"
    chain(outbox.engine)
    assert conservation.check(outbox.engine).is_whole


def test_a_no_that_stands_stays_and_is_not_asked_again(outbox, clock, wall, tmp_path):
    refused = outbox.propose([charge_row()]).proposed[0]
    outbox.reject(refused, "pat", ["controller"], "agreed with the client")
    later(clock, wall, TEN_YEARS)
    assert retention.archive(outbox, tmp_path / "archive", *WHO).gone.carried == (refused,)
    assert count(outbox.engine, audit_event) == 1
    assert outbox.propose([charge_row()]).proposed == []
    chain(outbox.engine)


def test_an_id_is_never_given_twice(outbox, verified, archived, vendors):
    again = outbox.propose([sync_row(source_loaded_at=START + TEN_YEARS)])
    assert again.approved
    assert verified not in again.approved, "the vendor would take its key for the write of ten years ago"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE correction SET check_id = 'B02' WHERE state = 'rejected'", "not those that event"),
        ("UPDATE correction SET amount_at_risk_rc = '1' WHERE state = 'rejected'", "not those that event"),
        ("UPDATE correction_change SET before_value = 'X'", "not those that event"),
        ("UPDATE approval SET actor = 'eve'", "not those that event"),
        ("UPDATE correction SET last_event_sequence = 1 WHERE state = 'rejected'", "last event should be"),
    ],
)
def test_a_kept_row_whose_events_are_gone_is_still_vouched_for(
    outbox, clock, wall, tmp_path, statement, words
):
    refused = outbox.propose([charge_row()]).proposed[0]
    outbox.approve(refused, "dana", ["controller"])
    outbox.reject(refused, "pat", ["controller"], "agreed")
    later(clock, wall, TEN_YEARS)
    done = retention.archive(outbox, tmp_path / "archive", *WHO)
    run(outbox.engine, statement)
    found = [p for p in audit.verify_chain(outbox.engine).problems if words in p.words]
    assert [p.correction_id for p in found] == [refused]
    assert words == "last event should be" or found[0].sequence == done.event_sequence


def test_tampering_with_the_anchor_is_located(outbox, archived):
    drop_triggers(outbox.engine)
    anchor, last = archived.event_sequence, archived.gone.last_sequence
    for statement, kind, sequence in (
        (f"UPDATE audit_chain SET start_hash = '{'e' * 64}'", "end", anchor),
        (f"UPDATE audit_chain SET start_sequence = {last + 1}", "end", anchor),
        (f"UPDATE audit_event SET detail = replace(detail, '\"last_sequence\":{last}', '\"last_sequence\":{last + 1}') "
         f"WHERE sequence = {anchor}", "altered", anchor),
        (f"UPDATE audit_event SET actor = 'eve' WHERE sequence = {anchor}", "altered", anchor),
        (f"UPDATE audit_event SET event = 'noted' WHERE sequence = {anchor}", "altered", anchor),
        (f"UPDATE audit_event SET reason = 'x' WHERE sequence = {last + 1}", "altered", last + 1),
        (f"DELETE FROM audit_event WHERE sequence = {last + 1}", "missing", last + 1),
    ):  # fmt: skip
        with outbox.engine.connect() as connection, connection.begin() as transaction:
            changed = connection.exec_driver_sql(statement)
            assert changed.rowcount == 1, statement
            found = audit.verify(connection).problems
            transaction.rollback()
        assert (kind, sequence) in [(p.kind, p.sequence) for p in found], (statement, found)
    chain(outbox.engine)


def test_the_database_lets_nothing_go_but_by_an_archive(outbox, verified):
    second = "(SELECT hash FROM audit_event WHERE sequence = 2)"
    for statement in (
        f"UPDATE audit_chain SET start_sequence = 2, start_hash = {second}",
        "DELETE FROM audit_event WHERE sequence = 1",
        "DELETE FROM correction",
    ):
        with outbox.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError):
            connection.exec_driver_sql(statement)


def test_after_an_archive_everything_else_is_append_only(outbox, archived):
    for statement in (
        f"DELETE FROM audit_event WHERE sequence = {archived.gone.last_sequence + 1}",
        "UPDATE audit_event SET actor = 'eve'",
        "UPDATE audit_chain SET start_sequence = 0",
        f"UPDATE audit_chain SET start_sequence = {archived.gone.last_sequence + 1}",
        "DELETE FROM correction",
    ):
        with outbox.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError):
            connection.exec_driver_sql(statement)


def test_a_broken_chain_is_not_archived(outbox, verified, clock, wall, tmp_path):
    later(clock, wall, TEN_YEARS)
    drop_triggers(outbox.engine)
    run(outbox.engine, "UPDATE audit_event SET actor = 'eve' WHERE sequence = 1")
    with pytest.raises(LedgerError, match="event 1 was changed"):
        retention.archive(outbox, tmp_path / "archive", *WHO)


def test_a_folder_that_holds_something_is_refused_and_nothing_goes(outbox, verified, clock, wall, tmp_path):
    later(clock, wall, TEN_YEARS)
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "audit.jsonl").write_text("")
    with pytest.raises(ExportError, match="not empty"):
        retention.archive(outbox, tmp_path / "archive", *WHO)
    assert outbox.show(verified).correction.state == "verified"
    assert chain(outbox.engine).anchor is None


def test_a_second_archive_begins_where_the_first_ended(
    outbox, verified, archived, vendors, published, clock, wall, tmp_path
):
    later(clock, wall, 2 * TEN_YEARS)
    outbox.expire_overdue()
    later(clock, wall, 3 * TEN_YEARS)
    done = retention.archive(outbox, tmp_path / "second", *WHO)
    assert done.gone.first_sequence == archived.gone.last_sequence + 1
    assert chain(outbox.engine).anchor.corrections == 2
    assert count(outbox.engine, correction) == 0
    first = json.loads((tmp_path / "second" / "audit.jsonl").read_text().splitlines()[0])
    assert (
        first["previous_hash"]
        == json.loads((archived.folder / "audit.jsonl").read_text().splitlines()[-2])["hash"]
    )
    assert conservation.check(outbox.engine).is_whole


def test_a_backup_of_an_archived_ledger_restores_whole(
    outbox, archived, tmp_path, blueprints, database, clock
):
    file = tmp_path / "ledger.backup"
    take_backup(outbox.engine, file, clock())
    url = blueprints.empty(database)
    restore_backup(url, file, actor="dana", now=clock(), policy_version="1")
    restored = sa.create_engine(url)
    assert audit.verify_chain(restored).anchor.last_sequence == archived.gone.last_sequence
    restored.dispose()


def test_old_messages_and_events_go_once_nothing_waits_for_them(outbox, clock, wall, tmp_path):
    with writing(outbox.engine) as connection:
        for number in range(3):
            change = Change(message_id=f"m{number}", object="account", record_ids=("1",))
            inbox.keep(connection, "crm", [change], "{}", clock())
        inbox.settle(connection, "crm", clock() + timedelta(hours=1), "run-1")
    outbox.propose([sync_row(), charge_row()])
    later(clock, wall, TEN_YEARS)
    due = retention.survey(outbox)
    assert len(due.messages) == 2, "the newest stays: numbers go on from it"
    assert len(due.event_ids) == count(outbox.engine, event) - 1
    told = count(outbox.engine, event)
    retention.archive(outbox, tmp_path / "archive", *WHO)
    assert (count(outbox.engine, inbox_message), count(outbox.engine, event)) == (1, 1)
    lines = (tmp_path / "archive" / "rows.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["end"]["rows"] == {"event": told - 1, "inbox_message": 2}
    assert chain(outbox.engine).anchor.last_sequence == 0


def test_an_archived_fact_is_never_told_as_news_again(outbox, archived):
    with writing(outbox.engine) as connection:
        gone = connection.exec_driver_sql("SELECT event_id FROM archived_event").scalars().all()
        assert gone
        assert set(log._known(connection, gone)) == set(gone)
