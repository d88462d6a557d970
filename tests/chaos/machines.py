"""What Concord's own processes and the vendors' messengers do in a run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from config.schema import EventDelivery, Subscription
from connectors.webhooks import Change, Post
from reverse_etl.dispatcher import dispatch
from reverse_etl.events.deliver import deliver
from reverse_etl.events.log import Event
from reverse_etl.events.retry import Answer
from reverse_etl.inbox.answering import answered, waiting
from reverse_etl.inbox.app import keep
from reverse_etl.verify import verify
from tests.chaos.scheduler import Process
from tests.reverse_etl.fakes import FakePublished

if TYPE_CHECKING:
    from datetime import datetime

    from tests.chaos.simulation import Simulation
    from tests.chaos.vendor import Vendor

NOW = timedelta(0)
SUBSCRIPTIONS = tuple(
    Subscription(name=name, url="http://localhost:1/hook", types=[types], secret="SECRET")
    for name, types in (("everything", "concord.*"), ("sagas", "concord.saga.*"))
)
PATIENCE = EventDelivery(max_attempts=5, timeout_seconds=10)


def worker(world: Simulation, process: Process) -> None:
    """Dispatch what is due."""
    delivery = world.mutant.delivery(
        world.outbox(process.skew), worker=process.name, is_alive=world.may_be_alive
    )
    report = dispatch(delivery.outbox, world.destinations(), delivery=delivery)
    for item in report.items:
        world.note(f"{item.correction_id} {item.outcome} {item.error_class or ''}".strip())


def planner(world: Simulation, _process: Process) -> None:
    """Read the vendors, prove what was delivered, propose what is still wrong."""
    is_stale = world.chance.random() < 0.2
    if not is_stale:
        world.reads.append(world.read())
    read_at, seen = world.chance.choice(world.reads[-3:]) if is_stale else world.reads[-1]
    rows = world.run.firm.rows(seen, read_at)
    outbox = world.outbox(NOW)
    copy = FakePublished(
        rows=rows,
        finding_ids={row["finding_id"] for row in rows},
        evaluated={check: world.chance.random() < 0.9 for check in ("B01", "B05", "C01", "C03", "H01")},
        read_until={(name, "*"): read_at for name in world.run.firm.vendors},
    )
    verify(outbox, copy)
    outbox.propose(rows)


def engine(world: Simulation, _process: Process) -> None:
    """Move the sagas as far as they go, and prove those that have ended."""
    sagas = world.mutant.sagas(world.outbox(NOW), world.run.firm.vendors)
    report = sagas.advance()
    if world.is_healthy or world.is_long or world.chance.random() < 0.3:
        report.waiting |= sagas.verify().waiting
    for key, words in report.waiting.items():
        world.note(f"{key} waits: {words}")


def teller(world: Simulation, _process: Process | None) -> None:
    """Tell the subscribers."""
    told = deliver(
        world.engine, SUBSCRIPTIONS, {"SECRET": "s" * 32}, settings=PATIENCE, wall=lambda: world.now,
        send=_subscriber(world),
    )  # fmt: skip
    for name, share in told.subscriptions.items():
        world.note(f"{name}: {share.delivered} told, {share.dead_lettered} dead, {share.stopped_by or ''}")


def _subscriber(world: Simulation):  # type: ignore[no-untyped-def]
    def hear(wanted: Subscription, _secret: str, event: Event, _now: datetime) -> Answer:
        world.reached("subscriber", "", "before")
        fault = world.fault(wanted.name, "tell")
        world.elapse(world.seconds(0.05, 1))
        if fault in ("unavailable", "refused"):
            return Answer(status={"unavailable": 503, "refused": 422}[fault])
        if not world.mutant.is_deaf or "saga" not in event.type:
            world.run.heard.append((wanted.name, event.event_id, event.subject, event.sequence))
        world.reached("subscriber", "", "after")
        if fault == "answer lost":
            return Answer(status=None, error_class="timeout")
        return Answer(status=500 if fault == "5xx after it was taken" else 204)

    return hear


def courier(world: Simulation, _process: Process) -> None:
    """The vendors' webhooks: out of order, some twice, again until they were answered."""
    for vendor in world.run.firm.vendors.values():
        untold = [c.index for c in vendor.history if c.index not in world.acknowledged[vendor.instance]]
        world.chance.shuffle(untold)
        if not world.is_healthy:
            del untold[world.chance.randint(0, 8) :]
        for index in untold:
            times = 1 + (world.fault(vendor.instance, "webhook") is not None)
            for _ in range(times):
                _post(world, vendor, index)
            world.acknowledged[vendor.instance].add(index)


def _post(world: Simulation, vendor: Vendor, index: int) -> None:
    name, record = vendor.history[index - 1].record
    change = Change(message_id=f"{vendor.instance}-{index}", object=name, record_ids=(record,))
    post = Post(method="POST", url="/hooks", headers={}, body=b"{}", received_at=world.now)
    keep(world.engine, vendor.instance, [change], post)
    world.elapse(world.seconds(0.01, 0.2))


def reader(world: Simulation, _process: Process) -> None:
    """Read the instances that messages have woken; what a successful read has seen is answered."""
    for woken in waiting(world.engine):
        world.elapse(0.001)
        run_id, began = f"read{len(world.run.reads_began)}", world.now
        seen = len(world.run.firm.vendors[woken.instance].history)
        world.run.reads_began[run_id] = 0 if world.mutant.is_blind else seen
        world.elapse(world.seconds(0.1, 5))
        if world.fault(woken.instance, "woken read") is None:
            answered(world.engine, woken.instance, began, run_id)
