"""A month-end burst against a vendor that allows N calls a second.

    python -m benchmarks.dispatch_burst [--corrections 20000] [--limit 50] [--workers 4]

The real dispatcher, ledger, Salesforce destination, connector and shared budget write each correction to a loopback
server that refuses (429, Retry-After) the call above N in any one second. A correction is three calls: read, write,
read back. Printed: the calls served a second as a share of N, the refusals, and how much each worker's memory grew
between the first tenth of the burst and its end. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from config import Config, load_config
from config.schema import ApiBudget, Caps
from reverse_etl import conservation
from reverse_etl.destinations.salesforce import build
from reverse_etl.dispatcher import dispatch
from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import Outbox, wall_clock
from reverse_etl.policies import Governance
from sandbox.simulators.base import SimServer

INSTANCE = "salesforce_group"
FIELD, COLUMN = "ERP_Open_Amount__c", "erp_open_amount"
SLICE = 100
TARGET_SHARE, TARGET_GROWTH_MB = 0.95, 16.0
KEY_VARIABLE = "CONCORD_SALESFORCE_GROUP_PRIVATE_KEY"


@dataclass
class Org:
    """Opportunities with one money field, behind a limit of calls in any one second."""

    limit: int
    amounts: dict[str, Any] = field(default_factory=dict)
    recent: deque[float] = field(default_factory=deque)
    served: int = 0
    refused: int = 0
    writes: int = 0
    first: float | None = None
    last: float = 0.0

    def admit(self) -> bool:
        """Whether one more call fits into the last second."""
        now = time.monotonic()
        while self.recent and now - self.recent[0] >= 1.0:
            self.recent.popleft()
        if len(self.recent) >= self.limit:
            self.refused += 1
            return False
        self.recent.append(now)
        self.first, self.last, self.served = self.first or now, now, self.served + 1
        return True

    def app(self) -> Starlette:
        """The few routes of Salesforce's REST API that a correction needs."""

        async def token(request: Request) -> Response:
            url = str(request.base_url).rstrip("/")
            return _json({"access_token": "burst", "instance_url": url, "token_type": "Bearer"})

        async def record(request: Request) -> Response:
            if not self.admit():
                return _json([{"errorCode": "TOO_MANY", "message": "slow down"}], 429, {"Retry-After": "1"})
            name = request.path_params["id"]
            if request.method == "PATCH":
                self.amounts[name] = orjson.loads(await request.body())[FIELD]
                self.writes += 1
                return Response(status_code=204)
            stamp = "2026-06-30T18:00:00.000+0000"
            return _json({"Id": name, FIELD: self.amounts.get(name, 100), "SystemModstamp": stamp})

        return Starlette(
            routes=[
                Route("/services/oauth2/token", token, methods=["POST"]),
                Route("/services/data/v66.0/sobjects/Opportunity/{id}", record, methods=["GET", "PATCH"]),
            ]
        )


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


def burst_config(url: str, limit: int) -> Config:
    """The demo's configuration with this server as its CRM, a budget of its limit, and caps out of the way."""
    config = load_config()
    caps = Caps(automatic_count=10**9, automatic_amount=Decimal(10**15))
    budget = ApiBudget(max_concurrent=4, per_second=limit)
    crm = config.instance(INSTANCE).model_copy(update={"base_url": url, "api_budget": budget})
    others = [i for i in config.instances if i.name != INSTANCE]
    estate = config.estate.model_copy(update={"instances": [crm, *others]})
    return config.model_copy(
        update={"policy": config.policy.model_copy(update={"caps": caps}), "estate": estate}
    )


def row(number: int) -> dict[str, Any]:
    """One sync row: the open amount of an opportunity."""
    record = f"006{number:015d}"
    return {
        "correction_key": f"B05|{INSTANCE}|{record}", "check_id": "B05", "finding_id": f"f-{record}",
        "target_system": "salesforce", "target_instance": INSTANCE, "target_object": "opportunity",
        "target_record_id": record, "operation": "update", "field": COLUMN, "value_type": "decimal",
        "expected_value": "100", "new_value": str(1_000 + number), "reason": "open amount differs",
        "amount_at_risk": "150.50", "currency": "USD", "amount_at_risk_rc": "150.50",
        "legal_entity_id": "MCG-US", "business_unit_id": "advisory", "customer_id": f"cus_{number % 500}",
        "customer_name": "Acme", "project_id": None, "project_name": None, "evidence": None,
        "source_loaded_at": datetime.now(UTC),
    }  # fmt: skip


def work(folder: Path, url: str, limit: int, first_part: int, told: Any) -> None:
    """One worker process: dispatch in slices until nothing waits; tell memory after the first part and at the end."""
    config = burst_config(url, limit)
    outbox = Outbox(open_ledger(_ledger(folder)), Governance.from_config(config), wall_clock)
    destination = build(
        config.instance(INSTANCE), environ=os.environ, budget_dir=folder / "budget", clock=wall_clock
    )
    done, early = 0, 0.0
    while True:
        report = dispatch(outbox, {INSTANCE: destination}, limit=SLICE)
        done += report.count("delivered")
        if not early and done >= first_part:
            early = resident_mb()
        if not report.outcomes.total():
            if not report.waiting:
                break
            time.sleep(0.2)
    told.put((done, early, resident_mb()))


def _ledger(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def resident_mb() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def fill(folder: Path, config: Config, corrections: int) -> Outbox:
    """A ledger in which standing policy has approved this many corrections."""
    outbox = Outbox(open_ledger(_ledger(folder)), Governance.from_config(config), wall_clock)
    for start in range(0, corrections, 1_000):
        outbox.propose(row(n) for n in range(start, min(start + 1_000, corrections)))
    approved = outbox.counts()["approved"]
    if approved != corrections:
        raise RuntimeError(f"{approved} of {corrections} corrections were approved: {outbox.counts()}")
    return outbox


def run(folder: Path, corrections: int, limit: int, workers: int) -> bool:
    """Fill, serve, work, print; whether all targets were met."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shape = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    os.environ[KEY_VARIABLE] = key.private_bytes(*shape).decode()
    for name in ("CLIENT_ID", "USERNAME"):
        os.environ[f"CONCORD_SALESFORCE_GROUP_{name}"] = "burst"
    org = Org(limit)
    with SimServer(org.app()) as server:
        outbox = fill(folder, burst_config(server.url, limit), corrections)
        print(f"{corrections} corrections wait; the vendor allows {limit} calls a second", flush=True)
        spawn = multiprocessing.get_context("spawn")
        told = spawn.Queue()
        first_part = max(corrections // 10 // workers, 1)
        arguments = (folder, server.url, limit, first_part, told)
        crew = [spawn.Process(target=work, args=arguments) for _ in range(workers)]
        for worker in crew:
            worker.start()
        _watch(crew, org, corrections)
        if any(worker.exitcode for worker in crew):
            raise RuntimeError("a worker failed; its traceback is above")
        memory = [told.get(timeout=30) for _ in crew]
    return report(outbox, org, corrections, memory)


def _watch(crew: list[Any], org: Org, corrections: int) -> None:
    shown = time.monotonic()
    while any(worker.is_alive() for worker in crew):
        time.sleep(0.5)
        if time.monotonic() - shown >= 30:
            shown = time.monotonic()
            print(f"  {org.writes:>6} of {corrections} written, {org.refused} refused", flush=True)


def report(outbox: Outbox, org: Org, corrections: int, memory: list[tuple[int, float, float]]) -> bool:
    """Print the figures and whether they meet the targets."""
    seconds = org.last - (org.first or org.last)
    rate = (org.served - 1) / seconds if seconds else 0.0
    share = rate / org.limit
    growth = max(late - early for _, early, late in memory)
    delivered, kept = outbox.counts()["delivered"], conservation.check(outbox.engine)
    print(
        f"{delivered} delivered by {len(memory)} workers in {seconds:.0f} s, {corrections / seconds:.1f} a second"
    )
    print(
        f"rate      {rate:.1f} calls a second, {share:.1%} of the vendor's limit (target {TARGET_SHARE:.0%})"
    )
    print(f"refusals  {org.refused} (target 0)")
    peak = max(late for _, _, late in memory)
    print(
        f"memory    {peak:.0f} MB a worker, {growth:+.1f} MB since the first tenth (target {TARGET_GROWTH_MB:.0f})"
    )
    print(f"ledger    {kept.words}")
    once = delivered == corrections == org.writes and kept.is_whole
    return once and share >= TARGET_SHARE and not org.refused and growth <= TARGET_GROWTH_MB


def main() -> int:
    """Run one burst; 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corrections", type=int, default=20_000)
    parser.add_argument("--limit", type=int, default=50, help="calls a second the vendor allows")
    parser.add_argument("--workers", type=int, default=4)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        met = run(Path(folder), chosen.corrections, chosen.limit, chosen.workers)
    print("targets met" if met else "a target was missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
