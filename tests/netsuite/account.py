"""A small NetSuite account over real HTTP and what is in its books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from requests_oauthlib import OAuth1

from config import load_config
from config.schema import Instance
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.netsuite import Settings
from sandbox.simulators.store import Store

NOW = datetime(2026, 6, 30, 18, 0, tzinfo=UTC)
SECRETS = {
    "NS_KEY": "ck-1", "NS_SECRET": "consumer secret&1", "NS_TOKEN": "tk-1", "NS_TOKEN_SECRET": "token+secret/1",
}  # fmt: skip
CREDENTIALS = {
    "consumer_key": "NS_KEY", "consumer_secret": "NS_SECRET", "token_id": "NS_TOKEN",
    "token_secret": "NS_TOKEN_SECRET",
}  # fmt: skip
# The simulator serves the custom fields that the demo estate maps, so a test account maps the same.
CUSTOM_FIELDS = load_config().instance("netsuite_group").custom_fields


class Clock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: int) -> None:
        self.now += timedelta(**delta)


@dataclass(kw_only=True)
class Account:
    """A running simulated account."""

    store: Store
    server: SimServer
    settings: Settings
    clock: Clock
    faults: Faults
    budget_dir: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    @property
    def rest(self) -> str:
        return f"{self.server.url}/services/rest"

    def instance(self, **changes: Any) -> Instance:
        facts: dict[str, Any] = {
            "name": "netsuite_test", "system": "netsuite", "base_url": self.server.url, "business_units": [],
            "legal_entities": [], "credentials": CREDENTIALS, "custom_fields": CUSTOM_FIELDS,
            "options": {"auth": "tba", "account": "4471023_SB1", "time_zone": self.settings.time_zone},
        }  # fmt: skip
        return Instance(**(facts | changes))

    def call(self, method: str, path: str, **request: Any) -> requests.Response:
        """A raw signed call, to look at the vendor without our connector."""
        auth = OAuth1(
            SECRETS["NS_KEY"], SECRETS["NS_SECRET"], SECRETS["NS_TOKEN"], SECRETS["NS_TOKEN_SECRET"],
            signature_method="HMAC-SHA256", realm="4471023_SB1",
        )  # fmt: skip
        return requests.request(method, f"{self.rest}/{path}", auth=auth, timeout=30, **request)

    def query(self, text: str, **window: int) -> requests.Response:
        return self.call(
            "POST", "query/v1/suiteql", json={"q": text}, params=window, headers={"Prefer": "transient"}
        )


def books() -> dict[str, list[dict[str, Any]]]:
    """Two entities, two customers, a project, an open and a paid invoice."""
    stamp = "2026-05-04T14:00:00Z"
    return {
        "currency": [
            {"id": "1", "symbol": "USD", "name": "US Dollar", "currencyprecision": 2},
            {"id": "2", "symbol": "GBP", "name": "British pound", "currencyprecision": 2},
        ],
        "subsidiary": [
            {"id": "2", "name": "US", "fullname": "Parent : US", "currency": "1", "country": "US",
             "iselimination": False, "legalname": "Meridian, Inc."},
            {"id": "3", "name": "UK", "fullname": "Parent : UK", "currency": "2", "country": "GB",
             "iselimination": False, "legalname": "Meridian Ltd"},
        ],
        "term": [{"id": "4", "name": "Net 30", "daysuntilnetdue": 30}],
        "customer": [
            {"id": "700", "entityid": "C700", "companyname": "Acme Corp", "currency": "1", "terms": "4",
             "creditholdoverride": "AUTO", "isinactive": False, "externalid": "CRM-700", "datecreated": stamp,
             "lastmodifieddate": stamp, "custentity_sf_account_id": "001A"},
            {"id": "701", "entityid": "C701", "companyname": "Béta GmbH", "currency": "1",
             "creditholdoverride": "ON", "isinactive": True, "datecreated": stamp, "lastmodifieddate": stamp},
        ],
        "customersubsidiaryrelationship": [
            {"id": "1", "entity": "700", "subsidiary": "2", "isprimary": True}
        ],
        "entityaddress": [{"nkey": "90", "addr1": "1 Main St", "city": "Boston", "zip": "02110", "country": "US"}],
        "job": [
            {"id": "800", "entityid": "P800", "companyname": "Rollout", "parent": "700", "subsidiary": "2",
             "currency": "1", "startdate": "2026-01-05", "isinactive": False, "jobprice": "120000.00",
             "lastmodifieddate": stamp}
        ],
        "accountingperiod": [
            {"id": "41", "periodname": "Apr 2026", "startdate": "2026-04-01", "enddate": "2026-04-30",
             "closed": True, "arlocked": True, "alllocked": True, "isquarter": False, "isyear": False,
             "isadjust": False},
            {"id": "42", "periodname": "May 2026", "startdate": "2026-05-01", "enddate": "2026-05-31",
             "closed": False, "arlocked": False, "alllocked": False, "isquarter": False, "isyear": False,
             "isadjust": False},
        ],
        "transaction": [invoice("5001", "A", stamp), invoice("5002", "B", stamp)],
        "transactionline": lines("5001", stamp) + lines("5002", stamp),
        "nexttransactionlinelink": [
            {"previousdoc": "5002", "previousline": "0", "nextdoc": "5009", "nextline": "0",
             "foreignamount": "1000.00", "linktype": "Payment", "lastmodifieddate": stamp}
        ],
        "currencyrate": [
            {"id": "1", "basecurrency": "1", "transactioncurrency": "2", "exchangerate": "1.27120000",
             "effectivedate": "2026-05-01", "lastmodifieddate": "2026-05-01T06:00:00Z"}
        ],
        "consolidatedexchangerate": [
            {"id": "1", "postingperiod": "42", "fromsubsidiary": "3", "tosubsidiary": "1",
             "averagerate": "1.27", "currentrate": "1.28", "historicalrate": "1.25"}
        ],
        "charge": [
            charge("600", "HOLD", stamp), charge("601", "PROCESSED", stamp), charge("602", "READY", stamp),
        ],
    }  # fmt: skip


def invoice(key: str, status: str, stamp: str) -> dict[str, Any]:
    return {
        "id": key, "tranid": f"INV-{key}", "type": "CustInvc", "entity": "700", "trandate": "2026-05-04",
        "duedate": "2026-06-03", "postingperiod": "42", "currency": "1", "exchangerate": "1",
        "subsidiary": "2", "status": status, "posting": True, "voided": False, "foreigntotal": "1000.00",
        "foreignamountunpaid": "0.00" if status == "B" else "1000.00", "createddate": stamp,
        "lastmodifieddate": stamp,
    }  # fmt: skip


def lines(key: str, stamp: str) -> list[dict[str, Any]]:
    base = int(key) * 10
    rows = [(0, True, "1000.00", None), (1, False, "-600.00", "time"), (2, False, "-400.00", "expense")]
    return [
        {"transaction": key, "id": number, "uniquekey": base + number, "linesequencenumber": number,
         "mainline": main, "taxline": False, "entity": "800", "foreignamount": amount, "netamount": amount,
         "linelastmodifieddate": stamp, "custcol_source_type": kind}
        for number, main, amount, kind in rows
    ]  # fmt: skip


def charge(key: str, stage: str, stamp: str) -> dict[str, Any]:
    return {
        "id": key, "billto": "700", "project": "800", "subsidiary": "2", "currency": "1",
        "amount": "40000.00", "chargedate": "2026-06-01", "stage": stage, "description": f"Milestone {key}",
        "externalid": f"story-{key}", "lastmodifieddate": stamp,
    }  # fmt: skip


OpenAccount = Callable[..., Account]
