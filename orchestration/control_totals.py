"""Control totals that do not tie (X03): nothing is published then, and what reads those figures writes nothing.

The rows come from `rec_x03_hold` of the build file: every broken tie beside the checks whose systems it concerns.
Gaps in invoice numbers are findings of X03 as well, but say nothing against the figures: they stop nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

_BROKEN = """
select tie, instance, legal_entity_id, currency, from_stage, from_amount, to_stage, to_amount,
       list(check_id order by check_id)
from build.reconciliation.rec_x03_hold group by all order by all
"""


@dataclass(frozen=True)
class BrokenTie:
    """One figure that is not the same at two stages, and the checks that read it."""

    tie: str
    instance: str | None
    legal_entity_id: str | None
    currency: str | None
    from_stage: str
    from_amount: Decimal
    to_stage: str
    to_amount: Decimal
    checks: Sequence[str]

    @property
    def words(self) -> str:
        """Where, what, both figures, and what to do."""
        where = " ".join(part for part in (self.instance, self.legal_entity_id, self.currency) if part)
        figures = (
            f"{self.from_stage} {self.from_amount:,.2f}, {self.to_stage} {self.to_amount:,.2f}, "
            f"difference {self.from_amount - self.to_amount:,.2f}"
        )
        return f"{where}: {self.tie} does not tie ({figures}). What to do: {self.remedy}"

    @property
    def remedy(self) -> str:
        """A load is read again; books are mended where they are kept."""
        if self.instance:
            return f"read it again in full: `concord sync --full {self.instance}`, then reconcile."
        return "find the posting with `concord ties`, mend it in the ledger of the company, read again, then reconcile."


class NotTiedError(RuntimeError):
    """The build holds control totals that do not tie: the last good copy stays."""

    def __init__(self, broken: Sequence[BrokenTie]) -> None:
        self.broken = tuple(broken)
        super().__init__(f"nothing is published: {reason(self.broken)}")


def broken_ties(build: duckdb.DuckDBPyConnection) -> list[BrokenTie]:
    """Broken ties of the warehouse that is attached as `build`."""
    try:
        rows = build.execute(_BROKEN).fetchall()
    except duckdb.CatalogException as error:
        raise RuntimeError(
            "the build holds no reconciliation.rec_x03_hold; run the build before publishing"
        ) from error
    return [BrokenTie(*row) for row in rows]


def reason(broken: Sequence[BrokenTie], most: int = 3) -> str:
    """Broken ties in words, the first few of them."""
    more = f" And {len(broken) - most} more: `concord ties`." if len(broken) > most else ""
    return " ".join(one.words for one in broken[:most]) + more


def holds(broken: Sequence[BrokenTie]) -> Mapping[str, str]:
    """Check -> why its corrections wait."""
    checks = sorted({check for one in broken for check in one.checks})
    return {check: reason([one for one in broken if check in one.checks]) for check in checks}
