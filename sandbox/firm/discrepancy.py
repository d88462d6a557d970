"""One expected finding, as the ground truth lists it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Record = dict[str, str]


@dataclass(frozen=True)
class Discrepancy:
    """One expected finding. `amount` is decimal text in `currency`, None where no money is named."""

    check_id: str
    matching_key: str
    period: str
    kind: str
    amount: str | None
    currency: str | None
    note: str
    records: list[Record] = field(default_factory=list)
    severity: str | None = None  # None: not said; the key alone is expected

    def as_dict(self) -> dict[str, Any]:
        """For the ground-truth file."""
        return asdict(self)


def record(instance: str, object_name: str, record_id: str) -> Record:
    """A vendor record that an expected finding points at."""
    return {"instance": instance, "object": object_name, "id": record_id}
