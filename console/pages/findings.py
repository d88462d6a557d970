"""Findings: what disagrees, what it costs, who owns it, and the records of each system side by side."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import format
from console.auth import current_user
from console.charts import Bar
from console.context import Scope, configuration, outbox, page, page_number, published
from console.published import Published, Row
from console.records import side_by_side
from reverse_etl.models import Filter
from reverse_etl.outbox import Outbox

PAGE = 50
CLIENTS = 8
NARROWING = ("check_id", "severity", "owner_role", "customer_id")


async def listing(request: Request) -> Response:
    """GET /findings: filterable list, largest money at risk first, a page at a time."""
    scope = Scope.of(request, current_user(request))
    narrow = {name: request.query_params[name] for name in NARROWING if request.query_params.get(name)}
    currency = configuration(request).firm.reporting_currency
    context = await run_in_threadpool(
        _list, published(request), scope, narrow, page_number(request), currency
    )
    return await page(request, "findings.html", "findings", **context)


def _list(
    copy: Published, scope: Scope, narrow: dict[str, str], number: int, currency: str
) -> dict[str, Any]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    narrowed = where + "".join(f" and {name} = ?" for name in narrow)
    values = [*parameters, *narrow.values()]
    rows = copy.rows(
        f"select * from leadership.rpt_findings where {narrowed} "  # noqa: S608
        "order by amount_at_risk_rc desc nulls last, severity, occurred_on, finding_id "
        f"limit {PAGE} offset {PAGE * (number - 1)}",
        values,
    )
    total = copy.one(
        "select count(*) as findings, sum(amount_at_risk_rc) filter (where is_primary_cause) as at_risk "  # noqa: S608
        f"from leadership.rpt_findings where {narrowed}",
        values,
    )
    count = total["findings"] if total else 0

    def turn(to: int) -> str:
        return scope.url("/findings", **narrow, page=str(to))

    checks = _checks(copy, scope, narrow)
    clients = _clients(copy, scope, narrow)
    return {
        "rows": rows,
        "total": total,
        "narrow": narrow,
        "checks": checks,
        "found": [row for row in checks if row["findings"] or row["check_id"] == narrow.get("check_id")],
        "quiet": [row for row in checks if row["is_evaluated"] and not row["findings"]],
        "clients": clients,
        "bars": _client_bars(clients, scope, narrow, currency),
        "owners": copy.rows("select distinct owner_role from leadership.rpt_findings order by 1"),
        "severities": ["S1", "S2", "S3", "S4"],
        "all_href": scope.url("/findings", **{**narrow, "check_id": None}),
        "first": PAGE * (number - 1) + 1,
        "earlier": turn(number - 1) if number > 1 else None,
        "later": turn(number + 1) if PAGE * number < count else None,
    }


def _checks(copy: Published, scope: Scope, narrow: dict[str, str]) -> list[Row]:
    """Every check with its open findings in scope, most money first: the strip above the list."""
    rest = {name: value for name, value in narrow.items() if name != "check_id"}
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id", alias="f")
    where += "".join(f" and f.{name} = ?" for name in rest)
    rows = copy.rows(
        "select c.check_id, c.check_name, c.is_evaluated, c.reason, count(f.finding_id) as findings, "  # noqa: S608
        "sum(f.amount_at_risk_rc) filter (where f.is_primary_cause) as at_risk "
        "from reconciliation.fct_check_run c left join leadership.rpt_findings f "
        f"on f.check_id = c.check_id and {where} group by all order by at_risk desc nulls last, c.check_id",
        [*parameters, *rest.values()],
    )
    for row in rows:
        row["href"] = scope.url("/findings", **{**narrow, "check_id": row["check_id"]})
    return rows


def _clients(copy: Published, scope: Scope, narrow: dict[str, str]) -> list[Row]:
    """Every client with open findings in scope and filters, most money first."""
    rest = {name: value for name, value in narrow.items() if name != "customer_id"}
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    where += "".join(f" and {name} = ?" for name in rest)
    return copy.rows(
        "select customer_id, coalesce(any_value(customer_name), customer_id) as customer_name, count(*) as findings, "  # noqa: S608
        "sum(amount_at_risk_rc) filter (where is_primary_cause) as at_risk "
        f"from leadership.rpt_findings where customer_id is not null and {where} "
        "group by customer_id order by at_risk desc nulls last, customer_name",
        [*parameters, *rest.values()],
    )


def _client_bars(clients: list[Row], scope: Scope, narrow: dict[str, str], currency: str) -> list[Bar]:
    return [
        Bar(
            label=row["customer_name"],
            value=row["at_risk"],
            text=f"{format.money_short(row['at_risk'], currency)} · {row['findings']}",
            href=scope.url("/findings", **{**narrow, "customer_id": row["customer_id"]}),
        )
        for row in clients[:CLIENTS]
        if row["at_risk"]
    ]


async def detail(request: Request) -> Response:
    """GET /findings/{id}: the finding, each system's record, and what is being done."""
    scope = Scope.of(request, current_user(request))
    finding_id = request.path_params["finding_id"]
    context = await run_in_threadpool(_detail, published(request), outbox(request), scope, finding_id)
    return await page(request, "finding.html", "findings", **context)


def _detail(copy: Published, ledger: Outbox, scope: Scope, finding_id: str) -> dict[str, Any]:
    where, parameters = scope.where()
    finding = copy.one(
        f"select * from leadership.rpt_findings where finding_id = ? and {where}",  # noqa: S608
        [finding_id, *parameters],
    )
    if finding is None:
        raise HTTPException(404)
    return {
        "finding": finding,
        "records": side_by_side(copy, [finding_id]),
        "corrections": ledger.list(Filter(finding_id=finding_id, business_units=scope.visible_units())),
        "list_href": scope.url("/findings"),
        "check_href": scope.url("/findings", check_id=finding["check_id"]),
        "project_href": (
            scope.url(f"/revenue/project/{finding['project_id']}") if finding["project_id"] else None
        ),
    }
