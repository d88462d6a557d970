"""The operator's commands of governance on a real ledger under the shipped configuration."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from config import load_config
from config.paths import Home
from reverse_etl.cli import corrections
from reverse_etl.setup import open_outbox
from tests.reverse_etl.factories import charge_row, sync_row


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
    def invoke(*arguments, code=0, **environ):
        result = CliRunner().invoke(corrections, list(arguments), env=environ)
        assert result.exit_code == code, result.output
        return result.output

    return invoke


@pytest.fixture
def charge(outbox):
    return outbox.propose([charge_row()]).proposed[0]


def day(outbox, **later):
    return f"{outbox.clock() + timedelta(**later):%Y-%m-%d}"


def test_a_kill_switch_is_set_listed_and_taken_back(run, charge, outbox):
    assert "role" in run("kill", "B01", "--actor", "omar.delivery", "--reason", "x", code=1)
    run("kill", "B01", "--actor", "carla.cfo", "--reason", "amounts look wrong")
    assert "amounts look wrong" in run("switches")
    assert "unkill B01" in run("approve", charge, "--actor", "omar.delivery", code=1)
    run("unkill", "B01", "--actor", "carla.cfo", "--reason", "checked")
    assert "0 check(s)" in run("switches")
    run("approve", charge, "--actor", "omar.delivery")


def test_a_role_is_delegated_listed_used_and_ended(run, charge, outbox):
    until = day(outbox, days=3)
    arguments = ("billing_lead", "--to", "dana.engineer", "--until", until, "--reason", "leave")
    assert "does not hold" in run("delegate", *arguments, "--actor", "carla.cfo", code=1)
    given = run("delegate", *arguments, "--actor", "omar.delivery").split()[0]
    assert "dana.engineer" in run("delegations")
    assert "approved" in run("approve", charge, "--actor", "dana.engineer")
    run("undelegate", given, "--actor", "omar.delivery", "--reason", "back")
    assert "0 delegation(s)" in run("delegations")


def test_a_difference_is_waived_listed_and_taken_up_again(run, charge, outbox):
    arguments = (charge, "--until", day(outbox, days=30), "--reason", "agreed with the client")
    assert "role" in run("waive", *arguments, "--actor", "dana.engineer", code=1)
    run("waive", *arguments, "--actor", "omar.delivery")
    assert charge in run("waivers")
    assert outbox.propose([charge_row()]).waived == 1
    run("unwaive", charge, "--actor", "omar.delivery", "--reason", "they changed their mind")
    assert len(outbox.propose([charge_row()]).proposed) == 1


@pytest.mark.parametrize("until", ["soon", "2026-13-01"])
def test_a_day_that_is_none_is_refused_in_words(run, charge, until):
    output = run("waive", charge, "--until", until, "--actor", "omar.delivery", "--reason", "x", code=1)
    assert "neither a day nor a moment" in output


def test_what_waits_too_long_is_escalated_and_list_and_show_say_so(
    run, charge, outbox, tmp_path, monkeypatch
):
    outbox.propose([sync_row()])
    assert "to finance_manager in 24 h" in run("show", charge)
    assert "0 escalation(s)" in run("escalate")
    later = outbox.clock() + timedelta(hours=25)
    face = tmp_path / "clock.json"
    face.write_text(json.dumps({"now": later.isoformat()}))
    monkeypatch.setenv("CONCORD_CLOCK_FILE", str(face))
    assert f"{charge} escalated to finance_manager" in run("escalate")
    assert "25 h" in run("list")
    for words in (run("show", charge), run("list", "--json")):
        assert "25 h; escalated to finance_manager; to controller in 47 h" in words
    assert "audit chain is whole" in run("audit", "verify")


def test_show_says_how_many_of_two_approvals_are_there(run, outbox):
    new = outbox.propose([charge_row(amount_at_risk_rc="300000")]).proposed[0]
    assert "another person" in run("approve", new, "--actor", "carla.cfo")
    assert "1 of 2 approvals, by carla.cfo" in run("show", new)
    assert "approved" in run("approve", new, "--actor", "grace.controller")
