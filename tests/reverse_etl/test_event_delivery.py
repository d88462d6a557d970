"""Subscribers over real HTTP: signed, at least once, in order per subject, dead letters and replay."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from config.paths import REPOSITORY
from config.schema import EventDelivery, Subscription
from reverse_etl import audit
from reverse_etl.events import queue, retry, signing
from reverse_etl.events.deliver import deliver, next_work
from reverse_etl.ledger import open_ledger, reading, writing
from reverse_etl.outbox import Outbox
from sandbox.simulators.base import SimServer
from tests.reverse_etl.event_worker import SECRET
from tests.reverse_etl.factories import START, charge_row, make_governance, sync_row
from tests.reverse_etl.fakes import TickingClock
from tests.reverse_etl.receiver import Receiver

PATIENCE = EventDelivery(max_attempts=3, timeout_seconds=5)
ENVIRON = {"EVENTS_SECRET": SECRET}


@pytest.fixture
def receiver():
    found = Receiver()
    with SimServer(found.app()) as server:
        found.url = f"{server.url}/events"
        yield found


@pytest.fixture
def wanted(receiver):
    return Subscription(name="data", url=receiver.url, types=["concord.*"], secret="EVENTS_SECRET")


@pytest.fixture
def tell(engine, wanted, wall):
    def run(subscription=wanted, environ=ENVIRON, **changes):
        patience = PATIENCE.model_copy(update=changes)
        report = deliver(engine, [subscription], environ, settings=patience, wall=wall)
        return report.subscriptions[subscription.name]

    run()  # subscribed: what is recorded from here on is told
    return run


def told(receiver):
    return [(one["subject"], one["data"]["state"]) for one in receiver.events]


def test_a_subscriber_hears_what_is_recorded_after_it_subscribed(outbox, receiver, wanted, engine, wall):
    outbox.propose([sync_row()])
    deliver(engine, [wanted], ENVIRON, settings=PATIENCE, wall=wall)
    assert receiver.posts == []
    (charge,) = outbox.propose([charge_row()]).proposed
    run = deliver(engine, [wanted], ENVIRON, settings=PATIENCE, wall=wall)
    assert run.subscriptions["data"].delivered == 1
    assert told(receiver) == [(charge, "proposed")]
    body, headers = receiver.posts[0]
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert json.loads(body)["specversion"] == "1.0"


def test_the_signature_covers_time_and_body(outbox, receiver, tell, wall):
    outbox.propose([charge_row()])
    tell()
    body, headers = receiver.posts[0]
    header = headers[signing.HEADER.lower()]
    signing.verify(SECRET, body, header, wall())
    for secret, content, moment, error_class in (
        ("another", body, wall(), "wrong"),
        (SECRET, body + b" ", wall(), "wrong"),
        (SECRET, body, wall() + timedelta(minutes=6), "stale"),
        (SECRET, body, wall() - timedelta(minutes=6), "stale"),
    ):
        with pytest.raises(signing.SignatureError) as caught:
            signing.verify(secret, content, header, moment)
        assert caught.value.error_class == error_class
        assert SECRET not in str(caught.value)
    with pytest.raises(signing.SignatureError, match="64 hex digits"):
        signing.verify(SECRET, body, "v1=beef", wall())
    later = header.replace("t=", "t=1")
    with pytest.raises(signing.SignatureError):
        signing.verify(SECRET, body, later, wall())


def test_only_the_wanted_types_are_told(outbox, receiver, wanted, tell):
    narrow = wanted.model_copy(update={"name": "narrow", "types": ["concord.correction.approved.v1"]})
    tell(narrow)
    outbox.propose([charge_row(), sync_row()])
    tell(narrow)
    assert {state for _, state in told(receiver)} == {"approved"}


def test_a_receiver_in_trouble_is_left_alone_until_the_delay_is_over(outbox, receiver, tell, wall):
    outbox.propose([charge_row("501"), charge_row("502")])
    receiver.answers.append((503, {}))
    first = tell()
    assert (first.delivered, first.stopped_by) == (0, "http_503")
    assert tell().delivered == 0
    assert len(receiver.posts) == 1, "nothing is sent while the receiver rests"
    wall.now += timedelta(seconds=11)
    assert tell().delivered == 2
    assert len({one["id"] for one in receiver.events}) == 2
    assert receiver.events[0]["id"] == receiver.events[1]["id"], "sent again under the same id"


def test_retry_after_is_obeyed(outbox, receiver, tell, wall):
    outbox.propose([charge_row()])
    receiver.answers.append((429, {"Retry-After": "90"}))
    tell()
    wall.now += timedelta(seconds=60)
    tell()
    assert len(receiver.posts) == 1
    wall.now += timedelta(seconds=31)
    assert tell().delivered == 1


def test_a_receiver_that_is_not_there_costs_nothing_but_time(outbox, engine, wall, wanted, receiver):
    away = wanted.model_copy(update={"url": "http://127.0.0.1:9/events"})
    deliver(engine, [away], ENVIRON, settings=PATIENCE, wall=wall)
    outbox.propose([charge_row()])
    run = deliver(engine, [away], ENVIRON, settings=PATIENCE, wall=wall)
    assert run.subscriptions["data"].stopped_by == "unreachable"
    wall.now += timedelta(minutes=1)
    assert (
        deliver(engine, [wanted], ENVIRON, settings=PATIENCE, wall=wall).subscriptions["data"].delivered == 1
    )


def test_a_missing_secret_sends_nothing_unsigned_and_stops_that_subscription_only(
    outbox, receiver, tell, wanted
):
    other = wanted.model_copy(update={"name": "other", "secret": "NOT_THERE"})
    tell(other)
    outbox.propose([charge_row()])
    assert tell(other).stopped_by == "secret_missing"
    assert receiver.posts == []
    assert tell().delivered == 1


def test_a_refused_event_is_a_dead_letter_that_holds_its_subject_and_no_other(outbox, receiver, tell, engine):
    first, second = outbox.propose([charge_row("501"), charge_row("502")]).proposed
    receiver.refused_subjects.add(first)
    assert tell().dead_lettered == 1
    outbox.approve(first, "bo", ["billing_lead"])
    outbox.approve(second, "bo", ["billing_lead"])
    tell()
    assert told(receiver) == [(first, "proposed"), (second, "proposed"), (second, "approved")]
    with reading(engine) as connection:
        (dead,) = queue.dead_letters(connection)
    assert (dead.subject, dead.error_class) == (first, "http_422")
    assert "no further attempt" in dead.error_text
    receiver.refused_subjects.clear()
    with writing(engine) as connection:
        queue.revive(connection, dead.delivery_id, "dana", START)
    tell()
    assert told(receiver)[3:] == [(first, "proposed"), (first, "approved")]


def test_a_dropped_dead_letter_lets_its_subject_go_on_and_is_audited(outbox, receiver, tell, engine):
    (charge,) = outbox.propose([charge_row()]).proposed
    receiver.refused_subjects.add(charge)
    tell()
    outbox.approve(charge, "bo", ["billing_lead"])
    receiver.refused_subjects.clear()
    with writing(engine) as connection:
        (dead,) = queue.dead_letters(connection)
        queue.drop(connection, dead.delivery_id, "dana", "they had it by mail", START)
    tell()
    assert told(receiver)[1:] == [(charge, "approved")]
    last = list(audit.events(engine))[-1]
    assert (last.event, last.actor, last.reason) == ("event_dropped", "dana", "they had it by mail")
    assert audit.verify_chain(engine).is_valid
    with writing(engine) as connection, pytest.raises(queue.UnknownDeliveryError, match="dropped"):
        queue.revive(connection, dead.delivery_id, "dana", START)


def test_attempts_end_in_a_dead_letter(outbox, receiver, tell, wall, engine):
    outbox.propose([charge_row()])
    receiver.answers.extend([(500, {})] * 3)
    for _ in range(3):
        tell()
        wall.now += timedelta(hours=3)
    with reading(engine) as connection:
        assert [one.attempts for one in queue.dead_letters(connection)] == [3]
    assert tell().delivered == 0
    assert len(receiver.posts) == 3


def test_replay_from_a_time_sends_the_same_ids_again(outbox, receiver, tell, engine, wanted, clock):
    outbox.propose([charge_row("501")])
    clock.now += timedelta(days=1)
    outbox.propose([charge_row("502")])
    tell()
    before = [one["id"] for one in receiver.events]
    with writing(engine) as connection:
        facts = {"until": None, "types": (), "actor": "dana", "now": START}
        since = START + timedelta(hours=12)
        assert queue.replay(connection, wanted, since=since, **facts) == 1
        assert queue.replay(connection, wanted, since=since, **facts) == 0, "still queued"
    tell()
    assert [one["id"] for one in receiver.events] == [*before, before[1]]
    assert "events_replayed" in [one.event for one in audit.events(engine)]


def test_a_sensor_is_told_once_per_step(outbox, receiver, tell, engine, wanted, wall):
    assert next_work(engine, [wanted], wall()) is None
    outbox.propose([charge_row()])
    mark = next_work(engine, [wanted], wall())
    assert mark
    receiver.answers.append((500, {}))
    tell()
    assert next_work(engine, [wanted], wall()) is None, "it waits for its delay"
    wall.now += timedelta(minutes=1)
    assert next_work(engine, [wanted], wall()) not in (None, mark)
    tell()
    assert next_work(engine, [wanted], wall()) is None


class Holding:
    """A receiver that takes the post and keeps the answer until told."""

    def __init__(self):
        self.ids, self.reached, self.released = [], threading.Event(), threading.Event()

    def app(self):
        async def take(request):
            self.ids.append((await request.json())["id"])
            self.reached.set()
            await run_in_threadpool(self.released.wait, 60)
            return Response(status_code=204)

        return Starlette(routes=[Route("/events", take, methods=["POST"])])


def test_a_worker_killed_between_post_and_record_sends_the_same_event_once_more(ledger_url, clock):
    engine = open_ledger(ledger_url)
    holding = Holding()
    with SimServer(holding.app()) as server:
        url = f"{server.url}/events"
        command = [sys.executable, "-m", "tests.reverse_etl.event_worker", ledger_url, url]
        subprocess.run(command, cwd=REPOSITORY, check=True)
        Outbox(engine, make_governance(), clock).propose([charge_row()])
        worker = subprocess.Popen(command, cwd=REPOSITORY)
        assert holding.reached.wait(60)
        worker.kill()
        worker.wait()
        holding.released.set()
        wanted = Subscription(name="data", url=url, types=["concord.*"], secret="EVENTS_SECRET")
        wall = TickingClock(clock.now.now(clock.now.tzinfo))
        patience = PATIENCE
        held = deliver(engine, [wanted], ENVIRON, settings=patience, wall=wall).subscriptions["data"]
        assert held.delivered == 0, "the dead worker's lease still holds"
        wall.now += timedelta(minutes=5)
        again = deliver(engine, [wanted], ENVIRON, settings=patience, wall=wall).subscriptions["data"]
    assert again.delivered == 1
    assert len(holding.ids) == 2
    assert len(set(holding.ids)) == 1
    with reading(engine) as connection:
        assert queue.counts(connection) == {"data": {"delivered": 1}}
    engine.dispose()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(st.sampled_from([204, 204, 429, 500, 503]), max_size=14))
def test_whatever_the_receiver_answers_each_subject_is_heard_in_order_and_nothing_is_lost(
    tmp_path_factory, answers
):
    folder = tmp_path_factory.mktemp("ledger")
    engine = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    outbox, wall, receiver = (
        Outbox(engine, make_governance(), TickingClock(START)),
        TickingClock(START),
        Receiver(),
    )
    with SimServer(receiver.app()) as server:
        wanted = Subscription(
            name="data", url=f"{server.url}/events", types=["concord.*"], secret="EVENTS_SECRET"
        )
        patience = EventDelivery(max_attempts=50, timeout_seconds=5)

        def run():
            deliver(engine, [wanted], ENVIRON, settings=patience, wall=wall)

        run()
        charges = outbox.propose([charge_row("501"), charge_row("502")]).proposed
        receiver.answers.extend((one, {}) for one in answers)
        run()
        for charge in charges:
            outbox.approve(charge, "bo", ["billing_lead"])
        for _ in range(len(answers) + 1):
            wall.now += timedelta(hours=3)
            run()
    heard = list(dict.fromkeys((one["subject"], one["data"]["state"]) for one in receiver.events))
    for charge in charges:
        assert [state for subject, state in heard if subject == charge] == ["proposed", "approved"]
    sent = [one["subject"] + one["data"]["state"] for one in receiver.events]
    for charge in charges:
        last_proposed = max(i for i, one in enumerate(sent) if one == charge + "proposed")
        assert last_proposed < sent.index(charge + "approved")
    engine.dispose()


@pytest.mark.parametrize(
    ("answer", "attempts", "action"),
    [
        (retry.Answer(status=200), 1, "delivered"),
        (retry.Answer(status=204), 9, "delivered"),
        (retry.Answer(status=302), 1, "retry"),
        (retry.Answer(status=401), 1, "retry"),
        (retry.Answer(status=400), 1, "dead_letter"),
        (retry.Answer(status=410), 1, "dead_letter"),
        (retry.Answer(status=500), 11, "retry"),
        (retry.Answer(status=500), 12, "dead_letter"),
        (retry.Answer(status=None, error_class="timeout"), 1, "retry"),
    ],
)
def test_what_follows_an_answer(answer, attempts, action):
    assert retry.decide(answer, attempts, 12).action == action


def test_delays_double_up_to_two_hours():
    delays = [retry.backoff(n).total_seconds() for n in range(1, 14)]
    assert delays[:3] == [10, 20, 40]
    assert delays[-1] == 7200
    assert retry.backoff(10_000).total_seconds() == 7200
