"""Control of instances: pause, resume, drain, and the breaker's memory, kept in the ledger for all workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from reverse_etl import audit, breaker
from reverse_etl.breaker import Health, Signal
from reverse_etl.claims import Gate
from reverse_etl.desk import require_person
from reverse_etl.errors import NotAllowedError
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.schema import correction, instance_control, instance_health
from reverse_etl.models import State
from reverse_etl.outbox import Outbox

Mode = Literal["running", "paused", "draining"]
OPERATOR_ROLE = "operator"
_EVENTS = {"running": "instance_resumed", "paused": "instance_paused", "draining": "instance_draining"}
_HEALTH_FIELDS = tuple(f.name for f in fields(Health))


@dataclass(frozen=True, kw_only=True)
class InstanceStatus:
    """How write-back to one instance stands."""

    instance: str
    mode: Mode
    reason: str | None
    actor: str | None
    changed_at: datetime | None
    breaker: breaker.Position
    health: Health
    waiting: int
    """Approved and not sent yet."""
    in_flight: int
    in_doubt: int

    @property
    def is_drained(self) -> bool:
        """Draining, and nothing is left in flight or in doubt."""
        return self.mode == "draining" and not self.in_flight and not self.in_doubt

    @property
    def why_stopped(self) -> str | None:
        """Why nothing new is sent there, in words, or ``None`` when it is."""
        if self.mode != "running":
            return f"{self.mode} by {self.actor}: {self.reason}"
        if self.breaker != "closed":
            return self.health.words
        return None


def set_mode(
    outbox: Outbox, instance: str, mode: Mode, actor: str, roles: Sequence[str], reason: str
) -> InstanceStatus:
    """Pause, drain or resume write-back to an instance; kept with who and why in the audit trail.

    ``paused``: nothing is claimed; what a worker is writing this moment ends as it would. ``draining``: nothing
    new is claimed, what is in doubt is looked at to its end. Resuming also closes the breaker for a trial.

    Raises `NotAllowedError` without a reason, for a machine, or for an actor who is neither operator nor unlimited.
    """
    require_person(actor)
    allowed = {OPERATOR_ROLE, *outbox.policy.unlimited_roles}
    if not allowed & set(roles):
        raise NotAllowedError(
            f"{actor} holds none of the roles that control an instance.",
            hint=f"ask one of: {', '.join(sorted(allowed))}.",
        )
    if not reason.strip():
        raise NotAllowedError(f"control of {instance} needs a reason.", hint="say why: --reason '...'.")
    now = outbox.clock()
    row = {"mode": mode, "reason": reason, "actor": actor, "changed_at": now}
    with writing(outbox.engine) as connection:
        _put(connection, instance_control, instance, row)
        if mode == "running":
            _put(connection, instance_health, instance, asdict(Health()))
        audit.append(
            connection,
            occurred_at=now,
            event=_EVENTS[mode],
            actor=actor,
            reason=reason,
            policy_version=outbox.policy.version,
            detail={"instance": instance, "roles": list(roles)},
        )
        return _Known(connection).status(instance, outbox.wall())


def statuses(outbox: Outbox, instances: Sequence[str] = ()) -> list[InstanceStatus]:
    """Every instance the ledger knows of, and those named, by name."""
    with reading(outbox.engine) as connection:
        known = _Known(connection)
    return [known.status(name, outbox.wall()) for name in sorted(known.names | set(instances))]


def gate(connection: sa.Connection, killed: Sequence[str], without: Sequence[str], now: datetime) -> Gate:
    """What may not be claimed now: switched-off checks, paused and draining instances, open breakers.

    A half-open breaker lets one trial through at a time.
    """
    closed, draining = set(without), set()
    query = sa.select(instance_control.c.instance, instance_control.c.mode)
    for row in connection.execute(query):
        if row.mode == "paused":
            closed.add(row.instance)
        elif row.mode == "draining":
            draining.add(row.instance)
    open_ones = sa.select(instance_health).where(instance_health.c.open_until.is_not(None))
    for facts in connection.execute(open_ones).mappings():
        instance, where = facts["instance"], breaker.position(_health(facts), now)
        if where == "open" or (where == "half_open" and _count(connection, instance, State.IN_FLIGHT)):
            closed.add(instance)
    return Gate(killed=killed, closed=sorted(closed), draining=sorted(draining))


def record(
    connection: sa.Connection, instance: str, signal: Signal, *, now: datetime, clock: datetime, worker: str
) -> None:
    """Add what an attempt says about its instance, in the transaction that records the attempt.

    `now` is real time, `clock` the firm's time for the audit trail, which notes each opening and closing.
    """
    before = _health_of(connection, instance)
    health = breaker.after(before, signal, now)
    if health == before:
        return
    _put(connection, instance_health, instance, asdict(health))
    was_open, is_open = before.open_until is not None, health.open_until is not None
    if was_open != is_open:
        audit.append(
            connection,
            occurred_at=clock,
            event="breaker_opened" if is_open else "breaker_closed",
            actor=worker,
            reason=health.words or "it answers again",
            detail={"instance": instance, "class": health.error_class},
        )


class _Known:
    """What the ledger knows of its instances, in three queries however many they are."""

    def __init__(self, connection: sa.Connection) -> None:
        c = correction.c
        counted = sa.select(c.target_instance, c.state, sa.func.count()).group_by(c.target_instance, c.state)
        self._counts = {(name, state): int(count) for name, state, count in connection.execute(counted)}
        self._controls = {row.instance: row for row in connection.execute(sa.select(instance_control))}
        rows = connection.execute(sa.select(instance_health)).mappings()
        self._healths = {row["instance"]: _health(row) for row in rows}

    @property
    def names(self) -> set[str]:
        """Every instance that has corrections, was controlled, or has answered."""
        return {name for name, _ in self._counts} | self._controls.keys() | self._healths.keys()

    def status(self, instance: str, now: datetime) -> InstanceStatus:
        control = self._controls.get(instance)
        health = self._healths.get(instance, Health())
        return InstanceStatus(
            instance=instance,
            mode=control.mode if control else "running",
            reason=control.reason if control else None,
            actor=control.actor if control else None,
            changed_at=control.changed_at if control else None,
            breaker=breaker.position(health, now),
            health=health,
            waiting=self._counts.get((instance, State.APPROVED), 0),
            in_flight=self._counts.get((instance, State.IN_FLIGHT), 0),
            in_doubt=self._counts.get((instance, State.IN_DOUBT), 0),
        )


def _count(connection: sa.Connection, instance: str, state: State) -> int:
    c = correction.c
    query = sa.select(sa.func.count()).where(c.state == state, c.target_instance == instance)
    return int(connection.execute(query).scalar_one())


def _health_of(connection: sa.Connection, instance: str) -> Health:
    query = sa.select(instance_health).where(instance_health.c.instance == instance)
    row = connection.execute(query).mappings().one_or_none()
    return _health(row) if row else Health()


def _health(row: sa.RowMapping) -> Health:
    return Health(**{name: row[name] for name in _HEALTH_FIELDS})


def _put(connection: sa.Connection, table: sa.Table, instance: str, values: dict[str, Any]) -> None:
    changed = connection.execute(table.update().where(table.c.instance == instance).values(**values))
    if changed.rowcount == 0:
        connection.execute(table.insert().values(instance=instance, **values))
