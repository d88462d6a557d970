"""A ledger on a real database (SQLite and PostgreSQL), and a firm's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import Outbox
from reverse_etl.policies import Governance
from reverse_etl.saga_engine import Sagas
from tests.postgres import postgres_server
from tests.reverse_etl.factories import CRM, ERP, PSA, START, make_governance
from tests.reverse_etl.fakes import FakePublished, FakeVendor, TickingClock
from tests.reverse_etl.ledgers import KINDS, Blueprints
from tests.reverse_etl.saga_factory import Desk, saga_governance


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """A server of our own."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def blueprints(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Blueprints:
    """Makes ledgers of both kinds."""
    return Blueprints(tmp_path_factory.mktemp("ledgers"), lambda: request.getfixturevalue("postgres"))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database the ledger lives in."""
    return str(request.param)


@pytest.fixture
def ledger_url(blueprints: Blueprints, database: str) -> Iterator[str]:
    """URL of a migrated ledger of the test's own."""
    url = blueprints.new(database)
    yield url
    blueprints.forget(url)


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


@pytest.fixture
def desk(make_outbox: Callable[..., Outbox], vendors: dict[str, FakeVendor]) -> Desk:
    """A ledger with the saga's policy, its vendors, and somebody who approves."""
    vendors[ERP].put("charge", "502", stage="HOLD")
    outbox = make_outbox(saga_governance())
    return Desk(outbox, Sagas(outbox, vendors), vendors)
