"""A vendor that remembers: records, versions, idempotency keys, and faults that are asked for in advance."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from connectors.errors import ConflictError, NotFoundError, PermanentError
from reverse_etl.destinations.base import Snapshot, Value, WriteRequest, WriteResult
from reverse_etl.values import same
from reverse_etl.warehouse import CheckRun, PublishedState

Call = Literal["read", "write", "find"]


@dataclass
class Fault:
    """The next call of its kind raises `error`; a write with `after_commit` is applied first."""

    call: Call
    error: Exception
    after_commit: bool = False


@dataclass
class FakeVendor:
    """One instance of a vendor in memory, with conditional writes when `has_versions`."""

    instance: str
    has_versions: bool = True
    records: dict[tuple[str, str], dict[str, Value]] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    created_by_key: dict[tuple[str, str], str] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)
    """(idempotency key, record) of every write that changed something."""
    writes: list[str] = field(default_factory=list)
    """Idempotency key of every write that arrived, whatever became of it."""
    faults: deque[Fault] = field(default_factory=deque)
    before_write: Callable[[], None] | None = None
    normalise: Callable[[str, Value], Value] | None = None

    def put(self, target_object: str, record_id: str, **values: Value) -> None:
        """Somebody at the vendor sets values."""
        key = (target_object, record_id)
        self.records.setdefault(key, {}).update(values)
        self.versions[key] = self.versions.get(key, 0) + 1

    def value(self, target_object: str, record_id: str, name: str) -> Value:
        return self.records[(target_object, record_id)].get(name)

    def fail(self, call: Call, error: Exception, *, after_commit: bool = False) -> None:
        self.faults.append(Fault(call, error, after_commit))

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        self._raise("read", after_commit=False)
        key = (target_object, record_id)
        if key not in self.records:
            raise NotFoundError(
                "no such record.", instance=self.instance, object=target_object, record=record_id
            )
        values = {name: self.records[key].get(name) for name in fields}
        return Snapshot(values=values, version=self._version(key))

    def write(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> WriteResult:
        if self.before_write:
            self.before_write()
        self.writes.append(idempotency_key)
        self._raise("write", after_commit=False)
        record_id = self._apply(change, idempotency_key, expected_version)
        self._raise("write", after_commit=True)
        return WriteResult(record_id=record_id, version=self._version((change.target_object, record_id)))

    def find_created(self, target_object: str, key: str) -> str | None:
        self._raise("find", after_commit=False)
        return self.created_by_key.get((target_object, key))

    def _apply(self, change: WriteRequest, idempotency_key: str, expected_version: str | None) -> str:
        record_id = change.record_id
        if change.operation == "create" and record_id is None:
            record_id = str(9_000_000 + len(self.records))
            self.created_by_key[(change.target_object, idempotency_key)] = record_id
            self.records[(change.target_object, record_id)] = {}
        assert record_id is not None
        key = (change.target_object, record_id)
        if self.has_versions and change.operation == "update" and expected_version != self._version(key):
            raise ConflictError("it moved.", instance=self.instance, object=key[0], record=record_id)
        values = {n: self.normalise(n, v) if self.normalise else v for n, v in change.values.items()}
        if any(not same(self.records[key].get(n), v) for n, v in values.items()):
            self.effects.append((idempotency_key, record_id))
        self.put(change.target_object, record_id, **values)
        return record_id

    def _version(self, key: tuple[str, str]) -> str | None:
        return str(self.versions.get(key, 0)) if self.has_versions else None

    def _raise(self, call: Call, *, after_commit: bool) -> None:
        for fault in self.faults:
            if fault.call == call and fault.after_commit == after_commit:
                self.faults.remove(fault)
                raise fault.error


@dataclass
class FakePublished:
    """A published copy whose content the test states."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    finding_ids: set[str] = field(default_factory=set)
    evaluated: dict[str, bool] = field(default_factory=dict)
    read_until: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def state(self) -> PublishedState:
        return PublishedState(
            rows=list(self.rows),
            finding_ids=frozenset(self.finding_ids),
            check_runs={
                name: CheckRun(
                    check_id=name, is_evaluated=ok, reason=None if ok else "stale", detected_as_of=None
                )
                for name, ok in self.evaluated.items()
            },
            read_until=dict(self.read_until),
        )


class TickingClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


def refused(instance: str) -> PermanentError:
    """A definite no."""
    return PermanentError("the vendor said no.", instance=instance)
