"""The operator's commands on events: a real ledger, a real receiver, configuration in files."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from config import load_config
from config.paths import REPOSITORY, Home
from reverse_etl.cli_events import events
from reverse_etl.setup import open_outbox
from sandbox.simulators.base import SimServer
from tests.reverse_etl.event_worker import SECRET
from tests.reverse_etl.factories import charge_row, sync_row
from tests.reverse_etl.receiver import Receiver


@pytest.fixture
def receiver():
    found = Receiver()
    with SimServer(found.app()) as server:
        found.url = f"{server.url}/events"
        yield found


@pytest.fixture
def run(tmp_path, monkeypatch, receiver, ledger_url):
    folder = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    line = (
        f'subscriptions: [{{name: data, url: "{receiver.url}", types: ["concord.*"], secret: EVENTS_SECRET}}]'
    )
    file = folder / "events.yml"
    file.write_text(file.read_text().replace("subscriptions: []", line))
    monkeypatch.setenv("CONCORD_CONFIG_DIR", str(folder))
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    monkeypatch.setenv("EVENTS_SECRET", SECRET)

    def invoke(*arguments, **options):
        return CliRunner().invoke(events, list(arguments), **options)

    invoke("deliver")  # subscribed
    return invoke


@pytest.fixture
def charge(run):
    return open_outbox(load_config(), Home.from_environment()).propose([charge_row(), sync_row()]).proposed[0]


def test_list_speaks_cloudevents_and_narrows(run, charge):
    lines = [json.loads(line) for line in run("list", "--json").output.splitlines()]
    assert {one["specversion"] for one in lines} == {"1.0"}
    chosen = run("list", "--json", "--type", "concord.correction.approved.v1").output.splitlines()
    assert len(chosen) == 1
    assert charge in run("list", "--subject", charge).output
    assert "0 shown" in run("list", "--from", "2999-01-01T00:00:00Z").output


def test_deliver_replay_and_subscriptions(run, charge, receiver):
    assert "data: 3 delivered" in run("deliver").output
    told = run("replay", "data", "--from", "2020-01-01T00:00:00Z", "--actor", "dana.engineer")
    assert "3 events queued for data" in told.output
    assert "data: 3 delivered" in run("deliver").output
    assert len(receiver.posts) == 6
    assert len({one["id"] for one in receiver.events}) == 3
    shown = run("subscriptions").output
    assert f"data  {receiver.url}  concord.*" in shown
    assert "0 pending, 6 delivered" in shown
    assert SECRET not in shown


def test_dead_letters_are_listed_revived_and_dropped(run, charge, receiver):
    receiver.refused_subjects.add(charge)
    run("deliver")
    listing = run("dead-letters").output
    assert "1 dead letters" in listing
    assert "http_422" in listing
    number = listing.splitlines()[1].split()[0]
    assert run("revive", number, "--actor", "dana.engineer").exit_code == 0
    assert "1 dead letters" in run("deliver").output
    dropped = run("drop", number, "--reason", "told by mail", "--actor", "dana.engineer")
    assert dropped.exit_code == 0
    again = run("revive", number, "--actor", "dana.engineer")
    assert again.exit_code == 1
    assert "What to do" in again.output


def test_verify_signature_says_yes_and_why_not(run, charge, receiver, tmp_path):
    run("deliver")
    body, headers = receiver.posts[0]
    file = tmp_path / "body.json"
    file.write_bytes(body)
    arguments = [
        "verify-signature",
        "--secret-env",
        "EVENTS_SECRET",
        "--signature",
        headers["concord-signature"],
    ]
    assert "holds" in run(*arguments, str(file)).output
    assert run(*arguments, "-", input=body + b"x").exit_code == 3
    old = run(*arguments, "--at", "2020-01-01T00:00:00Z", str(file))
    assert (old.exit_code, "stale" in old.output) == (3, True)
    assert run(*arguments[:2], "NOT_SET", *arguments[3:], str(file)).exit_code == 1


def test_a_time_without_a_zone_and_an_unknown_subscription_are_refused(run):
    naive = run("list", "--from", "2026-06-30T18:00:00")
    assert (naive.exit_code, "no time zone" in naive.output) == (2, True)
    unknown = run("replay", "nobody", "--from", "2026-06-30T18:00:00Z", "--actor", "x")
    assert (unknown.exit_code, "known: data" in unknown.output) == (1, True)
