"""Deliberately broken parts. Each stands for a class of defect that one of the invariants must catch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from reverse_etl import claims, saga_store, store
from reverse_etl.delivery import Claim, Delivery
from reverse_etl.destinations.base import Destination, Snapshot, WriteRequest, WriteResult
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.schema import correction
from reverse_etl.models import Approval, State
from reverse_etl.outbox import Outbox
from reverse_etl.saga_access import SagaAccess
from reverse_etl.saga_back import Back
from reverse_etl.saga_engine import SagaReport, Sagas
from reverse_etl.sagas import Action, Saga, SagaStep, StepState, next_action
from tests.chaos.simulation import Mutant
from tests.chaos.vendor import Vendor


class _Around:
    """A destination that passes everything on to the vendor."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor, self.instance, self.writes_in_parts = vendor, vendor.instance, False

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        return self.vendor.read(target_object, record_id, fields)

    def write(self, change: WriteRequest, key: str, version: str | None) -> WriteResult:
        return self.vendor.write(change, key, version)

    def find_created(self, target_object: str, key: str) -> str | None:
        return self.vendor.find_created(target_object, key)


class _NeverLooks(_Around):
    """Sends a create again without looking for what the lost reply made."""

    def find_created(self, target_object: str, key: str) -> str | None:
        return None


class _DropsWrites(_Around):
    """Says that it wrote, reads back what it was told to write, and has sent nothing."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self._told: dict[str, Mapping[str, Any]] = {}

    def read(self, target_object: str, record_id: str, fields: Sequence[str]) -> Snapshot:
        live = super().read(target_object, record_id, fields)
        told = self._told.pop(record_id, {})
        return replace(live, values={**live.values, **told})

    def write(self, change: WriteRequest, key: str, version: str | None) -> WriteResult:
        if change.record_id is None:
            return super().write(change, key, version)
        self._told[change.record_id] = change.values
        return WriteResult(record_id=change.record_id, version=version)


class _Forgets(Delivery):
    """Never takes back what a dead worker left in flight."""

    def recover(self) -> list[str]:
        return []


class _Hasty(Delivery):
    """Claims what nobody has approved."""

    def claim(self, **options: Any) -> Claim | None:
        with writing(self.outbox.engine) as connection:
            for number in connection.execute(
                sa.select(correction.c.correction_id).where(correction.c.state == State.PROPOSED)
            ).scalars():
                store.move(connection, number, self._step(State.APPROVED, "approved", None, None))
        claim = super().claim(**options)
        return claim and replace(claim, approvals=(*claim.approvals, *_made_up(claim)))


def _made_up(claim: Claim) -> list[Approval]:
    return [
        Approval(
            actor=name, roles=("controller",), decision="approve", note="",
            approval_round=claim.correction.approval_round, decided_at=claim.correction.proposed_at,
        )
        for name in ("nobody", "nobody else")
    ]  # fmt: skip


class _Deaf(Delivery):
    """Does not hear that an instance is paused."""

    def _candidate(self, connection: sa.Connection, without_instances: Collection[str]) -> str | None:
        return claims.next_due(connection, self.outbox.wall(), claims.Gate())


class _Unannounced(Delivery):
    """Sends before the ledger knows."""

    def intend(self, claim: Claim, before: Mapping[str, str | None], version: str | None) -> None:
        return None


class _FalseImages(Delivery):
    """Records what it is about to write as what was there."""

    def intend(self, claim: Claim, before: Mapping[str, str | None], version: str | None) -> None:
        super().intend(claim, {c.field: c.new_value for c in claim.correction.changes}, version)


class _Silent(Delivery):
    """Puts a failed correction back without telling the audit trail."""

    def finish(self, claim: Claim, to: State, *facts: Any, **more: Any) -> None:
        super().finish(claim, to, *facts, **more)
        if to is State.DEAD_LETTERED:
            with writing(self.outbox.engine) as connection:
                connection.execute(
                    correction.update()
                    .where(correction.c.correction_id == claim.correction.correction_id)
                    .values(state=State.REJECTED)
                )


class _Rounds(Delivery):
    """Changes the money of what it delivers."""

    def delivered(self, claim: Claim, outcome: str, words: str, record_id: str | None) -> None:
        super().delivered(claim, outcome, words, record_id)
        with writing(self.outbox.engine) as connection:
            connection.execute(
                correction.update()
                .where(correction.c.correction_id == claim.correction.correction_id)
                .values(amount_at_risk_rc=0)
            )


class _WritesMore(_Around):
    """Writes a field that nobody gave us, next to the one that was asked for."""

    def write(self, change: WriteRequest, key: str, version: str | None) -> WriteResult:
        more = {"tax_id": "2"} if change.target_object == "account" else {}
        return super().write(replace(change, values={**change.values, **more}), key, version)


class _Lazy(Sagas):
    """Never notices that a step is done."""

    def advance_one(self, saga_key: str, report: SagaReport | None = None) -> Action | None:
        with reading(self.outbox.engine) as connection:
            saga = saga_store.get(connection, saga_key)
        action = next_action(saga.state, saga.steps)
        return None if action is None or action.kind == "complete" else super().advance_one(saga_key, report)


class _Careless(Sagas):
    """Says that a step is taken back, and proposes nothing."""

    def __init__(self, outbox: Outbox, destinations: Mapping[str, Destination] | None = None) -> None:
        super().__init__(outbox, destinations)
        self._back = _NoBack(SagaAccess(outbox, destinations or {}))


class _NoBack(Back):
    def begin(self, saga: Saga, step: SagaStep) -> None:
        self._at.move_step(saga, step, StepState.UNDONE, "taken back")


#: invariant -> a defect of the class it watches for
MUTANTS: Mapping[str, Mutant] = {
    "no_duplicate_effect": Mutant(destination=_NeverLooks),
    "no_lost_change": Mutant(delivery=_Forgets),
    "no_write_without_approval": Mutant(delivery=_Hasty),
    "no_write_outside_ownership": Mutant(destination=_WritesMore),
    "every_write_was_intended": Mutant(delivery=_Unannounced),
    "paused_instances_are_left_alone": Mutant(delivery=_Deaf),
    "ledger_equals_target": Mutant(destination=_DropsWrites),
    "before_images_are_true": Mutant(delivery=_FalseImages),
    "money_is_conserved": Mutant(delivery=_Rounds),
    "audit_is_valid_and_complete": Mutant(delivery=_Silent),
    "every_saga_comes_to_an_end": Mutant(sagas=_Lazy),
    "no_effect_outlives_its_saga": Mutant(sagas=_Careless),
    "subscribers_hear_everything_in_order": Mutant(is_deaf=True),
    "no_webhook_is_lost": Mutant(is_blind=True),
}
