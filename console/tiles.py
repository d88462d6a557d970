"""The six figures of the overview: value, trend, and one comparison against something named."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from console import format
from console.charts import sparkline
from console.context import Scope, Window
from console.published import Published, Row


@dataclass(frozen=True)
class Kind:
    """How one metric is shown: its short name, where it leads, and which way is good."""

    name: str
    href: str
    about: str
    is_good_when_low: bool | None = False
    """None when nobody has said which way is good: then the change is shown and not judged."""
    has_units: bool = False
    """Whether the figure can be computed for a part of the firm."""


KINDS = {
    "util_net": Kind("Billable utilization", "/utilization", "approved billable on net available hours", False, True),
    "revenue_rc": Kind("Revenue recognized", "/revenue", "at the month's average rate", False, True),
    "unbilled_rc": Kind("Unbilled work", "/revenue", "recognized and not yet billed, netted per contract", True),
    "money_at_risk_rc": Kind("Money at risk", "/findings", "open findings, each amount once", True, True),
    "overdue_ar_rc": Kind("Overdue receivables", "/receivables", "past due at month end, tax included", True),
    "dso_simple": Kind("Days sales outstanding", "/receivables", "receivables on three months of billing", True),
}  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """One figure, ready to be shown."""

    id: str
    name: str
    about: str
    period: str
    value: str
    delta: str | None
    arrow: str
    verdict: str
    words: str
    comparison: str
    spark: Markup
    href: str
    is_whole_firm: bool


AIMS = ("plan", "target")
CURRENCY = re.compile("[A-Z]{3}")


def tiles(copy: Published, scope: Scope, window: Window, *, everything: bool = False) -> list[Tile]:
    """The six figures in order, or `everything` the summary holds.

    Under a filter, what cannot be split by it is shown for the whole firm and says so.
    People who see only some business units get a dash there: the whole firm's figure is not theirs.
    """
    rows = {
        row["metric_id"]: {**row, "trend": _trend(row["trend_json"])}
        for row in copy.rows("select * from leadership.rpt_executive_summary order by metric_order")
    }
    found = []
    for metric in rows if everything else KINDS:
        row = rows.get(metric)
        if row is None:
            continue
        kind = KINDS.get(metric) or Kind(
            row["metric_name"], "/metrics/rpt_executive_month", row["note"] or "", None
        )
        if scope.is_narrowed and kind.has_units:
            row = {**row, **_narrowed(copy, scope, window, metric)}
        elif not scope.sees_all:
            row = {**row, "value": None, "comparison_value": None, "trend": []}
        found.append(_tile(row, kind, scope, scope.is_narrowed and not kind.has_units))
    return found


def _tile(row: Row, kind: Kind, scope: Scope, is_whole_firm: bool) -> Tile:
    value, other, unit = row["value"], row["comparison_value"], row["unit"]
    gap = None if value is None or other is None else value - other
    is_better = None if not gap or kind.is_good_when_low is None else (gap < 0) == kind.is_good_when_low
    return Tile(
        id=row["metric_id"],
        name=kind.name,
        about=kind.about,
        period=_period(row["period"]),
        value=show_value(value, unit),
        delta=_delta(gap, unit),
        arrow="" if gap is None else _arrow(gap),
        verdict={None: "", True: "good", False: "bad"}[is_better],
        words={None: "", True: "better", False: "worse"}[is_better],
        comparison=_comparison(row["comparison_label"], other, unit),
        spark=sparkline(row["trend"], f"{kind.name}, last {len(row['trend'])} closed months"),
        href=scope.url(kind.href),
        is_whole_firm=is_whole_firm,
    )


def show_value(value: Decimal | None, unit: str) -> str:
    """A figure in its unit, short; a dash where nothing is known."""
    if value is None:
        return format.DASH
    if unit == "ratio":
        return format.percent(value)
    if unit == "days":
        return f"{format.whole(value)} days"
    if CURRENCY.fullmatch(unit):
        return format.money_short(value, unit)
    return format.whole(value) if unit in ("count", "number") else f"{format.hours(value)} {unit}"


def _delta(gap: Decimal | None, unit: str) -> str | None:
    if gap is None:
        return None
    if not gap:
        return "unchanged"
    if unit == "ratio":
        return format.points(gap)
    return f"{format.MINUS if gap < 0 else '+'}{show_value(abs(gap), unit)}"


def _arrow(gap: Decimal) -> str:
    return "▲" if gap > 0 else "▼" if gap < 0 else "■"


def _comparison(label: str | None, other: Decimal | None, unit: str) -> str:
    if other is None:
        return f"no {label}" if label in AIMS else ""
    if label in AIMS:
        return f"against {label} {show_value(other, unit)}"
    return f"against {show_value(other, unit)} {'the month before' if label == 'month before' else label}"


def _period(text: str) -> str:
    if len(text) == 7:
        return format.month(date.fromisoformat(f"{text}-01"))
    return format.day(date.fromisoformat(text[:10]))


def _trend(text: str | None) -> list[Decimal | None]:
    points = json.loads(text, parse_float=Decimal, parse_int=Decimal) if text else []
    return [point["value"] for point in points]


def _narrowed(copy: Published, scope: Scope, window: Window, metric: str) -> Row:
    """Value, comparison and trend of a metric for a part of the firm, by the same rules as the firm's figure."""
    months = _READERS[metric](copy, scope)
    inside = [row for row in months if row["month"] <= window.last][-12:]
    last = next((row for row in inside if row["month"] == window.last), None)
    facts: Row = {
        "value": last["value"] if last else None,
        "comparison_value": last["other"] if last else None,
        "trend": [row["value"] for row in inside],
    }
    if metric == "money_at_risk_rc":
        facts |= {"comparison_value": facts["value"], "value": _open_now(copy, scope)}
    return facts


def _utilization(copy: Published, scope: Scope) -> Sequence[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        "select month, sum(billable_hours) as billable, sum(net_hours) as net, sum(net_hours * target) as aimed, "  # noqa: S608
        "sum(net_hours) filter (where target is not null) as aimed_net "
        f"from leadership.rpt_utilization_month where {where} group by month order by month",
        parameters,
    )
    return [
        {
            "month": row["month"],
            "value": format.ratio(row["billable"], row["net"]),
            "other": format.ratio(row["aimed"], row["aimed_net"]),
        }
        for row in rows
    ]


def _revenue(copy: Published, scope: Scope) -> Sequence[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    return copy.rows(
        "select month, sum(revenue_rc) as value, sum(plan_rc) as other from leadership.rpt_revenue_month "  # noqa: S608
        f"where {where} group by month order by month",
        parameters,
    )


def _at_risk(copy: Published, scope: Scope) -> Sequence[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id", alias="f")
    return copy.rows(
        "select m.month, sum(f.amount_at_risk_rc) as value, null as other from leadership.rpt_month m "  # noqa: S608
        "left join leadership.rpt_findings f on f.occurred_on <= m.month_end and f.is_primary_cause "
        f"and {where} where not m.is_open_month group by m.month order by m.month",
        parameters,
    )


def _open_now(copy: Published, scope: Scope) -> Decimal | None:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    row = copy.one(
        "select sum(amount_at_risk_rc) as amount from leadership.rpt_findings "  # noqa: S608
        f"where is_primary_cause and {where}",
        parameters,
    )
    return row["amount"] if row else None


_READERS = {"util_net": _utilization, "revenue_rc": _revenue, "money_at_risk_rc": _at_risk}
