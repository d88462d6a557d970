"""One run from one seed: a firm, its vendors, a ledger, several processes, and what goes wrong."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from reverse_etl import saga_store
from reverse_etl.delivery import Delivery
from reverse_etl.destinations.base import Destination, Value, WriteRequest
from reverse_etl.ledger import reading
from reverse_etl.models import CorrectionView, State
from reverse_etl.outbox import Outbox
from reverse_etl.saga_engine import Sagas
from reverse_etl.sagas import ACTIVE_STATES
from tests.chaos import machines, people
from tests.chaos.firm import OWNED, Firm, Rules, another, found_firm
from tests.chaos.points import CALLS, Coverage, KilledError, LedgerPoints, Side, persistence_points
from tests.chaos.scheduler import Process, Scheduler
from tests.chaos.vendor import FAULTS, Key, Vendor
from tests.chaos.witness import witnessed_ledger
from tests.reverse_etl.factories import START

KINDS: Mapping[str, Callable[[Any, Process], None]] = {
    work.__name__: work
    for work in (
        machines.worker, machines.planner, machines.engine, machines.teller, machines.courier, machines.reader,
        people.office, people.staff, people.operator, people.dealer, people.clearing,
    )
}  # fmt: skip
"""What a process may be."""
MOST_RUNS_TO_SETTLE = 40


@dataclass(frozen=True)
class Arrival:
    """A write that reached a vendor, with what the ledger and the configuration said at that moment."""

    change: WriteRequest
    key: str
    view: CorrectionView
    rules: Rules


@dataclass(frozen=True)
class Window:
    """Length of the vendor's history when a delivery began and when it was recorded."""

    start: int
    end: int


@dataclass(frozen=True)
class Mutant:
    """A deliberately broken part, to prove that an invariant can fail."""

    delivery: type[Delivery] = Delivery
    destination: Callable[[Vendor], Destination] = lambda vendor: vendor
    sagas: type[Sagas] = Sagas
    is_blind: bool = False
    """Reads that messages woke see nothing."""
    is_deaf: bool = False
    """A subscriber is told nothing of what happened to sagas."""


@dataclass
class Run:
    """What a run leaves behind for the invariants."""

    seed: int
    firm: Firm
    outbox: Outbox
    arrivals: list[Arrival] = field(default_factory=list)
    windows: dict[str, Window] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    proposed: set[str] = field(default_factory=set)
    heard: list[tuple[str, str, str, int]] = field(default_factory=list)
    """(subscription, event, subject, place in the log) of every post that a subscriber took."""
    reads_began: dict[str, int] = field(default_factory=dict)
    """Read -> length of the vendor's history when it began."""
    disobeyed: list[str] = field(default_factory=list)
    """Claims at instances that were paused or draining when the claim was committed."""

    @property
    def digest(self) -> str:
        """One short text for the whole course of the run."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


class Simulation:
    """The world of one run. Everything that happens by chance asks the one generator of the seed."""

    def __init__(self, seed: int, engine: sa.Engine, mutant: Mutant | None = None) -> None:
        self.seed, self.engine, self.mutant = seed, engine, mutant or Mutant()
        self.chance = random.Random(seed)
        self.now = START
        self.rules = Rules()
        self.scheduler = Scheduler(self.chance)
        self.alive: set[str] = set()
        self.is_healthy = False
        self._born = 0
        self._claims: dict[str, int] = {}
        self._modes: dict[str, str] = {}
        self._process_rules: dict[str, Rules] = {}
        self._fault_rate = self.chance.choice([0.0, 0.05, 0.15, 0.3])
        self._kill_rate = self.chance.choice([0.0, 0.01, 0.03])
        self._targets = self._draw_targets()
        self.is_long = any(point in _LONG for point, _ in self._targets)
        if self.is_long:
            self._fault_rate = max(self._fault_rate, 0.15)
        self._is_one_host = self.chance.random() < 0.5
        self._longest_skew = self.chance.choice([0, 5, 60, 300])
        self.run = Run(
            seed, found_firm(self.chance, self, least_deals=int(self.is_long)), self.outbox(timedelta(0))
        )
        LedgerPoints(engine, self.reached, self._committed, self.scheduler.may_switch)
        self.reads = [self.read()]
        self.acknowledged: dict[str, set[int]] = {name: set() for name in self.run.firm.vendors}
        machines.teller(self, None)  # from here on they hear

    def _draw_targets(self) -> set[tuple[str, Side]]:
        """Points where this run kills on purpose the first time, so that rare ones get their share."""
        points = [point for point in persistence_points() for _ in range(_SHARE.get(point, 1))]
        sides: tuple[Side, Side] = ("before", "after")
        turn = self.seed // len(points)
        return {
            (points[self.seed % len(points)], sides[turn % 2]),
            (points[(self.seed + len(points) // 2) % len(points)], sides[(turn + 1) % 2]),
        }

    # ---- what the vendors and the ledger ask -----------------------------------------------------------

    def reached(self, point: str, step: str, side: Side) -> None:
        """A point where the running process may die or be interrupted."""
        process = self.scheduler.current
        if process is None:
            return
        self.note(f"{side} {point} {step}".strip())
        self.run.coverage.passed[point, step, side] += 1
        if process.is_dead or self._is_time_to_die(point, side):
            self._die(process, point, step, side)
        if side == "after" or point in CALLS:
            self.scheduler.may_switch()

    def _is_time_to_die(self, point: str, side: Side) -> bool:
        if self.is_healthy:
            return False
        if (point, side) in self._targets:
            self._targets.remove((point, side))
            return True
        return self.chance.random() < self._kill_rate

    def _die(self, process: Process, point: str, step: str, side: Side) -> None:
        if not process.is_dead:
            self.run.coverage.killed[point, step, side] += 1
            self.note("dies")
        process.is_dead = True
        self.alive.discard(process.name)
        raise KilledError

    def fault(self, vendor: str, call: str) -> str | None:
        """What goes wrong with this call, if anything."""
        if self.is_healthy or self.chance.random() >= self._fault_rate:
            return None
        kind = self.chance.choice(FAULTS[call])
        self.note(f"{vendor} {call}: {kind}")
        self.run.coverage.faults[f"{call}: {kind}"] += 1
        return kind

    def seconds(self, low: float, high: float) -> float:
        """A duration."""
        return round(self.chance.uniform(low, high), 3)

    def elapse(self, seconds: float) -> None:
        """Time passes for everybody; others may act meanwhile."""
        self.now += timedelta(seconds=seconds)
        self.scheduler.may_switch()

    def arrived(self, vendor: Vendor, change: WriteRequest, key: str) -> None:
        """A write is about to be looked at by the vendor."""
        process = self.scheduler.current
        view = self.run.outbox.show(key.removeprefix("concord-"))
        rules = self._process_rules[process.name] if process else self.rules
        self.run.arrivals.append(Arrival(change, key, view, rules))

    def _committed(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            number = event["correction_id"]
            if event["event"] == "proposed":
                self.run.proposed.add(number)
            if event["event"].startswith("instance_"):
                self._modes[json.loads(event["detail"])["instance"]] = event["event"]
            if event["event"] == "claimed":
                self._claims[number] = self._length(number)
                self._obeys(number, event["from_state"])
            if event["to_state"] == State.DELIVERED:
                self.run.windows[number] = Window(self._claims[number], self._length(number))

    def _obeys(self, correction_id: str, from_state: str) -> None:
        mode = self._modes.get(self._instance_of(correction_id))
        if mode == "instance_paused" or (mode == "instance_draining" and from_state == State.APPROVED):
            self.run.disobeyed.append(f"{correction_id} was claimed from {from_state} after {mode}")

    def _length(self, correction_id: str) -> int:
        return len(self.run.firm.vendors[self._instance_of(correction_id)].history)

    def _instance_of(self, correction_id: str) -> str:
        with closing(sqlite3.connect(str(self.engine.url.database))) as connection:
            query = "SELECT target_instance FROM correction WHERE correction_id = ?"
            return str(connection.execute(query, (correction_id,)).fetchone()[0])

    def note(self, words: str) -> None:
        name = self.scheduler.current.name if self.scheduler.current else "-"
        self.run.trace.append(f"{self.now:%d %H:%M:%S.%f} {name}: {words}")

    # ---- processes ---------------------------------------------------------------------------------------

    def process(self, kind: str) -> Process:
        """A process that starts now, with the configuration of now and a clock of its own."""
        self._born += 1
        name = f"sim:{self._born}:{kind}"
        skew = timedelta(seconds=self.chance.randint(-self._longest_skew, self._longest_skew))
        self.alive.add(name)
        self._process_rules[name] = self.rules
        return Process(name, partial(KINDS[kind], self), skew if kind == "worker" else timedelta(0))

    def outbox(self, skew: timedelta) -> Outbox:
        def clock() -> datetime:
            return self.now + skew

        return Outbox(self.engine, self.rules.governance(), clock, wall=clock)

    def may_be_alive(self, worker: str) -> bool:
        """What a worker can know of another's process: on its own host all, elsewhere nothing."""
        return worker in self.alive or not self._is_one_host

    def destinations(self) -> Mapping[str, Destination]:
        """The vendors as a dispatcher reaches them."""
        return {name: self.mutant.destination(v) for name, v in self.run.firm.vendors.items()}

    def read(self) -> tuple[datetime, dict[str, dict[Key, Mapping[str, Value]]]]:
        """Everything the vendors hold, and when it was read."""
        self.now += timedelta(seconds=1)
        seen = {n: {k: dict(h) for k, h in v.records.items()} for n, v in self.run.firm.vendors.items()}
        return self.now, seen

    # ---- the course of a run -----------------------------------------------------------------------------

    def play(self) -> Run:
        """Some eventful rounds, then quiet until nothing moves any more."""
        for _ in range(self.chance.randint(3, 6) + 4 * self.is_long):
            self._round()
        self._settle()
        return self.run

    def _round(self) -> None:
        self._something_changes()
        kinds = ["planner", "office", "office", "worker"]
        kinds += ["worker"] * (self.chance.random() < 0.6) + ["staff"] * (self.chance.random() < 0.3)
        kinds += ["operator"] * (self.chance.random() < 0.15)
        kinds += ["dealer", "engine", "engine"] if self.run.firm.deals else []
        kinds += [kind for kind in ("teller", "courier", "reader") if self.chance.random() < 0.4]
        kinds += ["clearing", "engine", "worker", "staff", "teller", "dealer"] if self.is_long else []
        self.chance.shuffle(kinds)
        if self.chance.random() < 0.5:
            self.scheduler.run([self.process(kind) for kind in kinds])
        else:
            for kind in kinds:
                self.scheduler.run([self.process(kind)])
        self.now += self.chance.choice([timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=2)])

    def _something_changes(self) -> None:
        if self.chance.random() < 0.2:
            key = self.chance.choice(sorted(self.run.firm.truth))
            self.run.firm.truth[key] = another(self.run.firm.truth[key], self.chance)
        if self.chance.random() < 0.15:
            self.rules = replace(
                self.rules, killed=frozenset(self.chance.sample(["B01", "B05", "C03", "S01"], 1))
            )
        elif self.chance.random() < 0.15:
            self.rules = replace(
                self.rules, disowned=frozenset(self.chance.sample(sorted(set(OWNED.values())), 1))
            )
        elif self.chance.random() < 0.4:
            self.rules = Rules()
        if self.chance.random() < 0.08:
            self.now += timedelta(days=15)

    def _settle(self) -> None:
        self.is_healthy, self.rules, self._longest_skew = True, Rules(), 0
        self.scheduler.run([self.process("operator")])
        for _ in range(MOST_RUNS_TO_SETTLE):
            self.now += timedelta(minutes=35)
            for kind in ("engine", "clearing", "worker") if self.run.firm.deals else ("worker",):
                self.scheduler.run([self.process(kind)])
            counts = self.run.outbox.counts()
            if (
                not any(counts[state] for state in ("approved", "in_flight", "in_doubt"))
                and not self._sagas()
            ):
                break
        for kind in ("engine", "clearing", "teller", "courier", "reader"):
            self.scheduler.run([self.process(kind)])

    def _sagas(self) -> list[str]:
        """Sagas that have not come to an end."""
        with reading(self.engine) as connection:
            return saga_store.keys(connection, ACTIVE_STATES)


#: points that few runs come by are aimed at by more runs
_LONG = frozenset(
    {
        "saga_engine.Sagas._prove",
        "saga_back.Back.failed",
        "saga_access.SagaAccess.say",
        "saga_desk.answer",
        "event_desk.revive",
    }
)
"""Points that lie at the end of a long way: runs that aim at them last longer, and people clear things up in them."""
_SHARE: Mapping[str, int] = {
    "outbox.Outbox.replay": 8,
    "proposing.Proposer.reopen": 5,
    "proposing.Proposer.propose_one": 4,
    "instances.set_mode": 4,
    "saga_back.Back.failed": 8,
    "saga_access.SagaAccess.say": 4,
    "saga_desk.answer": 4,
    "saga_engine.Sagas._prove": 12,
    "saga_forward.Forward.withdraw": 3,
    "saga_desk._turn": 2,
    "event_desk.revive": 6,
    "vendor find": 2,
    "vendor write, second step": 2,
}


@contextmanager
def played(seed: int, mutant: Mutant | None = None) -> Iterator[Run]:
    """The run of a seed; its ledger lives as long as the context."""
    with witnessed_ledger() as engine:
        yield Simulation(seed, engine, mutant).play()


__all__ = ["Mutant", "Run", "Simulation", "played"]
