"""A vendor in memory that keeps its whole history, and misbehaves when the seed says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from connectors.errors import (
    ConflictError,
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)
from reverse_etl.destinations.base import Snapshot, Value, WriteRequest, WriteResult
from reverse_etl.values import same
from tests.chaos.points import Side

PERSON = "person"
Key = tuple[str, str]
FAULTS: Mapping[str, tuple[str, ...]] = {
    "read": ("slow", "limited", "unavailable", "signed out", "malformed", "stale"),
    "find": ("slow", "limited", "unavailable", "signed out", "malformed"),
    "write": ("slow", "limited", "unavailable", "signed out", "5xx before commit", "5xx after commit",
              "reply lost before commit", "reply lost after commit", "malformed after commit", "refused", "refused"),
    "tell": ("unavailable", "refused", "answer lost", "5xx after it was taken"),
    "webhook": ("comes twice",),
    "woken read": ("fails",),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Change:
    """A write that changed a record. `author` is an idempotency key, or a person at the vendor."""

    index: int
    record: Key
    author: str
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    is_raced: bool = False
    """A person changed the record after it was read, and the vendor cannot refuse such a write."""


class Surroundings(Protocol):
    """What a vendor needs of the simulation."""

    def reached(self, point: str, step: str, side: Side) -> None: ...
    def fault(self, vendor: str, call: str) -> str | None: ...
    def seconds(self, low: float, high: float) -> float: ...
    def elapse(self, seconds: float) -> None: ...
    def arrived(self, vendor: Vendor, change: WriteRequest, key: str) -> None: ...


@dataclass
class Vendor:
    """One instance. `is_conditional` vendors refuse a write whose version is no longer current; a
    `two_step` vendor makes a record in one call and hangs the rest on in another."""

    instance: str
    world: Surroundings
    is_conditional: bool = False
    two_step: tuple[str, ...] = ()
    unique: str | None = None
    """Field of which a vendor-side look before a create refuses a second living record."""
    normalise: Callable[[str, Value], Value] | None = None
    writes_in_parts: bool = False
    records: dict[Key, dict[str, Value]] = field(default_factory=dict)
    versions: dict[Key, int] = field(default_factory=dict)
    keys: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)
    stale: list[tuple[int, Key]] = field(default_factory=list)
    """(length of the history, record) of every stale answer."""

    def put(self, target_object: str, record_id: str, author: str = PERSON, **values: Value) -> None:
        """Set values, as a person at the vendor does."""
        self._set((target_object, record_id), values, author)

    def value(self, target_object: str, record_id: str, name: str) -> Value:
        """What a field holds now."""
        return self.records[(target_object, record_id)].get(name)

    # ---- the port of a destination ------------------------------------------------------------------

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        """As a destination reads."""
        fault = self._begin("read")
        record = (target_object, record_id)
        if record not in self.records:
            raise NotFoundError(
                "no such record.", instance=self.instance, object=target_object, record=record_id
            )
        held, version = self.records[record], self.versions[record]
        if fault == "stale":
            held, version = self._before_our_write(record)
        self.world.reached("vendor read", "", "after")
        return Snapshot(values={name: held.get(name) for name in fields}, version=str(version))

    def find_created(self, target_object: str, key: str) -> str | None:
        """As a destination looks for what a lost reply made."""
        self._begin("find")
        found = self.keys.get((target_object, key), [])
        self.world.reached("vendor find", "", "after")
        if len(found) > 1:
            raise ConflictError("several records carry it.", instance=self.instance, object=target_object)
        return found[0] if found else None

    def write(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> WriteResult:
        """As a destination writes."""
        self.world.arrived(self, change, idempotency_key)
        fault = self._begin("write")
        if fault in ("5xx before commit", "reply lost before commit"):
            raise self._lost(fault)
        if fault == "refused":
            raise ValidationError("a rule of the vendor refused it.", instance=self.instance)
        if change.record_id is None:
            record_id = self._create(change, idempotency_key, fault)
        else:
            record_id = change.record_id
            self._update(change, idempotency_key, expected_version)
        if fault in ("5xx after commit", "reply lost after commit", "malformed after commit"):
            raise self._lost(fault)
        self.world.reached("vendor write", "", "after")
        version = self.versions[(change.target_object, record_id)]
        return WriteResult(record_id=record_id, version=str(version))

    # ---- inside -------------------------------------------------------------------------------------

    def _begin(self, call: str) -> str | None:
        self.world.reached(f"vendor {call}", "", "before")
        fault = self.world.fault(self.instance, call)
        self.world.elapse(self.world.seconds(20, 170) if fault == "slow" else self.world.seconds(0.05, 2))
        early = self._early(fault)
        if early is not None:
            raise early
        return fault

    def _early(self, fault: str | None) -> ConnectorError | None:
        if fault == "limited":
            wait = self.world.seconds(1, 120)
            return RateLimitedError("slow down.", retry_after=wait, instance=self.instance, status=429)
        if fault == "unavailable":
            return TransientError("cannot be reached.", instance=self.instance)
        if fault == "signed out":
            return UnauthorizedError("the session has ended.", instance=self.instance, status=401)
        if fault == "malformed":
            return MalformedResponseError("the body is cut short.", instance=self.instance)
        return None

    def _lost(self, fault: str) -> ConnectorError:
        if fault.startswith("malformed"):
            return MalformedResponseError("the body is cut short.", instance=self.instance)
        return UnknownOutcomeError(f"{fault}.", instance=self.instance)

    def _before_our_write(self, record: Key) -> tuple[Mapping[str, Value], int]:
        last = self.history[self.versions[record] - 1]
        if last.author == PERSON:
            return self.records[record], self.versions[record]
        self.stale.append((len(self.history), record))
        earlier = [c.index for c in self.history if c.record == record and c.index < last.index]
        return last.before, earlier[-1] if earlier else last.index

    def _create(self, change: WriteRequest, key: str, fault: str | None) -> str:
        if self.unique and self._holds(change.target_object, change.values[self.unique]):
            raise ConflictError("there is one already.", instance=self.instance, object=change.target_object)
        self.world.elapse(
            self.world.seconds(20, 170) if fault == "slow" else 0.1
        )  # after the look, before the commit
        record_id = str(9000 + len(self.records))
        self.keys.setdefault((change.target_object, key), []).append(record_id)
        record = (change.target_object, record_id)
        self._set(record, {n: v for n, v in change.values.items() if n not in self.two_step}, key)
        if not self.two_step:
            return record_id
        self.world.reached("vendor write, second step", "", "before")
        if fault == "malformed after commit":
            raise self._lost(fault)
        self._set(record, {n: v for n, v in change.values.items() if n in self.two_step}, key)
        self.world.reached("vendor write, second step", "", "after")
        return record_id

    def _holds(self, target_object: str, value: Value) -> bool:
        return any(
            name == target_object and same(held.get(str(self.unique)), value)
            for (name, _), held in self.records.items()
        )

    def _update(self, change: WriteRequest, key: str, expected_version: str | None) -> None:
        record = (change.target_object, str(change.record_id))
        is_current = expected_version in (None, str(self.versions[record]))
        if self.is_conditional and not is_current:
            raise ConflictError("it moved.", instance=self.instance, object=record[0], record=record[1])
        values = {n: self.normalise(n, v) if self.normalise else v for n, v in change.values.items()}
        by_person = [c.index for c in self.history if c.record == record and c.author == PERSON]
        is_raced = expected_version is not None and any(i > int(expected_version) for i in by_person)
        self._set(record, values, key, is_raced=is_raced)

    def _set(self, record: Key, values: Mapping[str, Any], author: str, *, is_raced: bool = False) -> None:
        held = self.records.get(record, {})
        if record in self.records and all(same(held.get(n), v) for n, v in values.items()):
            return
        index = len(self.history) + 1
        after = {**held, **values}
        self.history.append(
            Change(
                index=index, record=record, author=author, before=dict(held), after=after, is_raced=is_raced
            )
        )
        self.records[record], self.versions[record] = after, index
