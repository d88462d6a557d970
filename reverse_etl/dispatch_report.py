"""What a dispatch run did, correction by correction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from reverse_etl.delivery import Claim

KEPT_ITEMS = 2_000

Outcome = Literal[
    "delivered", "conflicted", "in_doubt", "retried", "awaiting_approval", "dead_lettered", "lease_lost"
]


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of one correction in this run."""

    correction_id: str
    outcome: Outcome
    error_class: str | None
    words: str
    customer_name: str | None = None
    business_unit_id: str | None = None
    project_name: str | None = None


@dataclass(kw_only=True)
class DispatchReport:
    """What a run did. `stopped_instances` says which instances it left alone, and why."""

    run_id: str = ""
    """Kept with each attempt in the ledger, so that a run can be rolled back as one change set."""
    items: list[Delivered] = field(default_factory=list)
    """The last of them; a month-end burst must not fill the memory."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    recovered: list[str] = field(default_factory=list)
    stopped_instances: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    """Approved or in doubt when the run ended: not due yet, switched off, or of a stopped instance."""

    def count(self, outcome: Outcome) -> int:
        """How many corrections ended this way."""
        return self.outcomes[outcome]

    def add(self, item: Delivered) -> None:
        """Count an item, and keep it among the last."""
        self.outcomes[item.outcome] += 1
        self.items.append(item)
        if len(self.items) > 2 * KEPT_ITEMS:
            del self.items[:KEPT_ITEMS]


def result(claim: Claim, outcome: Outcome, error_class: str | None, words: str) -> Delivered:
    """What became of a claim, with whom it concerns."""
    item = claim.correction
    return Delivered(
        correction_id=item.correction_id,
        outcome=outcome,
        error_class=error_class,
        words=words,
        customer_name=item.customer_name,
        business_unit_id=item.business_unit_id,
        project_name=item.project_name,
    )
