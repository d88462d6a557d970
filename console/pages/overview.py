"""The executive overview: six figures, revenue against plan, utilization by practice, findings by money at risk."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console import format
from console.auth import current_user
from console.charts import Bar, sparkline
from console.context import Scope, closed_months, page, published
from console.published import Published, Row

GOOD_WHEN_LOW = {"open_findings_at_risk", "overdue", "dso_simple", "unbilled"}
TILE_LINKS = {
    "util_net": "/utilization",
    "revenue_recognized": "/revenue",
    "open_findings_at_risk": "/findings",
}


async def show(request: Request) -> Response:
    """GET /"""
    user = current_user(request)
    scope = Scope.of(request, user)
    context = await run_in_threadpool(_gather, published(request), scope, request.app.state.config)
    return await page(request, "overview.html", "overview", **context)


def _gather(copy: Published, scope: Scope, config: Any) -> dict[str, Any]:
    last, open_month = closed_months(copy)
    currency = config.firm.reporting_currency
    return {
        "tiles": [
            _tile(row, currency) for row in copy.rows("select * from leadership.rpt_executive_summary")
        ],
        "last": last,
        "open_month": open_month,
        "revenue": _revenue(copy, scope, last, currency),
        "practices": _practices(copy, scope, last),
        "checks": _checks(copy, scope, currency),
        "currency": currency,
        "top": _top(copy, scope),
    }


def _tile(row: Row, currency: str) -> dict[str, Any]:
    value, other = row["value"], row["comparison_value"]
    show = {
        "ratio": format.percent,
        "money": lambda amount: format.money_short(amount, currency),
        "days": lambda amount: format.whole(amount),
        "count": lambda amount: format.whole(amount),
    }[row["unit"]]
    trend = [None if v is None else Decimal(str(v)) for v in _trend(row["trend_json"])]
    tile = {
        "id": row["metric_id"],
        "name": row["metric_name"],
        "period": row["period"],
        "value": show(value) + (" days" if row["unit"] == "days" and value is not None else ""),
        "spark": sparkline(trend, f"{row['metric_name']}, last {len(trend)} months"),
        "href": TILE_LINKS.get(row["metric_id"]),
        "label": row["comparison_label"],
        "delta": None,
        "verdict": "",
        "arrow": "",
        "reference": None if other is None else show(other),
    }
    if value is not None and other is not None:
        gap = value - other
        tile["delta"] = (
            format.points(gap)
            if row["unit"] == "ratio"
            else f"{'+' if gap >= 0 else format.MINUS}{show(abs(gap))}"
        )
        tile["arrow"] = "▲" if gap >= 0 else "▼"
        is_good = (gap <= 0) if row["metric_id"] in GOOD_WHEN_LOW else (gap >= 0)
        tile["verdict"] = "good" if is_good else "bad"
    return tile


def _trend(text: str | None) -> list[Any]:
    """The values of a trend: a JSON list of figures, or of {month, value}."""
    entries = json.loads(text, parse_float=str) if text else []
    return [entry["value"] if isinstance(entry, dict) else entry for entry in entries]


def _revenue(copy: Published, scope: Scope, last: Any, currency: str) -> list[Bar]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        "select month, sum(revenue_rc) as revenue, sum(plan_rc) as plan from leadership.rpt_revenue_month "  # noqa: S608
        f"where month <= ? and {where} group by month order by month desc limit 12",
        [last, *parameters],
    )
    return [
        Bar(
            label=format.month(row["month"]),
            value=row["revenue"],
            text=format.money_short(row["revenue"], currency),
            mark=row["plan"],
            mark_text=f"plan {format.money_short(row['plan'], currency)}",
            href=scope.url("/revenue", month=row["month"].isoformat()),
        )
        for row in reversed(rows)
    ]


def _practices(copy: Published, scope: Scope, last: Any) -> list[Bar]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        "select practice_id, practice_name, sum(billable_hours) as billable, sum(net_hours) as net, "  # noqa: S608
        f"max(target) as target from leadership.rpt_utilization_month where month = ? and {where} "
        "group by all order by practice_name",
        [last, *parameters],
    )
    bars = [
        Bar(
            label=row["practice_name"],
            value=format.ratio(row["billable"], row["net"]),
            text=format.percent(format.ratio(row["billable"], row["net"])),
            mark=row["target"],
            mark_text=f"target {format.percent(row['target'])}",
            href=scope.url("/utilization/people", practice_id=row["practice_id"], month=last.isoformat()),
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
    return [
        {
            **row,
            "bar": Bar(
                label=f"{row['check_id']} {row['check_name']}",
                value=row["at_risk"] or Decimal(0),
                text=format.money_short(row["at_risk"] or Decimal(0), currency),
                href=scope.url("/findings", check_id=row["check_id"]),
            ),
        }
        for row in rows
    ]


def _top(copy: Published, scope: Scope) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    return copy.rows(
        "select finding_id, check_id, severity, title, customer_name, project_name, owner_role, age_days, "  # noqa: S608
        f"amount_at_risk_rc from leadership.rpt_findings where is_primary_cause and {where} "
        "order by amount_at_risk_rc desc nulls last, finding_id limit 8",
        parameters,
    )
