"""Data health: when each source was last read, what was quarantined, which checks could not run."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console.auth import current_user
from console.context import page, published
from console.published import Published


async def show(request: Request) -> Response:
    """GET /health"""
    current_user(request)
    context = await run_in_threadpool(_gather, published(request))
    return await page(request, "health.html", "health", **context)


def _gather(copy: Published) -> dict[str, Any]:
    return {
        "sources": copy.rows("select * from leadership.rpt_data_freshness order by instance, object"),
        "checks": copy.rows("select * from reconciliation.fct_check_run order by check_id"),
        "quarantine": copy.rows(
            "select _instance as instance, object, record_id, field, reason, quarantined_at "
            "from raw_landing.quarantine where state = 'open' order by quarantined_at desc limit 200"
        ),
        "drift": copy.rows(
            "select _instance as instance, object, column_name, kind, first_seen from raw_landing.schema_drift "
            "order by first_seen desc limit 100"
        ),
        "runs": copy.rows(
            "select _instance as instance, status, mode, started_at, rows_read, error from raw_landing.sync_run "
            "order by started_at desc limit 20"
        ),
    }
