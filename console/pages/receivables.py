"""Receivables: what clients owe by age of the due date, and the invoices that add up to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console import format
from console.auth import current_user
from console.charts import Bar
from console.context import Scope, configuration, page, published
from console.published import Published, Row

BUCKETS = ("Not due", "1-30", "31-60", "61-90", "90+")
SHOWN = 50


async def show(request: Request) -> Response:
    """GET /receivables: open invoices as of the last read; `bucket` narrows to one age."""
    scope = Scope.of(request, current_user(request))
    chosen = request.query_params.get("bucket", "")
    currency = configuration(request).firm.reporting_currency
    context = await run_in_threadpool(_gather, published(request), scope, chosen, currency)
    return await page(request, "receivables.html", "overview", **context)


def _gather(copy: Published, scope: Scope, chosen: str, currency: str) -> dict[str, Any]:
    rows = _open_invoices(copy, scope, currency)
    ages = []
    for name in BUCKETS:
        inside = [row for row in rows if row["bucket"] == name]
        money = sum((row["open_rc"] or Decimal(0) for row in inside), Decimal(0))
        ages.append(
            Bar(
                label=name if name == "Not due" else f"{name} days",
                value=money,
                text=f"{format.money_short(money, currency)} · {len(inside)}",
                href=scope.url("/receivables", bucket=name),
            )
        )
    listed = [row for row in rows if not chosen or row["bucket"] == chosen]
    return {
        "ages": ages,
        "buckets": [("", "All"), *((name, name) for name in BUCKETS)],
        "bucket": chosen,
        "rows": listed[:SHOWN],
        "count": len(listed),
        "open_total": sum((row["open_rc"] or Decimal(0) for row in rows), Decimal(0)),
        "listed_total": sum((row["open_rc"] or Decimal(0) for row in listed), Decimal(0)),
        "disputed": sum((row["open_rc"] or Decimal(0) for row in rows if row["is_disputed"]), Decimal(0)),
        "currency": currency,
    }


def _open_invoices(copy: Published, scope: Scope, currency: str) -> list[Row]:
    """Open invoices, oldest due first, converted at the month's closing rate as the month-end figures are."""
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        "with moment as (select cast(max(detected_as_of) as date) as day from reconciliation.fct_check_run), "  # noqa: S608
        "rate as (select from_currency, arg_max(rate, rate_date) as rate from canonical.fct_fx_rate, moment "
        "where rate_type = 'closing' and to_currency = ? and rate_date <= moment.day group by from_currency), "
        "owed as (select i.invoice_number, i.instance, i.source_id, i.invoice_date, i.due_date, i.currency, "
        "i.open_amount, i.is_disputed, i.project_id, i.legal_entity_id, p.project_name, p.practice_id, "
        "p.business_unit_id, c.customer_name, date_diff('day', i.due_date, moment.day) as days_late, "
        "cast(i.open_amount * r.rate as decimal(18, 2)) as open_rc "
        "from canonical.fct_invoice i cross join moment left join rate r on r.from_currency = i.currency "
        "left join canonical.dim_project p on p.project_id = i.project_id "
        "left join canonical.dim_customer c on c.customer_id = i.customer_id "
        "where i.invoice_status = 'open' and i.document_type = 'invoice' and i.open_amount <> 0) "
        f"select * from owed where {where} order by due_date, invoice_number",
        [currency, *parameters],
    )
    for row in rows:
        row["bucket"] = bucket(row["days_late"])
        row["href"] = scope.url(f"/revenue/project/{row['project_id']}") if row["project_id"] else None
    return rows


def bucket(days_late: int | None) -> str:
    """The age of an invoice by days past due; due today is not late."""
    if days_late is None or days_late <= 0:
        return BUCKETS[0]
    return BUCKETS[min((days_late - 1) // 30 + 1, 4)]
