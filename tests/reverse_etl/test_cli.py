"""The operator's commands on a real ledger: plain output, exit codes, errors that say what to do."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from config import load_config
from config.paths import Home
from reverse_etl.cli import corrections
from reverse_etl.dispatcher import dispatch
from reverse_etl.setup import open_outbox
from tests.reverse_etl.factories import ERP, charge_row, sync_row
from tests.reverse_etl.fakes import refused
from tests.reverse_etl.tampering import drop_triggers
from tests.reverse_etl.tampering import run as tamper


@pytest.fixture
def home(tmp_path, monkeypatch, ledger_url):
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path))
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    return Home.from_environment()


@pytest.fixture
def outbox(home):
    return open_outbox(load_config(), home)


@pytest.fixture
def run(home):
    def invoke(*arguments, **environ):
        return CliRunner().invoke(corrections, list(arguments), env=environ)

    return invoke


@pytest.fixture
def charge(outbox):
    return outbox.propose([charge_row(), sync_row()]).proposed[0]


def test_list_shows_state_target_and_money(run, charge):
    result = run("list", "--state", "proposed")
    assert result.exit_code == 0
    assert charge in result.output
    assert "42,000.00" in result.output
    assert "1 proposed, 1 approved" in result.output


def test_list_speaks_json(run, charge):
    lines = [json.loads(line) for line in run("list", "--json").output.splitlines()]
    assert {line["id"] for line in lines} >= {charge}
    assert lines[-1]["changes"] == [{"field": "stage", "from": "HOLD", "to": "READY"}]


def test_show_gives_the_diff_the_evidence_and_the_history(run, charge):
    output = run("show", charge).output
    for words in ("HOLD", "READY", "INV-1", "needs 1 approval(s) by: billing_lead", "proposed"):
        assert words in output


def test_approve_takes_the_roles_from_the_people_file(run, charge):
    assert run("approve", charge, "--actor", "dana.engineer").exit_code == 1
    result = run("approve", charge, CONCORD_ACTOR="omar.delivery")
    assert (result.exit_code, result.output.strip()) == (0, f"{charge} approved")


def test_a_stranger_without_a_role_is_told_what_to_do(run, charge):
    result = run("approve", charge, "--actor", "eve")
    assert result.exit_code == 1
    assert "--role" in result.output


def test_a_listed_person_cannot_claim_a_role_the_file_does_not_give(run, charge):
    result = run("approve", charge, "--actor", "dana.engineer", "--role", "controller")
    assert result.exit_code == 1
    assert "gives dana.engineer no role controller" in result.output


def test_reject_needs_a_reason_and_records_it(run, charge):
    assert run("reject", charge, "--actor", "pat", "--role", "controller").exit_code == 2
    result = run("reject", charge, "--actor", "pat", "--role", "controller", "--reason", "dispute")
    assert result.output.strip() == f"{charge} rejected"


def test_a_dead_letter_is_replayed_and_an_applied_one_rolled_back(run, charge, outbox, vendors):
    run("approve", charge, "--actor", "omar.delivery")
    vendors[ERP].fail("write", refused(ERP))
    dispatch(outbox, vendors)
    assert run("replay", charge, "--actor", "omar.delivery").output.strip() == f"{charge} approved"
    dispatch(outbox, vendors)
    result = run("rollback", charge, "--actor", "omar.delivery", "--reason", "wrong milestone")
    assert f"undoes {charge}" in result.output


def test_an_unknown_id_ends_with_one_and_a_hint(run, outbox):
    result = run("show", "c404")
    assert result.exit_code == 1
    assert "What to do" in result.output


def test_audit_verify_and_export(run, charge, tmp_path):
    assert "chain is whole: 3 events" in run("audit", "verify").output
    target = tmp_path / "audit.jsonl"
    run("audit", "export", "--output", str(target))
    assert len(target.read_text().splitlines()) == 4
    assert "export is whole: 3 events" in run("audit", "verify-export", str(target)).output
    assert "chain is whole: 3 events" in run("audit", "verify", "--against", str(target)).output


def test_a_broken_chain_ends_with_three_and_says_where(run, charge, outbox):
    drop_triggers(outbox.engine)
    tamper(outbox.engine, "UPDATE audit_event SET reason = 'x' WHERE sequence = 2")
    result = run("audit", "verify")
    assert result.exit_code == 3
    assert "BROKEN  event 2 (" in result.output
    assert "event 2 was changed" in result.output


def test_retention_is_shown_and_an_archive_needs_the_role_and_something_old(run, charge, tmp_path):
    shown = run("audit", "retention").output
    assert "audit trail and corrections: kept 10 years" in shown
    assert "none may go" in shown
    wanted = ("audit", "archive", "--to", str(tmp_path / "archive"), "--reason", "old")
    assert "(role)" in run(*wanted, "--actor", "omar.delivery").output
    assert "(not_due)" in run(*wanted, "--actor", "grace.controller").output


def test_an_archive_names_its_files_and_verification_says_where_the_chain_begins(run, charge, tmp_path):
    run("reject", charge, "--actor", "pat", "--role", "controller", "--reason", "dispute")
    (tmp_path / "clock.json").write_text('{"now": "2099-01-01T00:00:00+00:00"}')
    far = {"CONCORD_CLOCK_FILE": str(tmp_path / "clock.json")}
    run("list", **far)
    folder = tmp_path / "archive"
    who = ("--actor", "grace.controller", "--reason", "old")
    result = run("audit", "archive", "--to", str(folder), *who, **far)
    assert result.exit_code == 0, result.output
    assert "audit.jsonl" in result.output
    assert "it is verified from event" in run("audit", "verify", **far).output
