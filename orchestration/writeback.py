"""The use cases of write-back as the assets, sensors and the demo call them, with counts as metadata."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from orchestration.runtime import Runtime
from reverse_etl import conservation, escalations, holds
from reverse_etl.conservation import Conservation
from reverse_etl.destinations import LazyDestinations
from reverse_etl.dispatcher import dispatch
from reverse_etl.models import Correction, Filter, State
from reverse_etl.outbox import Outbox
from reverse_etl.saga_engine import SagaReport, Sagas
from reverse_etl.setup import open_destinations, open_outbox, open_published
from reverse_etl.verify import verify

_ALL = 1_000_000


@dataclass(frozen=True)
class Writeback:
    """One deployment's ledger and destinations."""

    runtime: Runtime
    outbox: Outbox

    @classmethod
    def open(cls, runtime: Runtime) -> Writeback:
        """Open the ledger, creating or migrating it when needed."""
        return cls(runtime, open_outbox(runtime.config, runtime.home, now=runtime.clock))

    def hold(self, reasons: Mapping[str, str]) -> dict[str, Any]:
        """Hold back exactly the checks of `reasons` (check to words); which were held and released by that."""
        report = holds.settle(self.outbox, reasons)
        return {name: checks for name, checks in asdict(report).items() if checks}

    def verify(self) -> dict[str, int]:
        """Settle what the newest published copy proves."""
        report = verify(self.outbox, open_published(self.runtime.home))
        sagas = self._sagas().verify()
        return {name: len(items) for name, items in asdict(report).items()} | _counted(sagas)

    def propose(self) -> dict[str, Any]:
        """Put what the sync models propose into the ledger."""
        report = self.outbox.propose(open_published(self.runtime.home).proposals())
        facts: dict[str, Any] = {
            name: len(value) if isinstance(value, list) else value for name, value in asdict(report).items()
        }
        if report.malformed:
            facts["malformed_reasons"] = [str(item) for item in report.malformed[:20]]
        return facts

    def dispatch(self) -> dict[str, Any]:
        """Deliver what is approved and due."""
        destinations = self._destinations()
        sagas = self._sagas()
        before = sagas.advance()
        report = dispatch(self.outbox, destinations)
        outcomes: dict[str, Any] = {str(name): count for name, count in report.outcomes.items()}
        outcomes |= _counted(before) | _counted(sagas.advance())
        outcomes["waiting"] = report.waiting
        if report.stopped_instances:
            outcomes["stopped_instances"] = report.stopped_instances
        return outcomes

    def conservation(self) -> Conservation:
        """The count in against the sum over the states."""
        return conservation.check(self.outbox.engine)

    def keep_time(self) -> dict[str, int]:
        """Let the clock of decisions run: escalate what waits too long, expire what nobody decided in time."""
        taken = escalations.escalate(self.outbox)
        return {"escalated": len(taken), "expired": len(self.outbox.expire_overdue())}

    def _destinations(self) -> LazyDestinations:
        return open_destinations(self.runtime.config, self.runtime.home, os.environ, now=self.runtime.clock)

    def _sagas(self) -> Sagas:
        return Sagas(self.outbox, self._destinations())

    def counts(self) -> dict[str, int]:
        """Corrections by state."""
        return self.outbox.counts()

    def waiting(self) -> str | None:
        """A mark of the approved corrections that wait for dispatch, or None when none does.

        It changes whenever another correction is approved, so that a sensor asks for one dispatch per change.
        """
        approved = self.outbox.list(Filter(states=(State.APPROVED,), limit=_ALL))
        if not approved:
            return None
        latest = max(approved, key=lambda item: item.updated_at)
        return f"{latest.correction_id}:{latest.updated_at.isoformat()}:{len(approved)}"

    def approve_as_demo(self, leave: int = 0) -> int:
        """Approve what waits, each as the people of config/people.yml whose roles and limits allow it.

        This is the path the console takes: policy decides about every single one, and four eyes take two people.
        The `leave` newest of each check stay, so that who opens the console finds something to decide. Returns how
        many went through.
        """
        waiting: dict[str, list[Correction]] = {}
        for item in self.outbox.list(Filter(states=(State.PROPOSED,), limit=_ALL)):
            waiting.setdefault(item.check_id, []).append(item)  # newest first
        return sum(self._approve(item) for items in waiting.values() for item in items[leave:])

    def _approve(self, item: Correction) -> bool:
        for person in self.runtime.config.people.people:
            if self.outbox.why_not(item.correction_id, person.id, person.roles) is None:
                after = self.outbox.approve(
                    item.correction_id, person.id, person.roles, "approved in the demo"
                )
                if after.state is State.APPROVED:
                    return True
        return False


def _counted(report: SagaReport) -> dict[str, int]:
    """What happened to sagas, by words that no correction's state uses; nothing where nothing happened."""
    return {f"sagas_{name}": len(found) for name, found in asdict(report).items() if found}
