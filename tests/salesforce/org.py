"""A small org for tests: a few accounts, deals and stages, and the credentials of its one app."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from config import load_config
from config.schema import Instance
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.salesforce import INDEXES, TABLES, create_app, make_id, settings_for
from sandbox.simulators.store import Store
from sandbox.simulators.webhooks import Courier

NOW = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
STAGES = [
    # label, closed, won, probability
    ("Prospecting", 0, 0, "10"),
    ("Proposal", 0, 0, "50"),
    ("Closed Won", 1, 1, "100"),
    ("Closed Lost", 1, 0, "0"),
]
# The simulator serves the custom fields that the demo estate maps, so a test org maps the same.
CUSTOM_FIELDS = load_config().instance("salesforce_group").custom_fields


@cache
def private_key() -> str:
    """One RSA key for the whole test run: making them is slow."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shape = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*shape).decode()


@dataclass
class TestClock:
    """Time that moves only when a test says so."""

    __test__ = False
    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **delta: float) -> None:
        self.moment += timedelta(**delta)


@dataclass
class OrgUnderTest:
    """A served org, its store, and what a client needs to sign in."""

    store: Store
    server: SimServer
    clock: TestClock
    environ: dict[str, str]
    budget_dir: Path
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    def instance(self, **changes: Any) -> Instance:
        """The entry of this org in the estate."""
        values: dict[str, Any] = {
            "name": "salesforce_test",
            "system": "salesforce",
            "base_url": self.url,
            "business_units": [],
            "legal_entities": [],
            "credentials": {name: f"SF_{name.upper()}" for name in ("client_id", "username", "private_key")},
            "api_budget": {"max_concurrent": 2},
            "options": {
                "api_version": "66.0",
                "audience": "https://login.salesforce.com",
                "quota_share": "0.8",
            },
            "custom_fields": CUSTOM_FIELDS,
        }
        return Instance(**{**values, **changes})

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Call an `/_sandbox` route."""
        answer = requests.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, **fault: Any) -> None:
        """Order a fault."""
        self.admin("POST", "/faults", fault)

    def calls(self, method: str = "", path: str = "") -> int:
        """Calls seen with that method and path part."""
        return sum(
            1 for call in self.admin("GET", "/calls") if method in call["method"] and path in call["path"]
        )


def start_org(folder: Path, courier: Courier | None = None, **options: Any) -> OrgUnderTest:
    """Serve a freshly filled org on a free port; `courier` takes its change events."""
    clock = TestClock()
    store = Store(folder / "org.db", TABLES, indexes=INDEXES)
    fill(store)
    environ = {
        "SF_CLIENT_ID": "app-1",
        "SF_USERNAME": "sync@meridian.example",
        "SF_PRIVATE_KEY": private_key(),
    }
    credentials = {name.removeprefix("SF_").lower(): value for name, value in environ.items()}
    settings = replace(settings_for({**credentials, "client_secret": "s3cret"}, options), courier=courier)
    server = SimServer(create_app(store, settings, clock, Faults())).start()
    return OrgUnderTest(store, server, clock, environ, folder / "budget", options)


def account(number: int, **fields: Any) -> dict[str, Any]:
    """An account row as the store keeps it."""
    return {
        "Id": make_id("Account", number),
        "Name": f"Customer {number}",
        "Type": "Customer",
        "OwnerId": make_id("User", 1),
        "CurrencyIsoCode": "USD",
        "BillingStreet": f"{number} Main St",
        "CreatedDate": "2025-01-01T09:00:00Z",
        "LastModifiedDate": "2025-01-01T09:00:00Z",
        "SystemModstamp": "2025-01-01T09:00:00Z",
        "IsDeleted": 0,
        "NetSuite_Customer_Id__c": str(500 + number),
        "Payment_Terms_Days__c": 30,
        "ERP_Credit_Hold__c": 0,
    } | fields


def contact(number: int, **fields: Any) -> dict[str, Any]:
    """A contact row as the store keeps it; all but the first report to the first."""
    return {
        "Id": make_id("Contact", number),
        "AccountId": make_id("Account", number),
        "FirstName": f"First{number}",
        "LastName": f"Last{number}",
        "Email": f"First{number}.Last{number}@customer.example",
        "Title": "Controller",
        "ReportsToId": make_id("Contact", 1) if number > 1 else None,
        "OwnerId": make_id("User", 2),
        "CreatedDate": "2025-01-01T09:00:00Z",
        "LastModifiedDate": "2025-01-01T09:00:00Z",
        "SystemModstamp": "2025-01-01T09:00:00Z",
        "IsDeleted": 0,
    } | fields


def deal(number: int, **fields: Any) -> dict[str, Any]:
    """An opportunity row as the store keeps it."""
    changed = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number // 3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Id": make_id("Opportunity", number),
        "AccountId": make_id("Account", number % 5 + 1),
        "Name": f"Deal {number}",
        "StageName": "Proposal",
        "IsClosed": 0,
        "IsWon": 0,
        "CloseDate": "2026-07-15",
        "Amount": f"{number * 1000}.50",
        "CurrencyIsoCode": "USD",
        "Probability": "50",
        "OwnerId": make_id("User", 2),
        "CreatedDate": "2026-01-01T09:00:00Z",
        "LastModifiedDate": changed,
        "SystemModstamp": changed,
        "IsDeleted": 0,
        "ERP_Disputed__c": 0,
    } | fields


def fill(store: Store, deals: int = 12) -> None:
    """Users, stages, five accounts, three contacts and some deals."""
    stamp = "2025-01-01T09:00:00Z"
    users = [("Ada Boss", None), ("Ben Seller", 1)]
    store.load(
        "User",
        [
            {
                "Id": make_id("User", number),
                "Username": f"u{number}@meridian.example",
                "Name": name,
                "IsActive": 1,
                "ManagerId": make_id("User", boss) if boss else None,
                "SystemModstamp": stamp,
            }
            for number, (name, boss) in enumerate(users, start=1)
        ],
    )
    store.load(
        "OpportunityStage",
        [
            {
                "Id": make_id("OpportunityStage", number),
                "ApiName": label,
                "MasterLabel": label,
                "SortOrder": number,
                "IsActive": 1,
                "IsClosed": closed,
                "IsWon": won,
                "DefaultProbability": probability,
                "SystemModstamp": stamp,
            }
            for number, (label, closed, won, probability) in enumerate(STAGES, start=1)
        ],
    )
    store.load("Account", [account(number) for number in range(1, 6)])
    store.load("Contact", [contact(number) for number in range(1, 4)])
    store.load("Opportunity", [deal(number) for number in range(1, deals + 1)])
