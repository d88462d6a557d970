"""The feed of subscribed events goes through the inbox: late, repeated and out of order, each event is kept once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from config.paths import Home
from connectors.errors import ConnectorError
from reverse_etl.inbox import store
from reverse_etl.inbox.pull import pull
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.ledger.schema import inbox_message
from sandbox.simulators.kantata.events import record_event
from tests.kantata.conftest import TOKEN
from tests.kantata.estate import instance_at

SENT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def fetch(engine, tenant, tmp_path):
    def run(token=TOKEN):
        return pull(
            engine, instance_at(tenant.url), Home(tmp_path / "home"), {"CONCORD_TEST_TOKEN": token},
            clock=tenant.clock, wall=lambda: SENT,
        )  # fmt: skip

    return run


def kept(engine):
    with reading(engine) as connection:
        query = sa.select(inbox_message).order_by(inbox_message.c.message_id)
        return connection.execute(query).mappings().all()


def test_every_event_is_kept_once_however_often_the_feed_is_read(engine, tenant, fetch):
    at = tenant.clock()
    for number in range(40):
        moment = at - timedelta(minutes=50) + timedelta(minutes=number)
        verb = ("created", "updated", "deleted")[number % 3]
        record_event(tenant.store, "time_entries", str(number), verb, moment)
    total = 0
    for _ in range(6):
        total += fetch()
        tenant.clock.advance(minutes=3)
    rows = kept(engine)
    assert total == len(rows) == 40
    assert {row["object"] for row in rows} == {"time_entry"}
    assert {row["record_ids"] for row in rows} == {f'["{number}"]' for number in range(40)}
    with reading(engine) as connection:
        (wanted,) = store.waiting(connection)
    assert (wanted.instance, wanted.messages) == ("kantata_test", 40)


def test_an_event_that_shows_late_is_still_met(engine, tenant, fetch):
    fetch()
    changed = tenant.clock()
    tenant.clock.advance(minutes=1)
    fetch()
    record_event(tenant.store, "invoices", "7", "updated", changed)
    tenant.clock.advance(minutes=10)
    assert fetch() == 1
    assert kept(engine)[0]["object"] == "invoice"


def test_a_feed_that_cannot_be_read_is_an_error_and_keeps_its_place(engine, tenant, fetch):
    record_event(tenant.store, "invoices", "7", "updated", tenant.clock() - timedelta(minutes=30))
    with pytest.raises(ConnectorError, match="kantata_test"):
        fetch("not-the-token")
    assert kept(engine) == []
    assert fetch() == 1
