"""Webhooks through the real door: verified, kept once, refusals counted, and which read they wake."""

from __future__ import annotations

import itertools
import json
import logging
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import requests
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import load_config
from config.paths import Home
from connectors.webhooks import Change
from orchestration import inbox as reads
from orchestration.defs.inbox import build_inbox_sensors
from orchestration.defs.jobs import build_jobs
from orchestration.runtime import Runtime
from reverse_etl.cli_inbox import inbox as commands
from reverse_etl.inbox import store
from reverse_etl.inbox.app import create_app
from reverse_etl.ledger import open_ledger, reading, writing
from sandbox.simulators.base import SimServer
from tests.connectors.test_webhooks import SAVED, SECRET, mac

SECRETS = {instance.webhook.secret: SECRET for instance in load_config().instances if instance.webhook}
ERP = "netsuite_group"


@pytest.fixture
def home(engine, ledger_url, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_LEDGER_URL", ledger_url)
    monkeypatch.setenv("CONCORD_HOME", str(tmp_path / "home"))
    return Home.from_environment()


@pytest.fixture
def door(home):
    with SimServer(create_app(load_config(), home, SECRETS)) as server:
        yield server.url


def signed(body, secret=SECRET, moment=None):
    stamp = str(int(time.time() if moment is None else moment))
    return {"X-NetSuite-Signature": f"t={stamp},v1={mac(stamp.encode() + b'.' + body, secret)}"}


def send(door, body=SAVED, instance=ERP, **options):
    headers = options.get("headers")
    return requests.post(
        f"{door}/hooks/{instance}",
        data=body,
        headers=signed(body) if headers is None else headers,
        timeout=10,
    )


def saved(number, name="invoice"):
    return json.dumps(
        {"id": f"m-{number}", "type": "edit", "recordType": name, "recordId": str(number)}
    ).encode()


def standing(engine):
    with reading(engine) as connection:
        return store.standing(connection)


def test_a_genuine_message_is_kept_raw_and_a_repeat_only_counted(door, engine):
    assert [send(door).status_code for _ in range(3)] == [200, 200, 200]
    mine = standing(engine)[ERP]
    assert (mine.received, mine.synced, mine.repeats, mine.refused) == (1, 0, 2, {})
    with engine.connect() as connection:
        row = connection.execute(store.inbox_message.select()).one()
    assert row.body == SAVED.decode()
    assert (row.object, json.loads(row.record_ids)) == ("invoice", ["501"])


def test_a_post_that_is_not_genuine_is_refused_counted_and_tells_no_secret(door, engine, caplog):
    caplog.set_level(logging.DEBUG)
    wrong = signed(SAVED, "not-the-secret")
    assert send(door, headers=wrong).status_code == 401
    assert send(door, headers=wrong).status_code == 401
    assert send(door, headers=signed(SAVED, moment=time.time() - 3600)).status_code == 401
    assert send(door, headers={}).status_code == 401
    answer = send(door, b"not json", headers=signed(b"not json"))
    assert (answer.status_code, answer.json()) == (401, {"error": "not genuine"})
    mine = standing(engine)[ERP]
    assert mine.refused == {"malformed": 1, "stale": 1, "unsigned": 1, "wrong": 2}
    assert mine.received == 0
    told = caplog.text
    assert "netsuite_group was refused (wrong)" in told
    for hidden in (SECRET, "not-the-secret", wrong["X-NetSuite-Signature"].split("v1=")[1]):
        assert hidden not in told


def test_a_body_without_end_is_given_up(door, engine):
    limit = load_config().events.inbox.max_body_bytes
    assert send(door, b"x" * (limit + 1)).status_code == 413
    chunked = requests.post(
        f"{door}/hooks/{ERP}", data=itertools.repeat(b"x" * 65536, 8), headers={"X": "1"}, timeout=10
    )
    assert chunked.status_code == 413
    assert standing(engine) == {}


def test_there_is_no_other_door(door, engine):
    assert send(door, instance="kantata_group").status_code == 404
    assert send(door, instance="nobody").status_code == 404
    assert requests.get(f"{door}/hooks/{ERP}", timeout=10).status_code == 405
    assert requests.get(f"{door}/health", timeout=10).json() == {"status": "ok"}
    assert standing(engine) == {}


def test_a_door_that_could_verify_nothing_does_not_open(home):
    with pytest.raises(LookupError, match="CONCORD_SALESFORCE_GROUP_WEBHOOK_SECRET"):
        create_app(load_config(), home, {})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(1, 6), min_size=1, max_size=20))
def test_however_often_and_in_whatever_order_each_message_is_kept_once(order, tmp_path_factory):
    engine = open_ledger(f"sqlite:///{tmp_path_factory.mktemp('inbox') / 'ledger.db'}")
    for number in order:
        with writing(engine) as connection:
            change = Change(message_id=f"m-{number}", object="invoice", record_ids=(str(number),))
            store.keep(connection, ERP, [change], "{}", datetime(2026, 7, 1, tzinfo=UTC))
    mine = standing(engine)[ERP]
    assert mine.received == len(set(order))
    assert mine.repeats == len(order) - len(set(order))
    with reading(engine) as connection:
        (wanted,) = store.waiting(connection)
    assert (wanted.messages, wanted.last) == (len(set(order)), len(set(order)))
    engine.dispose()


def test_the_same_id_of_two_instances_is_two_messages(engine):
    with writing(engine) as connection:
        for name in ("netsuite_group", "netsuite_acquired"):
            assert (
                store.keep(connection, name, [Change(message_id="1", object="x")], "", datetime.now(UTC)) == 1
            )


# ---- what a message wakes ---------------------------------------------------------------------


@pytest.fixture
def runtime(home):
    return Runtime(load_config(), home)


@pytest.fixture
def dagster():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def wake(runtime, dagster):
    sensor, _ = build_inbox_sensors(runtime, build_jobs(runtime))

    def tick():
        return sensor(dg.build_sensor_context(instance=dagster))

    return tick


def read_job(name, ok=True):
    @dg.op
    def read():
        if not ok:
            raise RuntimeError("the vendor is down")

    @dg.job(name=name)
    def job():
        read()

    return job


def test_messages_coalesce_into_one_read_of_their_instance(door, wake):
    assert isinstance(wake(), dg.SkipReason)
    for number in range(4):
        send(door, saved(number, "invoice" if number % 2 else "customer"))
    (request,) = wake()
    assert (request.job_name, request.partition_key) == ("sync_netsuite_job", ERP)
    assert request.tags["concord/inbox"] == "4 messages on customer, invoice"
    (again,) = wake()
    assert again.run_key == request.run_key, "the same messages ask for the same run"
    send(door, saved(9))
    (later,) = wake()
    assert later.run_key != request.run_key


def test_a_read_that_succeeded_answers_what_came_before_it_and_no_more(door, wake, dagster, engine):
    send(door, saved(1))
    tags = {"dagster/partition": ERP}
    read_job("sync_netsuite_job", ok=False).execute_in_process(
        instance=dagster, tags=tags, raise_on_error=False
    )
    assert len(wake()) == 1, "a failed read answers nothing"
    read_job("sync_netsuite_job").execute_in_process(
        instance=dagster, tags={"dagster/partition": "netsuite_x"}
    )
    assert len(wake()) == 1, "another instance's read answers nothing"
    done = read_job("sync_netsuite_job").execute_in_process(instance=dagster, tags=tags)
    send(door, saved(2))
    (request,) = wake()
    assert request.tags["concord/inbox"] == "1 messages on invoice"
    mine = standing(engine)[ERP]
    assert (mine.received, mine.synced) == (1, 1)
    with engine.connect() as connection:
        runs = [row.sync_run for row in connection.execute(store.inbox_message.select())]
    assert sorted(runs, key=str) == sorted([None, done.run_id], key=str)


def test_each_system_with_messages_names_an_existing_job(runtime):
    names = set(build_jobs(runtime))
    for instance in runtime.config.instances:
        assert reads.job_of(runtime, instance.name) in names


def test_the_operator_sees_how_messages_stand(door):
    assert "no vendor" in CliRunner().invoke(commands, ["status"]).output
    send(door)
    send(door)
    send(door, headers={})
    shown = CliRunner().invoke(commands, ["status"]).output
    assert shown == "netsuite_group: 1 waiting, 0 read, 1 repeated; refused: 1 unsigned\n"


def test_a_late_message_does_not_hide_behind_an_early_read(engine):
    start = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
    with writing(engine) as connection:
        for number, minutes in enumerate((0, 5)):
            change = Change(message_id=str(number), object="x")
            store.keep(connection, ERP, [change], "", start + timedelta(minutes=minutes))
        assert store.settle(connection, ERP, start + timedelta(minutes=1), "run") == 1
