"""Findings: what disagrees, what it costs, who owns it, and the records of each system side by side."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.auth import current_user
from console.context import Scope, outbox, page, published
from console.published import Published, Row
from reverse_etl.models import Filter
from reverse_etl.outbox import Outbox

SHOWN = 500
NARROWING = ("check_id", "severity", "owner_role")


async def listing(request: Request) -> Response:
    """GET /findings: filterable list, largest money at risk first."""
    scope = Scope.of(request, current_user(request))
    narrow = {name: request.query_params[name] for name in NARROWING if request.query_params.get(name)}
    context = await run_in_threadpool(_list, published(request), scope, narrow)
    return await page(request, "findings.html", "findings", **context)


def _list(copy: Published, scope: Scope, narrow: dict[str, str]) -> dict[str, Any]:
    where, parameters = scope.where("business_unit_id", "practice_id", "legal_entity_id")
    narrowed = where + "".join(f" and {name} = ?" for name in narrow)
    rows = copy.rows(
        f"select * from leadership.rpt_findings where {narrowed} "  # noqa: S608
        f"order by amount_at_risk_rc desc nulls last, finding_id limit {SHOWN}",
        [*parameters, *narrow.values()],
    )
    total = copy.one(
        "select count(*) as findings, sum(amount_at_risk_rc) filter (where is_primary_cause) as at_risk "  # noqa: S608
        f"from leadership.rpt_findings where {narrowed}",
        [*parameters, *narrow.values()],
    )
    return {
        "rows": rows,
        "total": total,
        "narrow": narrow,
        "checks": copy.rows("select * from reconciliation.fct_check_run order by check_id"),
        "owners": copy.rows("select distinct owner_role from leadership.rpt_findings order by 1"),
        "severities": ["S1", "S2", "S3", "S4"],
    }


async def detail(request: Request) -> Response:
    """GET /findings/{id}: the finding, each system's record, and what is being done."""
    scope = Scope.of(request, current_user(request))
    context = await run_in_threadpool(
        _detail, published(request), outbox(request), scope, request.path_params["finding_id"]
    )
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
        "corrections": ledger.list(Filter(finding_id=finding_id)),
    }


def side_by_side(copy: Published, finding_ids: list[str]) -> list[dict[str, Any]]:
    """The records of a finding, one block per record with its fields in order; differing values are marked.

    A value differs when another block of the same finding shows another value under the same field name.
    """
    marks = ", ".join("?" for _ in finding_ids)
    rows = copy.rows(
        f"select * from reconciliation.fct_finding_record where finding_id in ({marks}) "  # noqa: S608
        "order by record_order, system, instance, record_id",
        finding_ids,
    )
    blocks: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["finding_id"], row["system"], row["instance"], row["object_type"], row["record_id"])
        block = blocks.setdefault(key, {**row, "fields": []})
        block["fields"].append({"name": row["field_name"], "value": row["field_value"], "differs": False})
    _mark_differences(list(blocks.values()))
    return list(blocks.values())


def _mark_differences(blocks: list[dict[str, Any]]) -> None:
    compared = [block for block in blocks if block["role"] != "evidence"]
    seen: dict[str, set[Row | None]] = {}
    for block in compared:
        for field in block["fields"]:
            seen.setdefault(field["name"], set()).add(field["value"])
    for block in compared:
        for field in block["fields"]:
            field["differs"] = len(seen[field["name"]]) > 1
