"""Data health: when each source was last read, what was quarantined, which checks could not run."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console.auth import current_user
from console.context import as_of, outbox, page, published
from console.published import Published, Row
from reverse_etl.outbox import Outbox

OK = "ok"


async def show(request: Request) -> Response:
    """GET /health"""
    current_user(request)
    context = await run_in_threadpool(_gather, published(request), outbox(request))
    return await page(request, "health.html", "health", **context)


def _gather(copy: Published, ledger: Outbox) -> dict[str, Any]:
    sources = copy.rows("select * from leadership.rpt_data_freshness order by instance, object")
    moment = as_of(copy)
    for row in sources:
        loaded = row["last_success_at"]
        row["lag_hours"] = (
            None if loaded is None or moment is None else (moment - loaded).total_seconds() / 3600
        )
    return {
        "instances": _instances(sources, _runs(copy)),
        "sources": sources,
        "checks": copy.rows("select * from leadership.rpt_check_status order by check_id"),
        "quarantine": copy.rows(
            "select _instance as instance, object, record_id, field, reason, quarantined_at "
            "from raw_landing.quarantine where state = 'open' order by quarantined_at desc limit 200"
        ),
        "drift": copy.rows(
            "select _instance as instance, object, column_name, kind, first_seen "
            "from raw_landing.schema_drift order by first_seen desc limit 100"
        ),
        "states": {name: count for name, count in ledger.counts().items() if count},
    }


def _runs(copy: Published) -> list[Row]:
    return copy.rows(
        "select _instance as instance, status, mode, started_at, finished_at, rows_read, error "
        "from raw_landing.sync_run order by started_at desc limit 60"
    )


def _instances(sources: list[Row], runs: list[Row]) -> list[dict[str, Any]]:
    """One line per instance: its newest read, how many objects are fresh, and its recent reads."""
    found = []
    for name in sorted({row["instance"] for row in sources} | {row["instance"] for row in runs}):
        mine = [row for row in sources if row["instance"] == name]
        reads = [row for row in runs if row["instance"] == name]
        found.append(
            {
                "name": name,
                "system": mine[0]["system"] if mine else None,
                "objects": mine,
                "fresh": sum(1 for row in mine if row["status"] == OK),
                "quarantined": sum(row["rows_quarantined"] or 0 for row in mine),
                "last": reads[0] if reads else None,
                "reads": reads[:5],
            }
        )
    return found
