"""The executive overview: six figures, revenue against plan, utilization by practice, findings by money at risk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console import format
from console.auth import current_user
from console.charts import Bar
from console.context import Scope, Window, configuration, outbox, page, published, window
from console.pages.approvals import TABS, in_states
from console.pages.revenue import month_bar, months_against_plan
from console.published import Published, Row
from console.tiles import tiles
from reverse_etl.outbox import Outbox

TOP = 7
BARS = 12


async def show(request: Request) -> Response:
    """GET /"""
    scope = Scope.of(request, current_user(request))
    currency = configuration(request).firm.reporting_currency
    context = await run_in_threadpool(_gather, published(request), outbox(request), scope, currency)
    return await page(request, "overview.html", "overview", **context)


def _gather(copy: Published, ledger: Outbox, scope: Scope, currency: str) -> dict[str, Any]:
    shown = window(copy, scope)
    if shown is None:
        return {"window": None}
    checks = _checks(copy, scope, currency)
    found = [row for row in checks if row["findings"]]
    return {
        "window": shown,
        "tiles": tiles(copy, scope, shown),
        "revenue": [month_bar(row, scope, currency) for row in months_against_plan(copy, scope, shown)],
        "practices": _practices(copy, scope, shown),
        "checks": checks,
        "bars": [row["bar"] for row in found[:BARS]],
        "more": len(found) - len(found[:BARS]),
        "quiet": sum(1 for row in checks if row["is_evaluated"] and not row["findings"]),
        "silent": [row for row in checks if not row["is_evaluated"]],
        "stages": _stages(ledger, scope),
        "currency": currency,
        "top": _top(copy, scope),
    }


def _practices(copy: Published, scope: Scope, shown: Window) -> list[Bar]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        "select practice_id, practice_name, sum(billable_hours) as billable, sum(net_hours) as net, "  # noqa: S608
        f"max(target) as target from leadership.rpt_utilization_month where month = ? and {where} "
        "group by all order by practice_name",
        [shown.last, *parameters],
    )
    bars = [
        Bar(
            label=row["practice_name"] or "No practice",
            value=format.ratio(row["billable"], row["net"]),
            text=format.percent(format.ratio(row["billable"], row["net"])),
            mark=row["target"],
            mark_text=f"target {format.percent(row['target'])}",
            href=scope.url(
                "/utilization/people", practice_id=row["practice_id"], month=shown.last.isoformat()
            ),
        )
        for row in rows
    ]
    return sorted(bars, key=lambda bar: bar.value or Decimal(0), reverse=True)


def _checks(copy: Published, scope: Scope, currency: str) -> list[dict[str, Any]]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id", alias="f")
    rows = copy.rows(
        "select c.check_id, c.check_name, c.is_evaluated, c.reason, count(f.finding_id) as findings, "  # noqa: S608
        "sum(f.amount_at_risk_rc) filter (where f.is_primary_cause) as at_risk "
        "from reconciliation.fct_check_run c left join leadership.rpt_findings f "
        f"on f.check_id = c.check_id and {where} group by all order by at_risk desc nulls last, c.check_id",
        parameters,
    )
    return [{**row, "bar": _check_bar(row, scope, currency)} for row in rows]


def _check_bar(row: Row, scope: Scope, currency: str) -> Bar:
    money = format.money_short(row["at_risk"], currency)
    count = f"{row['findings']} open" if row["is_evaluated"] else "not evaluated"
    return Bar(
        label=f"{row['check_id']} {row['check_name']}",
        value=row["at_risk"],
        text=f"{money} · {count}",
        href=scope.url("/findings", check_id=row["check_id"]),
    )


def _stages(ledger: Outbox, scope: Scope) -> list[dict[str, Any]]:
    """What is done about it: corrections by stage, as the approvals page counts them."""
    return [
        {
            "name": name,
            "count": len(in_states(ledger, scope, states)),
            "href": scope.url("/approvals", tab=tab),
        }
        for tab, (name, states) in TABS.items()
    ]


def _top(copy: Published, scope: Scope) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    return copy.rows(
        f"select * from leadership.rpt_findings where is_primary_cause and {where} "  # noqa: S608
        f"order by amount_at_risk_rc desc nulls last, finding_id limit {TOP}",
        parameters,
    )
