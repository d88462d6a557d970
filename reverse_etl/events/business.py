"""Events of the business, derived from the published copy after each build: the same fact is one event for ever.

The ledger cannot share a transaction with a vendor, so these follow what was read. A record's event is announced
once, with the facts of the first read that showed it. What was already so when an instance was first read is
recorded as baseline: replay can send it, delivery on its own does not, so that an acquired company's history does not
arrive as today's news.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from config.clock import Clock
from reverse_etl.events import log, types
from reverse_etl.ledger import writing
from reverse_etl.ledger.schema import event_feed
from reverse_etl.proposals import as_utc
from reverse_etl.values import digest
from reverse_etl.warehouse import Published

_INSTANCES = "SELECT DISTINCT _instance AS instance FROM raw_landing.sync_run WHERE status = 'ok' ORDER BY 1"
_CUSTOMER = "LEFT JOIN canonical.dim_customer AS c ON c.customer_id = f.customer_id"
# Each gives the data's facts, and `subject` and `occurred_at` (the source's own time of the record) beside them.
QUERIES: Mapping[types.EventType, str] = {
    types.OPPORTUNITY_WON: f"""
        SELECT f.opportunity_id AS subject, coalesce(f.source_modified_at, f.loaded_at) AS occurred_at,
            f.instance, f.source_id AS record_id, f.opportunity_id, f.opportunity_name, c.customer_name,
            f.close_date, f.amount, f.services_amount, f.currency, f.contract_type, f.legal_entity_id,
            f.business_unit_id, f.practice_id
        FROM canonical.fct_opportunity AS f {_CUSTOMER}
        WHERE f.is_won
    """,  # noqa: S608 - only the constant above is put in
    types.PROJECT_INITIATED: f"""
        SELECT f.project_id AS subject, coalesce(f.source_modified_at, f.loaded_at) AS occurred_at,
            f.instance, f.source_id AS record_id, f.project_id, f.project_code, f.project_name,
            f.opportunity_id, c.customer_name, f.contract_type, f.start_date, f.end_date, f.budget_amount,
            f.budget_hours, f.currency, f.legal_entity_id, f.business_unit_id, f.practice_id
        FROM canonical.dim_project AS f {_CUSTOMER}
        WHERE f.project_status <> 'draft'
    """,  # noqa: S608 - only the constant above is put in
    types.TIMESHEET_SUBMITTED: """
        WITH seen AS (
            SELECT instance, cast(max(loaded_at) AS date) AS day FROM canonical.fct_time_entry GROUP BY instance
        ),
        weeks AS (
            SELECT instance, resource_id, cast(date_trunc('week', work_date) AS date) AS week_start,
                max(coalesce(source_created_at, loaded_at)) AS occurred_at, sum(hours) AS hours,
                coalesce(sum(hours) FILTER (WHERE is_billable), 0) AS billable_hours,
                coalesce(sum(hours) FILTER (WHERE is_approved), 0) AS approved_hours,
                count(*) AS entries, count(DISTINCT project_id) AS projects
            FROM canonical.fct_time_entry GROUP BY ALL
        )
        SELECT weeks.resource_id || '/' || weeks.week_start AS subject, weeks.*
        FROM weeks INNER JOIN seen ON seen.instance = weeks.instance
        WHERE weeks.week_start + INTERVAL 7 DAY <= seen.day
    """,
    types.MILESTONE_COMPLETED: """
        SELECT f.milestone_id AS subject, coalesce(f.source_modified_at, f.loaded_at) AS occurred_at,
            f.instance, f.source_id AS record_id, f.milestone_id, f.milestone_title, f.project_id,
            p.project_name, f.due_date, f.accepted_on, f.amount, f.currency, f.erp_instance,
            f.erp_schedule_line_id, p.legal_entity_id, p.business_unit_id
        FROM canonical.fct_milestone AS f
        LEFT JOIN canonical.dim_project AS p ON p.project_id = f.project_id
        WHERE f.is_complete
    """,
    types.INVOICE_POSTED: f"""
        SELECT f.invoice_id AS subject, coalesce(f.source_modified_at, f.loaded_at) AS occurred_at,
            f.instance, f.source_id AS record_id, f.invoice_id, f.invoice_number, f.document_type,
            c.customer_name, f.project_id, f.opportunity_id, f.legal_entity_id, f.invoice_date, f.due_date,
            f.posting_period_start, f.currency, f.net_amount, f.tax_amount, f.gross_amount, f.net_amount_rc
        FROM canonical.fct_invoice AS f {_CUSTOMER}
        WHERE f.invoice_status IN ('open', 'paid')
    """,  # noqa: S608 - only the constant above is put in
    types.CHANGE_APPROVED: """
        SELECT f.change_request_id AS subject, coalesce(f.source_modified_at, f.loaded_at) AS occurred_at,
            f.instance, f.source_id AS record_id, f.change_request_id, f.change_request_name,
            f.opportunity_id, o.opportunity_name, f.amount, f.currency, f.approved_on, o.legal_entity_id,
            o.business_unit_id
        FROM canonical.fct_change_request AS f
        LEFT JOIN canonical.fct_opportunity AS o ON o.opportunity_id = f.opportunity_id
        WHERE f.approved_on IS NOT NULL
    """,
}


@dataclass(frozen=True, kw_only=True)
class Derived:
    """What a derivation added to the log."""

    announced: int
    baseline: int


def derive(engine: sa.Engine, published: Published, clock: Clock) -> Derived:
    """Record the business events the published copy shows and the log does not hold.

    All of one copy commit together, so a derivation that is killed leaves nothing half announced.
    Raises `PublishedCopyError` when the copy or one of its tables is missing.
    """
    statements = {type_.name: query for type_, query in QUERIES.items()} | {"instances": _INSTANCES}
    tables = published.read(statements)
    now = clock()
    with writing(engine) as connection:
        followed = _followed(connection)
        found = [
            _event(type_, row, is_baseline=(type_.name, row["instance"]) not in followed)
            for type_ in QUERIES
            for row in tables[type_.name]
        ]
        baseline = log.record(connection, [one for one in found if one.is_baseline], now)
        announced = log.record(connection, [one for one in found if not one.is_baseline], now)
        _follow(connection, followed, [row["instance"] for row in tables["instances"]], now)
    return Derived(announced=announced, baseline=baseline)


def _event(type_: types.EventType, row: Mapping[str, Any], *, is_baseline: bool) -> log.NewEvent:
    facts = dict(row)
    subject, occurred_at = facts.pop("subject"), as_utc(facts.pop("occurred_at"))
    return log.NewEvent(
        event_id=digest([type_.name, subject]),
        type=type_,
        source=f"/concord/{facts['instance']}",
        subject=subject,
        occurred_at=occurred_at,
        data=type_.data(**facts),
        is_baseline=is_baseline,
    )


def _followed(connection: sa.Connection) -> set[tuple[str, str]]:
    rows = connection.execute(sa.select(event_feed.c.type, event_feed.c.instance))
    return {(row.type, row.instance) for row in rows}


def _follow(
    connection: sa.Connection, followed: set[tuple[str, str]], instances: list[str], now: datetime
) -> None:
    """From now on, what appears in these instances is news."""
    fresh = [
        {"type": type_.name, "instance": instance, "followed_since": now}
        for type_ in QUERIES
        for instance in instances
        if (type_.name, instance) not in followed
    ]
    if fresh:
        connection.execute(event_feed.insert(), fresh)
