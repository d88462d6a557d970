"""Revenue against plan, and by client and project down to what was recognized and invoiced each month."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import format
from console.auth import current_user
from console.charts import Bar
from console.context import Scope, closed_months, page, published
from console.published import Published, Row

CLIENTS_CHARTED = 12


async def show(request: Request) -> Response:
    """GET /revenue: months against plan, then clients and projects; `month` narrows to one month."""
    scope = Scope.of(request, current_user(request))
    chosen = request.query_params.get("month")
    month = _month(chosen) if chosen else None
    currency = request.app.state.config.firm.reporting_currency
    context = await run_in_threadpool(_gather, published(request), scope, month, currency)
    return await page(request, "revenue.html", "revenue", **context)


def _gather(copy: Published, scope: Scope, month: date | None, currency: str) -> dict[str, Any]:
    last, open_month = closed_months(copy)
    months = _months(copy, scope, last)
    projects = _projects(copy, scope, last, month)
    clients: dict[str, dict[str, Any]] = {}
    for row in projects:
        client = clients.setdefault(
            row["customer_id"] or "", {"name": row["customer_name"] or "No client", "revenue": Decimal(0)}
        )
        client["revenue"] += row["revenue"] or 0
    ranked = sorted(clients.values(), key=lambda client: client["revenue"], reverse=True)
    return {
        "months": months,
        "bars": [_month_bar(row, scope, currency) for row in months],
        "clients": [
            Bar(client["name"], client["revenue"], format.money_short(client["revenue"], currency))
            for client in ranked[:CLIENTS_CHARTED]
        ],
        "projects": projects,
        "totals": {name: _sum(projects, name) for name in ("revenue", "invoiced", "hours")},
        "year": {name: _sum(months, name) for name in ("revenue", "plan", "invoiced")},
        "month": month,
        "last": last,
        "open_month": open_month,
        "currency": currency,
        "all_months": scope.url("/revenue"),
    }


def _months(copy: Published, scope: Scope, last: date | None) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        "select month, sum(revenue_rc) as revenue, sum(plan_rc) as plan, sum(invoiced_rc) as invoiced "  # noqa: S608
        f"from leadership.rpt_revenue_month where month <= ? and {where} group by month "
        "order by month desc limit 12",
        [last, *parameters],
    )
    return rows[::-1]


def _projects(copy: Published, scope: Scope, last: date | None, month: date | None) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    period = "month = ?" if month else "month <= ? and month > ?::date - interval 12 month"
    window: list[Any] = [month] if month else [last, last]
    rows = copy.rows(
        "select project_id, project_name, customer_id, customer_name, method, currency, "  # noqa: S608
        "sum(revenue_tc) as revenue_tc, sum(revenue_rc) as revenue, sum(invoiced_rc) as invoiced, "
        f"sum(hours) as hours from leadership.rpt_revenue_project where {period} and {where} "
        "group by all order by revenue desc nulls last, project_id",
        [*window, *parameters],
    )
    for row in rows:
        row["href"] = scope.url(f"/revenue/project/{row['project_id']}")
    return rows


def _month_bar(row: Row, scope: Scope, currency: str) -> Bar:
    return Bar(
        label=format.month(row["month"]),
        value=row["revenue"],
        text=format.money_short(row["revenue"], currency),
        mark=row["plan"],
        mark_text=f"plan {format.money_short(row['plan'], currency)}",
        href=scope.url("/revenue", month=row["month"].isoformat()),
    )


async def project(request: Request) -> Response:
    """GET /revenue/project/{id}: months of one project, its invoices and its findings."""
    scope = Scope.of(request, current_user(request))
    context = await run_in_threadpool(
        _project, published(request), scope, request.path_params["project_id"], request.app.state.config
    )
    return await page(request, "revenue_project.html", "revenue", **context)


def _project(copy: Published, scope: Scope, project_id: str, config: Any) -> dict[str, Any]:
    where, parameters = scope.where()
    months = copy.rows(
        f"select * from leadership.rpt_revenue_project where project_id = ? and {where} order by month",  # noqa: S608
        [project_id, *parameters],
    )
    if not months:
        raise HTTPException(404)
    return {
        "months": months,
        "name": months[0]["project_name"],
        "client": months[0]["customer_name"],
        "currency": months[0]["currency"],
        "reporting": config.firm.reporting_currency,
        "invoices": copy.rows(
            "select invoice_number, document_type, invoice_date, due_date, invoice_status, currency, net_amount, "
            "open_amount, is_disputed, instance, source_id from canonical.fct_invoice where project_id = ? "
            "order by invoice_date, invoice_number",
            [project_id],
        ),
        "findings": copy.rows(
            f"select * from leadership.rpt_findings where project_id = ? and {where} "  # noqa: S608
            "order by amount_at_risk_rc desc nulls last",
            [project_id, *parameters],
        ),
        "totals": {name: _sum(months, name) for name in ("revenue_tc", "revenue_rc", "invoiced_rc", "hours")},
    }


def _sum(rows: list[Row], name: str) -> Decimal | None:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known, Decimal(0)) if known else None


def _month(text: str) -> date:
    try:
        return date.fromisoformat(text).replace(day=1)
    except ValueError as error:
        raise HTTPException(404) from error
