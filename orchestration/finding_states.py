"""After each publication: the states of findings go into the ledger, where the next build finds them again."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.runtime import Runtime
from reverse_etl import findings
from reverse_etl.ledger import open_ledger
from reverse_etl.ledger.findings import finding


def record_finding_states(runtime: Runtime) -> dict[str, int]:
    """Copy `fct_finding_state` of the newest published copy into the ledger; counts by state, and what changed."""
    rows = _published(runtime)
    engine = open_ledger(runtime.home.ledger_url)
    try:
        changed = findings.record(engine, rows)
    finally:
        engine.dispose()
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["finding_state"]] = counts.get(row["finding_state"], 0) + 1
    return {"changed": changed, **dict(sorted(counts.items()))}


def _published(runtime: Runtime) -> list[dict[str, Any]]:
    names = finding.columns.keys()
    listed = ", ".join(names)
    with duckdb.connect(str(runtime.home.published.resolve()), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute(
            f"select {listed} from reconciliation.fct_finding_state order by finding_id"  # noqa: S608
        ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]
