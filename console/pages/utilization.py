"""Utilization: practice by month, then people, then the time entries that add up to the figure."""

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
from console.charts import dot
from console.context import Scope, Window, page, parse_month, published, window
from console.pages.revenue import total
from console.published import Published, Row


@dataclass(frozen=True)
class Basis:
    """One way to measure utilization: which hours over which."""

    id: str
    name: str
    words: str
    above: str
    below: str
    above_name: str
    below_name: str


BASES = {
    basis.id: basis
    for basis in (
        Basis("util_net", "Net available hours", "approved billable on net available hours",
              "billable_hours", "net_hours", "billable", "net available"),
        Basis("util_gross", "Gross capacity", "approved billable on scheduled hours, leave and holidays included",
              "billable_hours", "gross_hours", "billable", "scheduled"),
        Basis("util_standard", "Standard hours", "approved billable on standard hours (2,080 a year)",
              "billable_hours", "standard_hours", "billable", "standard"),
        Basis("util_logged", "Logged hours", "approved billable on hours logged",
              "billable_hours", "logged_hours", "billable", "logged"),
        Basis("productive_util_net", "Productive on net", "approved productive on net available hours",
              "productive_hours", "net_hours", "productive", "net available"),
    )
}  # fmt: skip
OPTIONS = [(basis.id, basis.name) for basis in BASES.values()]
AIMED = "util_net"
MEASURES = (
    "billable_hours",
    "productive_hours",
    "logged_hours",
    "gross_hours",
    "net_hours",
    "standard_hours",
)
STEPS = tuple(Decimal(step) for step in ("-0.10", "-0.05", "-0.01", "0.01", "0.05", "0.10"))
SHADES = ("h-3", "h-2", "h-1", "h0", "h1", "h2", "h3")


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


def _heat(copy: Published, scope: Scope, basis: Basis) -> dict[str, Any]:
    shown = window(copy, scope)
    if shown is None:
        return {"window": None, "basis": basis, "basis_options": OPTIONS}
    rows = _team_months(copy, scope, basis, shown)
    months = sorted({row["month"] for row in rows})
    practices = {row["practice_id"]: row["practice_name"] for row in rows}
    lines = [
        _line(name or "No practice", practice, rows, months, scope, basis)
        for practice, name in practices.items()
    ]
    everyone = _line("All practices", None, rows, months, scope, basis, is_all=True)
    return {
        "window": shown, "basis": basis, "basis_options": OPTIONS, "months": months,
        "lines": sorted(lines, key=lambda line: line["name"]), "all": everyone,
    }  # fmt: skip


def _team_months(copy: Published, scope: Scope, basis: Basis, shown: Window) -> list[Row]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    return copy.rows(
        f"select practice_id, practice_name, month, sum({basis.above}) as above, sum({basis.below}) as below, "  # noqa: S608
        "max(target) as target, sum(net_hours * target) as aimed, "
        "sum(net_hours) filter (where target is not null) as aimed_net from leadership.rpt_utilization_month "
        f"where month between ? and ? and {where} group by all order by practice_name, month",
        [shown.first, shown.last, *parameters],
    )


def _line(
    name: str,
    practice: str | None,
    rows: list[Row],
    months: list[date],
    scope: Scope,
    basis: Basis,
    is_all: bool = False,
) -> dict[str, Any]:
    mine = [row for row in rows if is_all or row["practice_id"] == practice]

    def cell(month: date) -> dict[str, Any]:
        facts = _figure([row for row in mine if row["month"] == month], basis)
        more = {} if is_all else {"practice_id": practice}
        link = scope.url("/utilization/people", month=month.isoformat(), basis=_kept(basis), **more)
        return {**facts, "month": month, "href": link}

    return {"name": name, "cells": [cell(month) for month in months], "total": _figure(mine, basis)}


def _figure(rows: list[Row], basis: Basis) -> dict[str, Any]:
    """Sum over sum, never a mean of ratios. Targets are set for util_net only; a sum's target is weighted by hours."""
    above, below = total(rows, "above"), total(rows, "below")
    value = format.ratio(above, below)
    target = format.ratio(total(rows, "aimed"), total(rows, "aimed_net")) if basis.id == AIMED else None
    tip = f"{format.hours(above)} {basis.above_name} of {format.hours(below)} {basis.below_name} hours"
    if target is not None:
        tip += f", target {format.percent(target)}"
    return {"value": value, "target": target, "shade": shade(value, target), "tip": tip}


async def people(request: Request) -> Response:
    """GET /utilization/people: the people behind a month, each against target."""
    scope, basis = Scope.of(request, current_user(request)), _basis(request)
    month = parse_month(request.query_params.get("month", ""))
    context = await run_in_threadpool(_people, published(request), scope, basis, month)
    return await page(request, "utilization_people.html", "utilization", **context)


def _people(copy: Published, scope: Scope, basis: Basis, month: date) -> dict[str, Any]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    sums = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
    rows = copy.rows(
        f"select resource_id, any_value(full_name) as full_name, {sums}, sum({basis.above}) as above, "  # noqa: S608
        f"sum({basis.below}) as below, sum(net_hours * target) as aimed, "
        "sum(net_hours) filter (where target is not null) as aimed_net, max(target) as any_target, "
        "string_agg(distinct practice_name, ', ' order by practice_name) as practices "
        f"from leadership.rpt_utilization_person_month where month = ? and {where} group by resource_id",
        [month, *parameters],
    )
    for row in rows:
        row |= _figure([row], basis)
        row["dot"] = dot(row["value"], row["target"], f"{row['full_name']}: {row['tip']}")
        row["href"] = scope.url(
            "/utilization/entries",
            month=month.isoformat(),
            resource_id=row["resource_id"],
            basis=_kept(basis),
        )
    rows.sort(key=lambda row: (row["value"] is None, -(row["value"] or 0), row["full_name"] or ""))
    return {
        "rows": rows, "month": month, "basis": basis, "basis_options": OPTIONS,
        "totals": {name: total(rows, name) for name in MEASURES}, "figure": _figure(rows, basis),
        "short": sum(1 for row in rows if row["target"] and row["value"] is not None and row["value"] < row["target"]),
        "back": scope.url("/utilization", basis=_kept(basis)),
        "keep": {"month": month.isoformat()},
    }  # fmt: skip


async def entries(request: Request) -> Response:
    """GET /utilization/entries: the time entries of one person and month, with their source records."""
    scope, basis = Scope.of(request, current_user(request)), _basis(request)
    month = parse_month(request.query_params.get("month", ""))
    resource = request.query_params.get("resource_id")
    if not resource:
        raise HTTPException(404)
    context = await run_in_threadpool(_entries, published(request), scope, basis, month, resource)
    return await page(request, "utilization_entries.html", "utilization", **context)


def _entries(copy: Published, scope: Scope, basis: Basis, month: date, resource: str) -> dict[str, Any]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    sums = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
    person = copy.one(
        f"select any_value(full_name) as full_name, {sums}, sum({basis.above}) as above, "  # noqa: S608
        f"sum({basis.below}) as below, sum(net_hours * target) as aimed, "
        "sum(net_hours) filter (where target is not null) as aimed_net "
        f"from leadership.rpt_utilization_person_month where month = ? and resource_id = ? and {where} "
        "group by resource_id",
        [month, resource, *parameters],
    )
    rows = copy.rows(
        "select * from leadership.rpt_utilization_entry "  # noqa: S608
        f"where month = ? and resource_id = ? and {where} order by work_date, time_entry_id",
        [month, resource, *parameters],
    )
    if person is None:
        raise HTTPException(404)
    for row in rows:
        row["counts_as"] = _kind(row)
    return {
        "rows": rows, "month": month, "basis": basis, "person": person, "name": person["full_name"],
        "figure": _figure([person], basis),
        "sums": {
            "logged": total(rows, "hours"),
            "billable": total([row for row in rows if row["counts_as"] == "billable"], "hours"),
            "productive": total([row for row in rows if row["counts_as"] == "productive"], "hours"),
        },
        "leave": None if person["gross_hours"] is None else person["gross_hours"] - (person["net_hours"] or 0),
        "back": scope.url("/utilization/people", month=month.isoformat(), basis=_kept(basis)),
        "top": scope.url("/utilization", basis=_kept(basis)),
    }  # fmt: skip


def _kind(row: Row) -> str:
    """What the entry adds to: unapproved hours are logged and nothing else yet."""
    if not row["is_approved"]:
        return "not yet approved"
    return "billable" if row["is_billable"] else "productive" if row["is_productive"] else "internal"


def _kept(basis: Basis) -> str | None:
    return None if basis.id == AIMED else basis.id


def _basis(request: Request) -> Basis:
    basis = BASES.get(request.query_params.get("basis") or AIMED)
    if basis is None:
        raise HTTPException(404)
    return basis
