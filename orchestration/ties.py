"""Tie-outs before anything is published: the same figure at every stage, from the vendor's page to the reports.

Reads the build file, as what does not tie is not published. Rows, minutes and money of the latest reads, receivables
and contract positions against the general ledger come from the model of check X03; what leadership sees is added up
here from the `rpt_` tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from config.paths import Home
from ingestion.warehouse import warehouse_lock

_MODEL = """
select coalesce(legal_entity_id, instance) as subject, tie, coalesce(currency, '') as unit,
       from_stage, from_amount, to_stage, to_amount
from reconciliation.rec_x03_tie
"""
# what leadership sees of the marts: one row per legal entity
_REPORTS = {
    # contractors have no target, so utilization leaves them out
    ("billable hours of staff", "h"): (
        "select employing_legal_entity_id as entity, sum(hours) as amount from canonical.fct_time_entry "
        "join canonical.dim_resource using (resource_id) "
        "where is_billable and is_approved and not is_contractor group by 1",
        "select legal_entity_id as entity, sum(billable_hours) as amount from leadership.rpt_utilization_month "
        "group by 1",
    ),
    ("recognised revenue", "RC"): (
        "select legal_entity_id as entity, sum(revenue_rc) as amount from canonical.fct_revenue_month group by 1",
        "select legal_entity_id as entity, sum(revenue_rc) as amount from leadership.rpt_revenue_month group by 1",
    ),
    # the page shows invoices at the company that holds the contract; one of another company is a finding of B04
    ("invoiced on its contracts", "RC"): (
        "select coalesce(project.legal_entity_id, invoice.legal_entity_id) as entity, sum(net_amount_rc) as amount "
        "from canonical.fct_invoice as invoice left join canonical.dim_project as project using (project_id) "
        "where invoice_status in ('open', 'paid') group by 1",
        "select legal_entity_id as entity, sum(invoiced_rc) as amount from leadership.rpt_revenue_month group by 1",
    ),
}


@dataclass(frozen=True)
class Tie:
    """One figure at two stages."""

    subject: str  # legal entity, or instance where a read is meant
    name: str
    unit: str
    from_stage: str
    from_amount: Decimal
    to_stage: str
    to_amount: Decimal

    @property
    def difference(self) -> Decimal:
        """What the second stage lacks."""
        return self.from_amount - self.to_amount


def read_ties(home: Home) -> list[Tie]:
    """All ties of the newest build, by subject. Raises RuntimeError when nothing was built."""
    if not home.warehouse.exists():
        raise RuntimeError("nothing has been built yet; run `make run`, or sync and the reconcile job")
    with warehouse_lock(home), duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = [Tie(*row) for row in connection.execute(_MODEL).fetchall()]
        for (name, unit), (mart, report) in _REPORTS.items():
            rows = connection.execute(
                f"select coalesce(m.entity, r.entity, '(none)'), coalesce(m.amount, 0), coalesce(r.amount, 0) "  # noqa: S608
                f"from ({mart}) as m full join ({report}) as r on m.entity is not distinct from r.entity"
            ).fetchall()
            found += [
                Tie(entity, name, unit, "canonical", left, "report", right) for entity, left, right in rows
            ]
    return sorted(found, key=lambda tie: (tie.subject, tie.name, tie.unit, tie.from_stage))


def lines(ties: Iterable[Tie]) -> Iterable[str]:
    """The ties as a table, a heading per subject."""
    subject = ""
    for tie in ties:
        if tie.subject != subject:
            subject = tie.subject
            yield f"\n{subject}"
        mark = "" if tie.difference == 0 else "  <--"
        yield (
            f"  {tie.name[:34]:<34} {tie.unit:<3} {tie.from_stage[:24]:<24} {tie.from_amount:>20,.2f}  "
            f"{tie.to_stage[:14]:<14} {tie.to_amount:>20,.2f}  {tie.difference:>14,.4f}{mark}"
        )
