"""A dispatcher killed at any point leaves one effect, one record, and a ledger that tells the truth."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from config.paths import REPOSITORY
from reverse_etl import audit, conservation
from reverse_etl.ledger import open_ledger, reading
from reverse_etl.ledger.schema import attempt
from reverse_etl.outbox import Outbox, wall_clock
from tests.reverse_etl.factories import charge_row, make_governance, project_rows

PATIENCE = 60


class Vendor:
    """A vendor over HTTP that can be told to hold still at one point of a conversation."""

    def __init__(self):
        self.records = {("charge", "501"): {"stage": "HOLD"}}
        self.keys, self.effects, self.bodies = {}, [], []
        self.hold_at, self.reached, self.released = None, threading.Event(), threading.Event()
        self.has_written, self.is_lost = False, False

    def hold(self, point):
        if self.hold_at == point:
            self.hold_at = None
            self.reached.set()
            assert self.released.wait(PATIENCE)
            return True
        return False

    def look(self, request):
        self.hold("read_back" if self.has_written else "before_intent")
        key = (request.path_params["object"], request.path_params["record"])
        return JSONResponse(self.records.get(key, {}))

    def find(self, request):
        self.hold("before_intent")
        return JSONResponse({"id": self.keys.get(request.path_params["key"])})

    def write(self, request):
        body = self.bodies.pop()
        if self.hold("lost_request"):
            return JSONResponse({"error": "the request never arrived"}, 500)
        self.hold("late_commit")
        name, record = request.path_params["object"], request.path_params["record"]
        if record == "new":
            record = str(len(self.records) + 900)
            self.keys[body["key"]] = record
        self.records.setdefault((name, record), {}).update(body["values"])
        self.effects.append(body["key"])
        self.has_written = True
        self.hold("lost_reply")
        return JSONResponse({"id": record})

    def app(self):
        async def write(request):
            self.bodies.append(await request.json())
            return await run_in_threadpool(self.write, request)

        return Starlette(
            routes=[
                Route("/{object}/by-key/{key}", self.find),
                Route("/{object}/{record}", self.look),
                Route("/{object}/{record}", write, methods=["POST"]),
            ]
        )


@pytest.fixture
def vendor():
    return Vendor()


@pytest.fixture
def base_url(vendor):
    server = uvicorn.Server(uvicorn.Config(vendor.app(), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    vendor.released.set()
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture
def outbox(ledger_url):
    opened = Outbox(open_ledger(ledger_url), make_governance(), wall_clock)
    yield opened
    opened.engine.dispose()


def start(ledger_url, base_url):
    command = [sys.executable, "-m", "tests.reverse_etl.crash_worker", ledger_url, base_url]
    return subprocess.Popen(command, cwd=REPOSITORY)


def propose(outbox, operation):
    rows, who = ([charge_row()], "billing_lead") if operation == "update" else (project_rows(), "controller")
    new = outbox.propose(rows).proposed[0]
    outbox.approve(new, "pat", [who])
    return new


@pytest.mark.parametrize("operation", ["update", "create"])
@pytest.mark.parametrize("point", ["before_intent", "lost_request", "late_commit", "lost_reply", "read_back"])
def test_a_killed_dispatch_is_finished_by_the_next_without_a_second_effect(
    vendor, base_url, ledger_url, outbox, operation, point
):
    new = propose(outbox, operation)
    vendor.hold_at = point
    victim = start(ledger_url, base_url)
    assert vendor.reached.wait(PATIENCE), "the dispatcher never came to the point"
    victim.kill()
    victim.wait(PATIENCE)
    assert outbox.show(new).correction.state == "in_flight"
    vendor.released.set()
    if point == "late_commit":
        deadline = time.monotonic() + PATIENCE
        while not vendor.effects and time.monotonic() < deadline:
            time.sleep(0.01)

    assert start(ledger_url, base_url).wait(PATIENCE) == 0

    view = outbox.show(new)
    assert view.correction.state == "delivered"
    assert vendor.effects == [f"concord-{new}"]
    assert len(vendor.records) == (1 if operation == "update" else 2)
    recovered = next(event for event in view.events if event.event == "recovered")
    assert recovered.to_state == ("approved" if point == "before_intent" else "in_doubt")
    assert audit.verify_chain(outbox.engine).is_valid


def test_three_workers_at_once_write_each_correction_once(vendor, base_url, ledger_url, outbox):
    rows = [charge_row(str(record)) for record in range(600, 640)]
    for record in range(600, 640):
        vendor.records[("charge", str(record))] = {"stage": "HOLD"}
    for new in outbox.propose(rows).proposed:
        outbox.approve(new, "pat", ["billing_lead"])
    crew = [start(ledger_url, base_url) for _ in range(3)]
    assert [worker.wait(PATIENCE) for worker in crew] == [0, 0, 0]
    assert outbox.counts()["delivered"] == 40
    assert len(vendor.effects) == len(set(vendor.effects)) == 40
    assert conservation.check(outbox.engine).is_whole
    assert audit.verify_chain(outbox.engine).is_valid
    with reading(outbox.engine) as connection:
        busy = set(connection.execute(sa.select(attempt.c.worker).distinct()).scalars())
    assert len(busy) > 1, "one worker did everything: nothing was proved about several"
