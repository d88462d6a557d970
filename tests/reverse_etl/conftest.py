"""A ledger on a real database (SQLite always, PostgreSQL where a server can be started), and a firm's clock."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import Outbox
from reverse_etl.policies import Governance
from tests.reverse_etl.factories import CRM, ERP, PSA, START, make_governance
from tests.reverse_etl.fakes import FakePublished, FakeVendor, TickingClock


def _postgres_binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _as_server_user() -> list[str] | None:
    """PostgreSQL refuses to run as root: become its own account when we are."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return None
    return ["runuser", "-u", "postgres", "--"] if shutil.which("runuser") else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server of our own in a temporary folder; skips, saying why, where there is none."""
    binaries, prefix = _postgres_binaries(), _as_server_user()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the path or in /usr/lib/postgresql")
    if prefix is None:
        pytest.skip("PostgreSQL will not run as root, and there is no account postgres to become")
    made = subprocess.run([*prefix, "mktemp", "-d"], check=True, capture_output=True, text=True)
    folder = Path(made.stdout.strip())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        [*prefix, binaries / "initdb", "-D", data, "-U", "concord", "-A", "trust", "--no-sync"],
        check=True, capture_output=True,
    )  # fmt: skip
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
    control = [*prefix, binaries / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], check=True, capture_output=True)
    try:
        yield f"postgresql+psycopg2://concord@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
        subprocess.run([*prefix, "rm", "-rf", folder], check=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a ledger that does not exist yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    server = request.getfixturevalue("postgres_url")
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture
def engine(ledger_url: str) -> Iterator[sa.Engine]:
    """A migrated ledger."""
    opened = open_ledger(ledger_url)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> TickingClock:
    """The firm's time."""
    return TickingClock(START)


@pytest.fixture
def wall() -> TickingClock:
    """Real time, as leases and delays see it."""
    return TickingClock(START)


@pytest.fixture
def make_outbox(engine: sa.Engine, clock: TickingClock, wall: TickingClock) -> Callable[..., Outbox]:
    """Outboxes on the same ledger, with another policy when given."""

    def make(governance: Governance | None = None, **policy: object) -> Outbox:
        return Outbox(engine, governance or make_governance(**policy), clock, wall=wall)

    return make


@pytest.fixture
def outbox(make_outbox: Callable[..., Outbox]) -> Outbox:
    """An outbox under the tests' policy."""
    return make_outbox()


@pytest.fixture
def vendors() -> dict[str, FakeVendor]:
    """One vendor per system; the ERP has no conditional writes."""
    crm, erp, psa = FakeVendor(CRM), FakeVendor(ERP, has_versions=False), FakeVendor(PSA)
    crm.put("opportunity", "006A", erp_open_amount=Decimal("100"), erp_overdue_bucket="current")
    crm.put("account", "001A", legal_name="Acme")
    erp.put("charge", "501", stage="HOLD")
    psa.put("workspace_allocation", "77", end_date=date(2026, 9, 30))
    return {CRM: crm, ERP: erp, PSA: psa}


@pytest.fixture
def published(clock: TickingClock) -> FakePublished:
    """A copy with no rows and all checks evaluated, read an hour from the start."""
    later = START + timedelta(hours=1)
    return FakePublished(
        evaluated={"B05": True, "B01": True, "C01": True, "C03": True, "H01": True},
        read_until={(name, "*"): later for name in (CRM, ERP, PSA)},
    )
