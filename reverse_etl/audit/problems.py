"""What verification reports: one problem per place where the ledger is not what was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reverse_etl.audit.anchor import Anchor

Kind = Literal["altered", "missing", "inserted", "moved", "end", "correction"]


@dataclass(frozen=True, kw_only=True)
class ChainProblem:
    """One place where the ledger is not what was written."""

    kind: Kind
    sequence: int | None
    """Number of the event it is about; the first one of a run."""
    words: str
    event: str | None = None
    correction_id: str | None = None
    field: str | None = None
    """The column that does not fit, when that can be told."""


@dataclass(frozen=True, kw_only=True)
class ChainReport:
    """Result of verifying the chain; `head` is what an outsider may note down to detect a rewritten history."""

    events: int
    head: str
    problems: tuple[ChainProblem, ...]
    anchor: Anchor | None = None
    """What archived the beginning of the chain, when that is gone."""

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found."""
        return not self.problems
