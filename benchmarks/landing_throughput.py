"""How fast time entries land, three ways, from the same bytes of the Kantata simulator.

    python -m benchmarks.landing_throughput [--rows 200000]

1. Concord: envelope, declared types, guards, quarantine, control totals, merge by key (the real `sync_instance`).
2. dlt's plain dict path: the same records as dicts, merge by key, types inferred.
3. The floor: DuckDB reads the same files with declared types and nothing else.

The pages are captured once over HTTP and replayed from disk, so the simulator's own pace does not count.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import requests

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # read by dlt while it is imported

import dlt
import duckdb

from config import Config, load_config
from config.paths import Home
from connectors.http import HttpClient
from connectors.kantata import KantataClient
from ingestion.registry import System
from ingestion.runner import sync_instance
from ingestion.sources.kantata import TABLES, build_source
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.kantata import INDEXES, KantataSettings, create_app
from sandbox.simulators.kantata import TABLES as STORE_TABLES
from sandbox.simulators.store import Store

NOW = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
PAGE = 200
TOKEN = "benchmark"  # noqa: S105 - of a simulator that lives for seconds
INSTANCE = "kantata_group"


def entry(number: int, total: int) -> dict[str, Any]:
    """A time entry as the simulated tenant stores it; changes spread evenly over eighteen months."""
    changed = FIRST + (NOW - FIRST) * (number / total)
    stamp = changed.strftime("%Y-%m-%dT%H:%M:%SZ")
    row: dict[str, Any] = {
        "id": str(1_000_000 + number),
        "workspace_id": str(400 + number % 300),
        "role_id": str(30 + number % 9),
    }
    row |= {"story_id": str(5_000 + number % 4_000), "user_id": str(70 + number % 150)}
    row |= {"date_performed": stamp[:10], "notes": f"Workshop and follow-up {number % 977}"}
    amounts = {"time_in_minutes": 15 * (1 + number % 32), "rate_in_cents": 15_000 + number % 90 * 100}
    flags = {"billable": number % 5 > 0, "approved": True, "is_invoiced": number % 3 == 0}
    row |= {
        "active_submission_id": str(900 + number // 40),
        "invoice_id": None if number % 3 else str(number // 90),
    }
    money = {"cost_rate_in_cents": 9_000, "currency": "USD", "currency_base_unit": 100}
    return {**row, **amounts, **flags, **money, "created_at": stamp, "updated_at": stamp}


def capture(rows: int, folder: Path) -> list[Path]:
    """Serve `rows` entries and keep every page's bytes, in the order the source reads them."""
    store = Store(folder / "tenant.db", STORE_TABLES, indexes=INDEXES)
    store.load("time_entries", (entry(number, rows) for number in range(rows)))
    server = SimServer(create_app(store, KantataSettings(token=TOKEN), lambda: NOW, Faults()))
    query = {"on_my_account": "false", "from_archived_workspaces": "true", "order": "updated_at:asc"}
    pages = []
    with server, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        for number in range(1, -(-rows // PAGE) + 1):
            asked = {**query, "per_page": str(PAGE), "page": str(number)}
            answer = session.get(f"{server.url}/api/v1/time_entries", params=asked, timeout=60)
            answer.raise_for_status()
            pages.append(folder / f"page-{number:05d}.json")
            pages[-1].write_bytes(answer.content)
    store.close()
    return pages


class Replay:
    """Answers the connector's page reads with captured bytes instead of HTTP."""

    instance = INSTANCE

    def __init__(self, pages: list[Path]) -> None:
        self._pages = pages

    def read(self, _method: str, _path: str, *, params: dict[str, str], **_facts: Any) -> bytes:
        return self._pages[int(params["page"]) - 1].read_bytes()

    def json(self, response: bytes, **_facts: Any) -> Any:
        return orjson.loads(response)


def concord(pages: list[Path], folder: Path) -> int:
    """The real sync of a tenant that has only time entries."""

    def replayed(*_: Any, **__: Any) -> KantataClient:
        return KantataClient(cast(HttpClient, Replay(pages)), writer_lock=folder / "writer.lock")

    system = System(
        name="kantata",
        connect=replayed,
        build_source=build_source,
        tables={"time_entry": TABLES["time_entry"]},
    )
    result = sync_instance(
        _only_kantata(),
        INSTANCE,
        home=Home(folder),
        clock=lambda: NOW,
        systems=lambda _name: system,
        environ={},
    )
    return result.rows_by_table["time_entry"]


def plain_dlt(pages: list[Path], folder: Path) -> int:
    """The same records as dicts through dlt, with its own inference."""

    @dlt.resource(name="time_entry", primary_key="id", write_disposition="merge")
    def time_entries() -> Iterator[list[dict[str, Any]]]:
        for path in pages:
            body = orjson.loads(path.read_bytes())
            yield [body["time_entries"][listed["id"]] for listed in body["results"]]

    target = folder / "plain.duckdb"
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir=str(folder / "plain"),
        destination=dlt.destinations.duckdb(str(target)),
        dataset_name="raw",
    )
    pipeline.run(time_entries())
    return _count(target, "raw.time_entry")


def floor(pages: list[Path], folder: Path) -> int:
    """DuckDB over the same files, typed, without guards or merge."""
    types = {"timestamp": "timestamptz", "int": "bigint", "bool": "boolean", "date": "date"}
    fields = ", ".join(
        f'"{column.source}" {types.get(column.type, "varchar")}' for column in TABLES["time_entry"].columns
    )
    target = folder / "floor.duckdb"
    with duckdb.connect(str(target)) as connection:
        connection.execute(
            "create table time_entry as select unnest(entry) from (select unnest(map_values(time_entries)) entry "
            f"from read_json('{pages[0].parent}/page-*.json', format = 'unstructured', "
            f"columns = {{time_entries: 'map(varchar, struct({fields}))'}}))"
        )
    return _count(target, "time_entry")


def _only_kantata() -> Config:
    config = load_config()
    estate = config.estate.model_copy(update={"instances": [config.instance(INSTANCE)]})
    return config.model_copy(update={"estate": estate})


def _count(database: Path, table: str) -> int:
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def measure(
    name: str, way: Callable[[list[Path], Path], int], pages: list[Path], folder: Path, rows: int
) -> float:
    """Rows a second of one way. Raises AssertionError when rows were lost."""
    folder.mkdir()
    started = time.perf_counter()
    landed = way(pages, folder)
    seconds = time.perf_counter() - started
    if landed != rows:
        raise AssertionError(f"{name} landed {landed} of {rows} rows")
    print(f"{name:<34}{seconds:8.1f} s {rows / seconds:12,.0f} rows/s", flush=True)
    return rows / seconds


def warm_up(folder: Path) -> None:
    """Land one page each way, so that no way pays for the imports of the others."""
    folder.mkdir()
    pages = capture(PAGE, folder)
    for way in (concord, plain_dlt):
        (folder / way.__name__).mkdir()
        way(pages, folder / way.__name__)


def main() -> None:
    """Capture once, land three times, print rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=200_000, help="time entries to land (default 200000)")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="landing-") as temporary:
        root = Path(temporary)
        started = time.perf_counter()
        pages = capture(rows, root)
        size = sum(path.stat().st_size for path in pages) / 1e6
        took = timedelta(seconds=round(time.perf_counter() - started))
        print(
            f"captured {rows:,} time entries on {len(pages):,} pages, {size:,.0f} MB, in {took}", flush=True
        )
        warm_up(root / "warm")
        ours = measure("Concord landing", concord, pages, root / "concord", rows)
        plain = measure("dlt, plain dicts", plain_dlt, pages, root / "plain", rows)
        lowest = measure("DuckDB read_json (floor)", floor, pages, root / "floor", rows)
    print(f"Concord / dlt plain dicts: {ours / plain:.1f}x    Concord / floor: {ours / lowest:.2f}x")


if __name__ == "__main__":
    main()
