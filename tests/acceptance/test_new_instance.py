"""An acquired firm's CRM is an entry in config/estate.yml and nothing else: read, staged, canonical, a partition."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from ruamel.yaml import YAML

from config import load_config
from config.clock import now
from ingestion.runner import sync_instance
from sandbox.simulators.base import SimServer
from sandbox.simulators.faults import Faults
from sandbox.simulators.salesforce import INDEXES, create_app, schema_for, settings_for
from sandbox.simulators.salesforce.ids import make_id
from sandbox.simulators.store import Store
from tests.salesforce.org import private_key
from tests.support import Firm, build_dbt, running_firm, sync_all

pytestmark = pytest.mark.slow

NAMES = {"Account": {"Eingetragener_Name__c": "legal_name", "USt_Id__c": "tax_id"}}
ENTRY = {
    "name": "salesforce_acquired", "system": "salesforce", "business_units": ["digital"],
    "legal_entities": ["MCG-DE"],
    "credentials": {name: f"CONCORD_ACQUIRED_{name.upper()}" for name in ("client_id", "username", "private_key")},
    "options": {"api_version": "66.0", "audience": "https://login.salesforce.com", "quota_share": "0.8"},
    "custom_fields": NAMES,
}  # fmt: skip


def _org(folder: Path) -> SimServer:
    """An org of its own, with one account under its own field names."""
    schema = schema_for(NAMES)
    store = Store(folder / "acquired.db", schema.tables, indexes=INDEXES)
    stamp = "2026-01-05T09:00:00Z"
    store.load(
        "Account",
        [{"Id": make_id("Account", 1, "9z"), "Name": "Bergmann", "Eingetragener_Name__c": "Bergmann Optik GmbH",
          "USt_Id__c": "DE123456789", "BillingCountry": "DE", "CurrencyIsoCode": "EUR", "CreatedDate": stamp,
          "LastModifiedDate": stamp, "SystemModstamp": stamp, "IsDeleted": 0}],
    )  # fmt: skip
    credentials = {"client_id": "acquired", "username": "sync@acquired.example", "private_key": private_key()}
    os.environ.update({ENTRY["credentials"][name]: value for name, value in credentials.items()})
    settings = settings_for(credentials, ENTRY["options"])
    return SimServer(create_app(store, replace(settings, schema=schema), now, Faults())).start()


def _add_to_estate(firm: Firm, url: str) -> None:
    yaml = YAML(typ="rt")
    path = firm.config_dir / "estate.yml"
    document = yaml.load(path.read_text())
    document["instances"].append({**ENTRY, "base_url": url})
    with path.open("w") as handle:
        yaml.dump(document, handle)


def test_a_new_instance_is_configuration(tmp_path: Path) -> None:
    with running_firm(tmp_path, people=40, months=9) as firm:
        sync_all(firm)
        server = _org(tmp_path)
        try:
            _add_to_estate(firm, server.url)
            config = load_config(firm.config_dir)
            sync_instance(config, "salesforce_acquired", mode="incremental", home=firm.home, clock=now)
        finally:
            server.stop()
        grown = Firm(config, firm.config_dir, firm.home, firm.servers)
        build_dbt(grown, "--indirect-selection", "cautious", "--select", "+dim_customer")
        with duckdb.connect(str(firm.home.warehouse), read_only=True) as warehouse:
            found = warehouse.execute(
                "select customer_name, legal_name, tax_id from canonical.dim_customer "
                "where crm_instance = 'salesforce_acquired'"
            ).fetchall()
    assert found == [("Bergmann", "Bergmann Optik GmbH", "DE123456789")]
