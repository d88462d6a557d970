"""Revenue: months against plan, companies and practices, clients, projects, then one project and its invoices."""

from __future__ import annotations

from dataclasses import dataclass
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
from console.context import Scope, Window, configuration, page, parse_month, published, window
from console.published import Published, Row

CLIENTS_CHARTED = 12
PROJECTS_SHOWN = 40
DIMENSIONS = {
    "practice_id": ("Practice", "canonical.dim_practice", "practice_name"),
    "legal_entity_id": ("Company", "canonical.dim_legal_entity", "legal_entity_name"),
}


@dataclass(frozen=True)
class Narrowing:
    """What the page is about beyond the filters: one month, one client."""

    month: date | None
    customer_id: str | None

    @property
    def query(self) -> dict[str, str | None]:
        """The narrowing as it stands in the URL."""
        return {"month": self.month.isoformat() if self.month else None, "customer_id": self.customer_id}

    def where(self, shown: Window) -> tuple[str, list[Any]]:
        """The condition over rpt_revenue_project and its parameters."""
        parts = ["month between ? and ?"]
        parameters: list[Any] = [self.month or shown.first, self.month or shown.last]
        if self.customer_id:
            parts.append("customer_id = ?")
            parameters.append(self.customer_id)
        return " and ".join(parts), parameters


async def show(request: Request) -> Response:
    """GET /revenue: months against plan, then clients and projects; `month` and `customer_id` narrow it."""
    scope = Scope.of(request, current_user(request))
    month, customer = request.query_params.get("month"), request.query_params.get("customer_id")
    narrow = Narrowing(parse_month(month) if month else None, customer or None)
    currency = configuration(request).firm.reporting_currency
    most = None if request.query_params.get("show") == "all" else PROJECTS_SHOWN
    context = await run_in_threadpool(_gather, published(request), scope, narrow, most, currency)
    return await page(request, "revenue.html", "revenue", **context)


def _gather(
    copy: Published, scope: Scope, narrow: Narrowing, most: int | None, currency: str
) -> dict[str, Any]:
    shown = window(copy, scope)
    if shown is None:
        return {"window": None}
    months = (
        _months_of_client(copy, scope, narrow, shown)
        if narrow.customer_id
        else months_against_plan(copy, scope, shown)
    )
    projects = _projects(copy, scope, narrow, shown)
    rest = projects[most:] if most else []
    return {
        "window": shown,
        "months": months,
        "bars": [month_bar(row, scope, currency, narrow.customer_id) for row in months],
        "year": {name: total(months, name) for name in ("revenue", "plan", "invoiced")},
        "parts": [] if narrow.customer_id else _parts(copy, scope, narrow, shown),
        "clients": _clients(projects, scope, narrow, currency),
        "projects": projects[:most],
        "rest": {
            "count": len(rest),
            **{name: total(rest, name) for name in ("revenue", "invoiced", "hours")},
        },
        "totals": {name: total(projects, name) for name in ("revenue", "invoiced", "hours")},
        "narrow": narrow,
        "client_name": projects[0]["customer_name"] if narrow.customer_id and projects else None,
        "currency": currency,
        "keep": narrow.query,
        "show_all": scope.url("/revenue", **narrow.query, show="all"),
    }


def months_against_plan(copy: Published, scope: Scope, shown: Window) -> list[Row]:
    """Recognized, planned and invoiced by month, oldest first. No plan for a single business unit."""
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    return copy.rows(
        "select month, sum(revenue_rc) as revenue, sum(plan_rc) as plan, sum(invoiced_rc) as invoiced "  # noqa: S608
        f"from leadership.rpt_revenue_month where month between ? and ? and {where} "
        "group by month order by month",
        [shown.first, shown.last, *parameters],
    )


def _months_of_client(copy: Published, scope: Scope, narrow: Narrowing, shown: Window) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    return copy.rows(
        "select month, sum(revenue_rc) as revenue, null as plan, sum(invoiced_rc) as invoiced "  # noqa: S608
        "from leadership.rpt_revenue_project where month between ? and ? and customer_id = ? "
        f"and {where} group by month order by month",
        [shown.first, shown.last, narrow.customer_id, *parameters],
    )


def month_bar(row: Row, scope: Scope, currency: str, customer_id: str | None = None) -> Bar:
    """One month's bar with its plan mark, leading to the month's projects."""
    return Bar(
        label=format.month(row["month"]),
        value=row["revenue"],
        text=format.money_short(row["revenue"], currency),
        mark=row["plan"],
        mark_text=f"plan {format.money_short(row['plan'], currency)}",
        href=scope.url("/revenue", month=row["month"].isoformat(), customer_id=customer_id),
    )


def _parts(copy: Published, scope: Scope, narrow: Narrowing, shown: Window) -> list[dict[str, Any]]:
    """Recognized against plan by practice and by company."""
    found = []
    for column, (title, table, name) in DIMENSIONS.items():
        where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id", alias="r")
        rows = copy.rows(
            f"select r.{column} as id, any_value(d.{name}) as name, sum(r.revenue_rc) as revenue, "  # noqa: S608
            "sum(r.plan_rc) as plan, sum(r.invoiced_rc) as invoiced from leadership.rpt_revenue_month r "
            f"left join {table} d using ({column}) where r.month between ? and ? and {where} "
            f"group by r.{column} order by revenue desc nulls last",
            [narrow.month or shown.first, narrow.month or shown.last, *parameters],
        )
        month = narrow.month.isoformat() if narrow.month else None
        for row in rows:
            row["attainment"] = format.ratio(row["revenue"], row["plan"])
            row["href"] = scope.url("/revenue", month=month, **{column: row["id"]}) if row["id"] else None
        found.append({"title": title, "rows": rows})
    return found


def _projects(copy: Published, scope: Scope, narrow: Narrowing, shown: Window) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    period, window_of = narrow.where(shown)
    rows = copy.rows(
        "select project_id, any_value(project_name) as project_name, customer_id, "  # noqa: S608
        "any_value(customer_name) as customer_name, any_value(currency) as currency, "
        "string_agg(distinct method, ', ' order by method) as method, sum(revenue_tc) as revenue_tc, "
        "sum(revenue_rc) as revenue, sum(invoiced_rc) as invoiced, sum(hours) as hours "
        f"from leadership.rpt_revenue_project where {period} and {where} "
        "group by project_id, customer_id order by revenue desc nulls last, project_id",
        [*window_of, *parameters],
    )
    for row in rows:
        row["href"] = scope.url(f"/revenue/project/{row['project_id']}") if row["project_id"] else None
    return rows


def _clients(projects: list[Row], scope: Scope, narrow: Narrowing, currency: str) -> list[Bar]:
    sums: dict[str | None, Decimal] = {}
    names: dict[str | None, str] = {}
    for row in projects:
        key = row["customer_id"]
        sums[key] = sums.get(key, Decimal(0)) + (row["revenue"] or 0)
        names[key] = row["customer_name"] or "No client"
    ranked = sorted(sums, key=lambda key: (-sums[key], names[key]))[:CLIENTS_CHARTED]
    month = narrow.month.isoformat() if narrow.month else None
    return [
        Bar(
            label=names[key],
            value=sums[key],
            text=format.money_short(sums[key], currency),
            href=scope.url("/revenue", customer_id=key, month=month) if key else None,
        )
        for key in ranked
    ]


async def project(request: Request) -> Response:
    """GET /revenue/project/{id}: months of one project, its invoices and its findings."""
    scope = Scope.of(request, current_user(request))
    project_id = request.path_params["project_id"]
    context = await run_in_threadpool(_project, published(request), scope, project_id)
    currency = configuration(request).firm.reporting_currency
    return await page(request, "revenue_project.html", "revenue", reporting=currency, **context)


def _project(copy: Published, scope: Scope, project_id: str) -> dict[str, Any]:
    where, parameters = scope.where()
    months = copy.rows(
        f"select * from leadership.rpt_revenue_project where project_id = ? and {where} order by month",  # noqa: S608
        [project_id, *parameters],
    )
    if not months:
        raise HTTPException(404)
    facts = copy.one("select * from canonical.dim_project where project_id = ?", [project_id])
    return {
        "months": months,
        "facts": facts,
        "name": months[0]["project_name"],
        "client": months[0]["customer_name"],
        "client_href": scope.url("/revenue", customer_id=months[0]["customer_id"]),
        "currency": months[0]["currency"],
        "invoices": copy.rows(
            "select invoice_number, document_type, invoice_date, due_date, invoice_status, currency, net_amount, "
            "net_amount_rc, open_amount, is_disputed, instance, source_id from canonical.fct_invoice "
            "where project_id = ? order by invoice_date, invoice_number",
            [project_id],
        ),
        "findings": copy.rows(
            f"select * from leadership.rpt_findings where project_id = ? and {where} "  # noqa: S608
            "order by amount_at_risk_rc desc nulls last",
            [project_id, *parameters],
        ),
        "totals": {
            name: total(months, name) for name in ("revenue_tc", "revenue_rc", "invoiced_rc", "hours")
        },
    }


def total(rows: list[Row], name: str) -> Decimal | None:
    """The sum of what is known, or None when nothing is."""
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known, Decimal(0)) if known else None
