"""The catalogue of metrics: each as numerators over denominators, added up in scope before they are divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from console import format
from console.charts import sparkline
from console.context import Scope, Window
from console.published import Published, Row
from console.tiles import show_value


@dataclass(frozen=True)
class Line:
    """One metric, ready to be shown."""

    id: str
    name: str
    section: str
    value: str
    formula: str
    spark: Markup
    href: str | None


def catalogue(copy: Published, scope: Scope, window: Window) -> list[Line]:
    """Every metric of the copy in the order of its catalogue; none when the build has no catalogue.

    A metric whose companies do not add up has rows of the whole group: those count for the whole firm, and only there.
    """
    if not copy.one("select 1 as one from information_schema.tables where table_name = 'rpt_metric_month'"):
        return []
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    sums = copy.rows(
        "select metric_id, month, sum(numerator) as above, sum(denominator) as below, any_value(unit) as unit, "  # noqa: S608
        "bool_or(is_ratio) as is_ratio from leadership.rpt_metric_month as m "
        "where month between ? and ? and is_group = (? and exists (select 1 from leadership.rpt_metric_month as g "
        f"where g.metric_id = m.metric_id and g.is_group)) and {where} group by metric_id, month",
        [window.first, window.last, not scope.is_narrowed, *parameters],
    )
    months = _months(window)
    metrics = copy.rows("select * from leadership.rpt_metric order by section, metric_id")
    return [
        _line(row, [one for one in sums if one["metric_id"] == row["metric_id"]], months, scope)
        for row in metrics
    ]


def _line(metric: Row, sums: Sequence[Row], months: Sequence[date], scope: Scope) -> Line:
    by_month = {
        row["month"]: format.ratio(row["above"], row["below"]) if row["is_ratio"] else row["above"]
        for row in sums
    }
    unit = sums[0]["unit"] if sums else metric["unit"]
    below = f" over {metric['denominator']}" if metric["denominator"] else ""
    return Line(
        id=metric["metric_id"],
        name=metric["metric_name"],
        section=metric["section"],
        value=show_value(by_month.get(months[-1]), unit),
        formula=f"{metric['numerator']}{below}",
        spark=sparkline(
            [by_month.get(month) for month in months], f"{metric['metric_name']}, {len(months)} months"
        ),
        href=scope.url(f"/metrics/{metric['model_name']}"),
    )


def _months(window: Window) -> list[date]:
    months = [window.first]
    while months[-1] < window.last:
        last = months[-1]
        months.append(date(last.year + last.month // 12, last.month % 12 + 1, 1))
    return months
