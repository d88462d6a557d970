"""One run from one seed: a firm, its vendors, a ledger, several processes, and what goes wrong."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reverse_etl.delivery import Delivery
from reverse_etl.destinations.base import Destination, Value, WriteRequest
from reverse_etl.dispatcher import dispatch
from reverse_etl.errors import CorrectionError
from reverse_etl.instances import OPERATOR_ROLE, set_mode
from reverse_etl.ledger import open_ledger
from reverse_etl.models import CorrectionView, Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.verify import verify
from tests.chaos.firm import OWNED, PEOPLE, Firm, Rules, another, found_firm
from tests.chaos.points import Coverage, KilledError, LedgerPoints, Side, persistence_points
from tests.chaos.scheduler import Process, Scheduler
from tests.chaos.vendor import FAULTS, Key, Vendor
from tests.reverse_etl.factories import CRM, ERP, PSA, START
from tests.reverse_etl.fakes import FakePublished

MOST_RUNS_TO_SETTLE = 40
#: What the ledger went through, kept by the database itself and not by the code that is judged.
_WITNESS = (
    "CREATE TABLE witness_state (number INTEGER PRIMARY KEY, correction_id TEXT, from_state TEXT, to_state TEXT)",
    "CREATE TABLE witness_money (correction_id TEXT PRIMARY KEY, amount TEXT)",
    "CREATE TRIGGER witness_insert AFTER INSERT ON correction BEGIN "
    "INSERT INTO witness_state (correction_id, to_state) VALUES (NEW.correction_id, NEW.state); "
    "INSERT INTO witness_money VALUES (NEW.correction_id, NEW.amount_at_risk_rc); END",
    "CREATE TRIGGER witness_update AFTER UPDATE ON correction WHEN OLD.state <> NEW.state BEGIN "
    "INSERT INTO witness_state (correction_id, from_state, to_state) "
    "VALUES (NEW.correction_id, OLD.state, NEW.state); END",
)


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
        self._is_one_host = self.chance.random() < 0.5
        self._longest_skew = self.chance.choice([0, 5, 60, 300])
        self.run = Run(seed, found_firm(self.chance, self), self._outbox(timedelta(0)))
        LedgerPoints(engine, self.reached, self._committed, self.scheduler.may_switch)
        self._reads = [self._read()]

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
        self._note(f"{side} {point} {step}".strip())
        self.run.coverage.passed[point, step, side] += 1
        if process.is_dead or self._is_time_to_die(point, side):
            self._die(process, point, step, side)
        if side == "after" or point.startswith("vendor"):
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
            self._note("dies")
        process.is_dead = True
        self.alive.discard(process.name)
        raise KilledError

    def fault(self, vendor: str, call: str) -> str | None:
        """What goes wrong with this call, if anything."""
        if self.is_healthy or self.chance.random() >= self._fault_rate:
            return None
        kind = self.chance.choice(FAULTS[call])
        self._note(f"{vendor} {call}: {kind}")
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

    def _note(self, words: str) -> None:
        name = self.scheduler.current.name if self.scheduler.current else "-"
        self.run.trace.append(f"{self.now:%d %H:%M:%S.%f} {name}: {words}")

    # ---- processes ---------------------------------------------------------------------------------------

    def process(self, kind: str, work: Callable[[Process], None]) -> Process:
        """A process that starts now, with the configuration of now and a clock of its own."""
        self._born += 1
        name = f"sim:{self._born}:{kind}"
        skew = timedelta(seconds=self.chance.randint(-self._longest_skew, self._longest_skew))
        self.alive.add(name)
        self._process_rules[name] = self.rules
        return Process(name, work, skew if kind == "worker" else timedelta(0))

    def _outbox(self, skew: timedelta) -> Outbox:
        def clock() -> datetime:
            return self.now + skew

        return Outbox(self.engine, self.rules.governance(), clock, wall=clock)

    def worker(self, process: Process) -> None:
        """Dispatch what is due."""
        delivery = self.mutant.delivery(
            self._outbox(process.skew), worker=process.name, is_alive=self._may_be_alive
        )
        vendors = {name: self.mutant.destination(v) for name, v in self.run.firm.vendors.items()}
        report = dispatch(delivery.outbox, vendors, delivery=delivery)
        for item in report.items:
            self._note(f"{item.correction_id} {item.outcome} {item.error_class or ''}".strip())

    def _may_be_alive(self, worker: str) -> bool:
        return worker in self.alive or not self._is_one_host

    def planner(self, _process: Process) -> None:
        """Read the vendors, prove what was delivered, propose what is still wrong."""
        is_stale = self.chance.random() < 0.2
        if not is_stale:
            self._reads.append(self._read())
        read_at, seen = self.chance.choice(self._reads[-3:]) if is_stale else self._reads[-1]
        rows = self.run.firm.rows(seen, read_at)
        outbox = self._outbox(timedelta(0))
        copy = FakePublished(
            rows=rows,
            finding_ids={row["finding_id"] for row in rows},
            evaluated={check: self.chance.random() < 0.9 for check in ("B01", "B05", "C01", "C03", "H01")},
            read_until={(name, "*"): read_at for name in self.run.firm.vendors},
        )
        verify(outbox, copy)
        outbox.propose(rows)

    def _read(self) -> tuple[datetime, dict[str, dict[Key, Mapping[str, Value]]]]:
        self.now += timedelta(seconds=1)
        seen = {n: {k: dict(h) for k, h in v.records.items()} for n, v in self.run.firm.vendors.items()}
        return self.now, seen

    def office(self, _process: Process) -> None:
        """People approve, reject, replay and roll back; some may, some may not."""
        outbox = self._outbox(timedelta(0))
        for _ in range(self.chance.randint(2, 6)):
            self._decide(outbox)
            self.elapse(self.seconds(1, 60))

    def _decide(self, outbox: Outbox) -> None:
        action, states = self.chance.choices(list(_DECISIONS), [d[2] for d in _DECISIONS])[0][:2]
        dead = outbox.list(Filter(states=(State.DEAD_LETTERED,), limit=50))
        if dead and self.chance.random() < 0.4:
            action, states = "replay", (State.DEAD_LETTERED,)
        items = outbox.list(Filter(states=states, limit=50))
        if not items:
            return
        item = self.chance.choice(items)
        able = [p for p, roles in PEOPLE.items() if set(roles) & set(item.approver_roles)]
        actor = self.chance.choice(
            able if able and self.chance.random() < 0.8 else [*PEOPLE, "service:concord"]
        )
        roles = PEOPLE.get(actor, ("controller",))
        try:
            if action == "rollback":
                outbox.rollback(item.correction_id, actor, "because", roles=roles)
            else:
                getattr(outbox, action)(item.correction_id, actor, roles, "because")
            self._note(f"{actor} does {action} {item.correction_id}")
        except CorrectionError as error:
            self._note(f"{actor} may not {action} {item.correction_id}: {type(error).__name__}")

    def staff(self, _process: Process) -> None:
        """People at the vendors change values under us."""
        for _ in range(self.chance.randint(1, 4)):
            self.scheduler.may_switch()
            instance, name, record, column = self.chance.choice(sorted(self.run.firm.truth))
            vendor = self.run.firm.vendors[instance]
            value = another(vendor.value(name, record, column), self.chance)
            vendor.put(name, record, **{column: value})
            self._note(f"staff sets {name} {record} {column}={value}")

    def operator(self, _process: Process) -> None:
        """Somebody pauses, drains or resumes an instance; at the end, everything runs again."""
        outbox = self._outbox(timedelta(0))
        for instance in [self.chance.choice([CRM, ERP, PSA])] if not self.is_healthy else [CRM, ERP, PSA]:
            mode = "running" if self.is_healthy else self.chance.choice(["running", "paused", "draining"])
            set_mode(outbox, instance, mode, "olga", (OPERATOR_ROLE,), "because")
            self._note(f"olga sets {instance} {mode}")

    # ---- the course of a run -----------------------------------------------------------------------------

    def play(self) -> Run:
        """Some eventful rounds, then quiet until nothing moves any more."""
        for _ in range(self.chance.randint(3, 6)):
            self._round()
        self._settle()
        return self.run

    def _round(self) -> None:
        self._something_changes()
        kinds = ["planner", "office", "office", "worker"]
        kinds += ["worker"] * (self.chance.random() < 0.6) + ["staff"] * (self.chance.random() < 0.3)
        kinds += ["operator"] * (self.chance.random() < 0.15)
        if self.chance.random() < 0.5:
            self.scheduler.run([self.process(kind, getattr(self, kind)) for kind in kinds])
        else:
            for kind in kinds:
                self.scheduler.run([self.process(kind, getattr(self, kind))])
        self.now += self.chance.choice([timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=2)])

    def _something_changes(self) -> None:
        if self.chance.random() < 0.2:
            key = self.chance.choice(sorted(self.run.firm.truth))
            self.run.firm.truth[key] = another(self.run.firm.truth[key], self.chance)
        if self.chance.random() < 0.15:
            self.rules = replace(self.rules, killed=frozenset(self.chance.sample(["B01", "B05", "C03"], 1)))
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
        self.scheduler.run([self.process("operator", self.operator)])
        for _ in range(MOST_RUNS_TO_SETTLE):
            self.now += timedelta(minutes=35)
            self.scheduler.run([self.process("worker", self.worker)])
            counts = self.run.outbox.counts()
            if not any(counts[state] for state in ("approved", "in_flight", "in_doubt")):
                return


#: points that few runs come by are aimed at by more runs
_SHARE: Mapping[str, int] = {
    "outbox.Outbox.replay": 8,
    "proposing.Proposer.reopen": 5,
    "proposing.Proposer.propose_one": 4,
    "instances.set_mode": 4,
    "vendor find": 2,
    "vendor write, second step": 2,
}

#: action, states it makes sense in, weight
_DECISIONS: tuple[tuple[str, tuple[State, ...], int], ...] = (
    ("approve", (State.PROPOSED,), 12),
    ("reject", (State.PROPOSED, State.APPROVED, State.DEAD_LETTERED, State.CONFLICTED), 1),
    ("replay", (State.DEAD_LETTERED,), 4),
    ("rollback", (State.DELIVERED, State.VERIFIED), 1),
)


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ledger-template-"))
    engine = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    with engine.connect() as connection, connection.begin():
        for statement in _WITNESS:
            connection.exec_driver_sql(statement)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return folder / "ledger.db"


@contextmanager
def played(seed: int, mutant: Mutant | None = None) -> Iterator[Run]:
    """The run of a seed; its ledger lives as long as the context."""
    memory = Path("/dev/shm")  # noqa: S108 - a ledger of a thousand commits should not wait for a disk a thousand times
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copyfile(_template(), path)
        engine = open_ledger(f"sqlite:///{path}")
        try:
            yield Simulation(seed, engine, mutant).play()
        finally:
            engine.dispose()


__all__ = ["CRM", "ERP", "PSA", "Mutant", "Run", "Simulation", "played"]
