"""Metrics: every figure of the executive summary, and every published report as a table and as CSV.

Nothing here lists metrics or reports by name: a metric the summary gains, and a `rpt_` model the build gains,
show up with the next published copy.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from config import Config
from console.auth import current_user
from console.catalogue import catalogue
from console.context import FILTERS, Scope, configuration, page, page_number, published, window
from console.published import Published, Row
from console.reports import Column, Names, Report, columns_of, report_named, reports
from console.tiles import tiles

PAGE = 100


@dataclass(frozen=True)
class Cell:
    """One value as it reads, and where it leads."""

    column: Column
    text: str
    href: str | None


async def show(request: Request) -> Response:
    """GET /metrics"""
    scope = Scope.of(request, current_user(request))
    context = await run_in_threadpool(_gather, published(request), scope)
    return await page(request, "metrics.html", "metrics", **context)


def _gather(copy: Published, scope: Scope) -> dict[str, Any]:
    shown = window(copy, scope)
    return {
        "window": shown,
        "figures": tiles(copy, scope, shown, everything=True) if shown else [],
        "catalogue": catalogue(copy, scope, shown) if shown else [],
        "reports": [
            {"it": report, "rows": _count(copy, report, scope), "href": scope.url(f"/metrics/{report.id}")}
            for report in reports(copy)
            if report.is_open_to(scope)
        ],
    }


async def report(request: Request) -> Response:
    """GET /metrics/{report}: its rows, newest first, a page at a time."""
    scope = Scope.of(request, current_user(request))
    number = page_number(request)
    name, config = request.path_params["report"], configuration(request)
    context = await run_in_threadpool(_report, published(request), scope, name, number, config)
    return await page(request, "report.html", "metrics", **context)


def _report(copy: Published, scope: Scope, name: str, number: int, config: Config) -> dict[str, Any]:
    it = _open_report(copy, scope, name)
    currency, names = config.firm.reporting_currency, _names(config)
    shown, withheld = columns_of(it)
    rows = _rows(copy, it, scope, f"limit {PAGE} offset {PAGE * (number - 1)}")
    count = _count(copy, it, scope)
    path = f"/metrics/{it.id}"
    return {
        "report": it,
        "columns": shown,
        "withheld": withheld,
        "lines": [[_cell(column, row, scope, currency, names) for column in shown] for row in rows],
        "count": count,
        "first": PAGE * (number - 1) + 1,
        "filters": [name for name in FILTERS if it.has(name)],
        "earlier": scope.url(path, page=str(number - 1)) if number > 1 else None,
        "later": scope.url(path, page=str(number + 1)) if PAGE * number < count else None,
        "csv_href": scope.url(f"{path}.csv"),
        "back": scope.url("/metrics"),
    }


async def download(request: Request) -> Response:
    """GET /metrics/{report}.csv: all rows in scope with exact values; empty where nothing is known."""
    scope = Scope.of(request, current_user(request))
    name = request.path_params["report"]
    text = await run_in_threadpool(_csv, published(request), scope, name)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _csv(copy: Published, scope: Scope, name: str) -> str:
    it = _open_report(copy, scope, name)
    withheld = {column.name for column in columns_of(it)[1]}
    names = [column.name for column in it.columns if column.name not in withheld]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for row in _rows(copy, it, scope, ""):
        writer.writerow([_plain(row[name]) for name in names])
    return out.getvalue()


def _plain(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _open_report(copy: Published, scope: Scope, name: str) -> Report:
    it = report_named(copy, name)
    if it is None or not it.is_open_to(scope):
        raise HTTPException(404)
    return it


def _rows(copy: Published, it: Report, scope: Scope, part: str) -> list[Row]:
    where, parameters = it.where(scope)
    return copy.rows(f"select * from {it.table} where {where} order by {it.order} {part}", parameters)  # noqa: S608


def _count(copy: Published, it: Report, scope: Scope) -> int:
    where, parameters = it.where(scope)
    row = copy.one(f"select count(*) as rows from {it.table} where {where}", parameters)  # noqa: S608
    return row["rows"] if row else 0


def _names(config: Config) -> Names:
    return {
        "business_unit_id": {one.id: one.name for one in config.business_units},
        "practice_id": {one.id: one.name for one in config.practices},
        "legal_entity_id": {one.id: one.name for one in config.legal_entities},
    }


def _cell(column: Column, row: Row, scope: Scope, currency: str, names: Names) -> Cell:
    return Cell(column, column.text(row, currency, names), _leads_to(column, row, scope))


def _leads_to(column: Column, row: Row, scope: Scope) -> str | None:
    """Names lead to the page of what they name."""
    if column.name == "project_name" and row.get("project_id"):
        return scope.url(f"/revenue/project/{row['project_id']}")
    if column.name == "customer_name" and row.get("customer_id"):
        return scope.url("/revenue", customer_id=row["customer_id"])
    if column.name == "title" and row.get("finding_id"):
        return scope.url(f"/findings/{row['finding_id']}")
    return None
