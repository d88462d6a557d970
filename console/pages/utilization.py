"""Utilization: practice by month, then people, then the time entries that add up to the figure."""

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
from console.context import Scope, closed_months, page, published
from console.published import Published

# metric id (domain page 1.2) -> words, numerator, denominator
BASES = {
    "util_net": ("net available hours", "billable_hours", "net_hours"),
    "util_gross": ("gross capacity", "billable_hours", "gross_hours"),
    "util_standard": ("standard hours (2,080 a year)", "billable_hours", "standard_hours"),
    "util_logged": ("logged hours", "billable_hours", "logged_hours"),
    "productive_util_net": ("net available hours, productive", "productive_hours", "net_hours"),
}
STEPS = (
    Decimal("-0.10"),
    Decimal("-0.05"),
    Decimal("-0.01"),
    Decimal("0.01"),
    Decimal("0.05"),
    Decimal("0.10"),
)
SHADES = ("h-3", "h-2", "h-1", "h0", "h1", "h2", "h3")
MONTHS = 12
ENTRIES_SHOWN = 1000


def shade(value: Decimal | None, target: Decimal | None) -> str:
    """The cell's shade: distance from its own target in steps, so that practices compare fairly."""
    if value is None or target is None:
        return "hn"
    return SHADES[sum(1 for step in STEPS if value - target >= step)]


async def show(request: Request) -> Response:
    """GET /utilization: heat table of practice by month."""
    scope, basis = Scope.of(request, current_user(request)), _basis(request)
    context = await run_in_threadpool(_heat, published(request), scope, basis)
    return await page(request, "utilization.html", "utilization", **context)


def _heat(copy: Published, scope: Scope, basis: str) -> dict[str, Any]:
    last, open_month = closed_months(copy)
    words, above, below = BASES[basis]
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        f"select practice_id, practice_name, month, sum({above}) as above, sum({below}) as below, "  # noqa: S608
        "max(target) as target from leadership.rpt_utilization_month "
        f"where month <= ? and month > ?::date - interval {MONTHS} month and {where} group by all order by all",
        [last, last, *parameters],
    )
    months = sorted({row["month"] for row in rows})
    practices = {row["practice_id"]: (row["practice_name"], row["target"]) for row in rows}
    figures = {(row["practice_id"], row["month"]): row for row in rows}

    def cell(practice: str | None, month: date) -> dict[str, Any]:
        parts = [r for r in rows if r["month"] == month and practice in (None, r["practice_id"])]
        value = format.ratio(_sum(parts, "above"), _sum(parts, "below"))
        target = figures[practice, month]["target"] if (practice, month) in figures else None
        link = scope.url("/utilization/people", practice_id=practice, month=month.isoformat(), basis=basis)
        return {"value": value, "shade": shade(value, target), "href": link}

    lines = [
        {
            "name": name,
            "target": target,
            "cells": [cell(practice, month) for month in months],
            "total": _total([r for r in rows if r["practice_id"] == practice]),
        }
        for practice, (name, target) in practices.items()
    ]
    return {
        "basis": basis, "bases": BASES, "words": words, "months": months, "lines": lines,
        "all": [cell(None, month) for month in months], "grand": _total(rows),
        "last": last, "open_month": open_month,
    }  # fmt: skip


async def people(request: Request) -> Response:
    """GET /utilization/people: the people behind a month, each against target."""
    scope, basis = Scope.of(request, current_user(request)), _basis(request)
    month = _month(request)
    context = await run_in_threadpool(_people, published(request), scope, basis, month)
    return await page(request, "utilization_people.html", "utilization", **context)


def _people(copy: Published, scope: Scope, basis: str, month: date) -> dict[str, Any]:
    words, above, below = BASES[basis]
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    rows = copy.rows(
        f"select resource_id, full_name, sum({above}) as above, sum({below}) as below, "  # noqa: S608
        "sum(billable_hours) as billable, sum(productive_hours) as productive, sum(logged_hours) as logged, "
        "sum(net_hours) as net, max(target) as target from leadership.rpt_utilization_person_month "
        f"where month = ? and {where} group by all order by full_name",
        [month, *parameters],
    )
    for row in rows:
        row["value"] = format.ratio(row["above"], row["below"])
        row["shade"] = shade(row["value"], row["target"])
        row["href"] = scope.url(
            "/utilization/entries", month=month.isoformat(), resource_id=row["resource_id"]
        )
    rows.sort(key=lambda row: (row["value"] is None, -(row["value"] or 0)))
    return {
        "rows": rows, "month": month, "basis": basis, "words": words,
        "total": {name: _sum(rows, name) for name in ("billable", "productive", "logged", "net")},
        "total_value": _total(rows), "back": scope.url("/utilization", basis=basis),
    }  # fmt: skip


async def entries(request: Request) -> Response:
    """GET /utilization/entries: the time entries of one person and month, with their source records."""
    scope, month = Scope.of(request, current_user(request)), _month(request)
    resource = request.query_params.get("resource_id")
    if not resource:
        raise HTTPException(404)
    context = await run_in_threadpool(_entries, published(request), scope, month, resource)
    return await page(request, "utilization_entries.html", "utilization", **context)


def _entries(copy: Published, scope: Scope, month: date, resource: str) -> dict[str, Any]:
    where, parameters = scope.where("business_unit_id", "practice_id")
    rows = copy.rows(
        "select * from leadership.rpt_utilization_entry "  # noqa: S608
        f"where month = ? and resource_id = ? and {where} order by work_date, time_entry_id limit {ENTRIES_SHOWN}",
        [month, resource, *parameters],
    )
    return {
        "rows": rows,
        "month": month,
        "name": rows[0]["full_name"] if rows else resource,
        "total": _sum(rows, "hours"),
        "billable": _sum([row for row in rows if row["is_billable"] and row["is_approved"]], "hours"),
        "back": scope.url("/utilization/people", month=month.isoformat()),
    }


def _basis(request: Request) -> str:
    basis = request.query_params.get("basis", "util_net")
    if basis not in BASES:
        raise HTTPException(404)
    return basis


def _month(request: Request) -> date:
    try:
        return date.fromisoformat(request.query_params.get("month", "")).replace(day=1)
    except ValueError as error:
        raise HTTPException(404) from error


def _sum(rows: list[dict[str, Any]], name: str) -> Decimal | None:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known, Decimal(0)) if known else None


def _total(rows: list[dict[str, Any]]) -> Decimal | None:
    return format.ratio(_sum(rows, "above"), _sum(rows, "below"))
