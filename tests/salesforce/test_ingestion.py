"""From the served org into raw tables, through the real runner."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from config.paths import Home
from config.schema import Instance
from connectors.errors import ConnectorError, MalformedResponseError, PermanentError
from ingestion.runner import SyncResult, sync_instance
from ingestion.sources.salesforce import TABLES
from sandbox.simulators.salesforce import make_id
from tests.salesforce.org import OrgUnderTest, account, deal

DEAL = make_id("Opportunity", 1)


@dataclass
class Estate:
    """The part of the configuration the runner asks for."""

    entry: Instance

    def instance(self, name: str) -> Instance:
        assert name == self.entry.name
        return self.entry


@dataclass
class Deployment:
    """One warehouse that reads one org."""

    org: OrgUnderTest
    home: Home

    def sync(self, mode: Any = "incremental", **changes: Any) -> SyncResult:
        estate: Any = Estate(self.org.instance(**changes))
        return sync_instance(
            estate,
            "salesforce_test",
            mode=mode,
            home=self.home,
            clock=self.org.clock,
            environ=self.org.environ,
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def tombstones(self) -> dict[str, str]:
        return dict(self.query("select record_id, origin from raw_salesforce.tombstone"))


@pytest.fixture
def deployment(org: OrgUnderTest, tmp_path: Path) -> Deployment:
    return Deployment(org, Home(tmp_path / "home"))


def stamped(org: OrgUnderTest, **fields: Any) -> dict[str, Any]:
    return {"SystemModstamp": org.clock().strftime("%Y-%m-%dT%H:%M:%SZ"), **fields}


def test_every_object_lands_with_its_types(deployment: Deployment) -> None:
    deployment.org.store.upsert(
        "Opportunity", DEAL, {"Services_Amount__c": "1000.25", "Legal_Entity__c": "UK01"}
    )
    result = deployment.sync()
    assert result.rows_by_table == {
        "opportunity_stage": 4, "user": 2, "account": 5, "contact": 3, "opportunity": 12, "contract": 0,
        "change_request": 0,
    }  # fmt: skip
    assert (result.quarantined, result.drift) == (0, [])
    columns = "amount, services_amount, legal_entity_code, is_won, probability, close_date::text"
    (row,) = deployment.query(f"select {columns} from raw_salesforce.opportunity where id = '{DEAL}'")
    assert row == (Decimal("1000.5"), Decimal("1000.25"), "UK01", False, Decimal("50"), "2026-07-15")


def test_a_second_run_reads_only_what_is_new_or_in_the_lookback(deployment: Deployment) -> None:
    org = deployment.org
    deployment.sync()
    org.clock.forward(hours=1)
    org.store.load("Opportunity", [deal(40, **stamped(org))])
    assert deployment.sync().rows_by_table["opportunity"] == 2  # the newest known one lies in the lookback
    org.clock.forward(hours=1)
    # a late commit, stamped nine minutes before the newest row already read
    org.store.load("Opportunity", [deal(41, SystemModstamp="2026-06-30T18:51:00Z")])
    deployment.sync()
    assert deployment.query("select count(*) from raw_salesforce.opportunity") == [(14,)]


def test_bulk_and_rest_land_the_same_table(deployment: Deployment, tmp_path: Path) -> None:
    org = deployment.org
    org.store.load("Opportunity", [deal(number) for number in range(13, 2101)])
    deployment.sync()
    assert org.calls("POST", "/jobs/query") == 1
    sql = "select count(*), sum(amount), count(distinct system_modstamp) from raw_salesforce.opportunity"
    amounts = sum(number * 1000 + Decimal("0.5") for number in range(1, 2101))
    assert deployment.query(sql) == [(2100, amounts, 701)]


def test_deletions_come_by_recycle_bin_feed_and_sweep(deployment: Deployment) -> None:
    org = deployment.org
    deployment.sync()
    org.clock.forward(hours=1)
    org.store.upsert("Opportunity", DEAL, stamped(org, IsDeleted=1))
    org.clock.forward(minutes=5)
    assert deployment.sync().tombstones == 1
    assert deployment.tombstones() == {DEAL: "recycle_bin"}
    org.clock.forward(hours=1)
    gone = make_id("Opportunity", 2)
    org.store.delete("Opportunity", gone)  # hard: no feed tells
    deployment.sync()
    assert set(deployment.tombstones()) == {DEAL}
    deployment.sync("full")
    assert deployment.tombstones() == {DEAL: "recycle_bin", gone: "sweep"}


def test_a_contact_lands_with_its_links_and_leaves_by_the_recycle_bin(deployment: Deployment) -> None:
    org, second = deployment.org, make_id("Contact", 2)
    deployment.sync()
    columns = "account_id, first_name, last_name, email, title, reports_to_id, owner_id"
    (row,) = deployment.query(f"select {columns} from raw_salesforce.contact where id = '{second}'")
    assert row == (
        make_id("Account", 2), "First2", "Last2", "First2.Last2@customer.example", "Controller",
        make_id("Contact", 1), make_id("User", 2),
    )  # fmt: skip
    org.clock.forward(hours=1)
    org.store.upsert("Contact", second, stamped(org, IsDeleted=1))
    org.clock.forward(minutes=5)
    deployment.sync()
    assert deployment.query("select object, record_id, origin from raw_salesforce.tombstone") == [
        ("contact", second, "recycle_bin")
    ]


def test_a_refused_contact_shows_nobodys_name(deployment: Deployment) -> None:
    """Who a client's people are is not for those who look after bad records."""
    deployment.org.store.upsert("Contact", make_id("Contact", 2), {"LastName": None})
    assert deployment.sync().quarantined == 1
    ((field, reason, payload),) = deployment.query(
        "select field, reason, payload from raw_landing.quarantine where object = 'contact'"
    )
    assert (field, reason) == ("LastName", "LastName is empty but mandatory")
    assert "Controller" in payload
    assert "First2" not in payload
    assert "customer.example" not in payload


def test_an_outage_longer_than_the_feed_reaches_is_swept(deployment: Deployment) -> None:
    org = deployment.org
    deployment.sync()
    org.clock.forward(days=1)
    org.store.upsert("Opportunity", DEAL, stamped(org, IsDeleted=1))
    org.clock.forward(days=30)
    deployment.sync()
    assert deployment.tombstones() == {DEAL: "sweep"}


def test_a_field_the_org_no_longer_shows_stops_the_instance_and_keeps_its_data(
    deployment: Deployment,
) -> None:
    deployment.sync()
    org = deployment.org
    org.clock.forward(hours=1)
    number = list(org.store.tables["Opportunity"]).index("ERP_Open_Amount__c")
    org.fault(kind="rewrite", path="/Opportunity/describe", at=f"fields.{number}.name", value="Other__c")
    with pytest.raises(PermanentError) as lost:
        deployment.sync()
    assert (lost.value.object, lost.value.field) == ("Opportunity", "ERP_Open_Amount__c")
    assert deployment.query("select count(*) from raw_salesforce.opportunity") == [(12,)]
    assert deployment.sync().rows_by_table["account"] == 5


def test_custom_fields_nobody_mapped_are_kept_and_reported(deployment: Deployment) -> None:
    mapped = deployment.org.instance().custom_fields
    fewer = {**mapped, "Account": {"Legal_Name__c": "legal_name"}}
    deployment.org.store.upsert("Account", make_id("Account", 1), {"Tax_Id__c": "T-1", "Legal_Name__c": "L"})
    result = deployment.sync(custom_fields=fewer)
    assert ("account", "Tax_Id__c", "new_column") in result.drift
    columns = "legal_name, tax_id, _extra->>'Tax_Id__c'"
    sql = f"select {columns} from raw_salesforce.account where id = '{make_id('Account', 1)}'"
    assert deployment.query(sql) == [("L", None, "T-1")]


def test_another_orgs_field_names_land_in_the_same_columns(deployment: Deployment) -> None:
    mapped = deployment.org.instance().custom_fields
    swapped = {**mapped, "Account": {"Tax_Id__c": "legal_name", "Legal_Name__c": "tax_id"}}
    deployment.org.store.upsert("Account", make_id("Account", 1), {"Tax_Id__c": "T-1", "Legal_Name__c": "L"})
    deployment.sync(custom_fields=swapped)
    sql = f"select legal_name, tax_id from raw_salesforce.account where id = '{make_id('Account', 1)}'"
    assert deployment.query(sql) == [("T-1", "L")]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"Amount": "-5.00"}, "amount"),
        ({"Name": None}, "name"),
        ({"CreatedDate": "2030-01-01T00:00:00Z"}, "created_date"),
    ],
)
def test_a_bad_value_is_quarantined_by_name(deployment: Deployment, bad: dict[str, Any], field: str) -> None:
    deployment.org.store.upsert("Opportunity", DEAL, bad)
    assert deployment.sync().quarantined == 1
    sql = "select object, record_id, field from raw_landing.quarantine"
    ((object_name, record_id, named),) = deployment.query(sql)
    assert (object_name, record_id) == ("opportunity", DEAL)
    assert named.replace("_", "").lower() == field.replace("_", "")
    assert deployment.query("select count(*) from raw_salesforce.opportunity") == [(11,)]


def test_a_malformed_page_leaves_the_earlier_data(deployment: Deployment) -> None:
    deployment.sync()
    deployment.org.clock.forward(hours=1)
    deployment.org.store.load("Account", [account(8, **stamped(deployment.org))])
    deployment.org.fault(kind="truncate", path="/queryAll.*FROM.Opportunity")
    with pytest.raises(MalformedResponseError, match="Opportunity"):
        deployment.sync()
    assert deployment.query("select count(*) from raw_salesforce.opportunity") == [(12,)]
    deployment.sync()
    assert deployment.query("select count(*) from raw_salesforce.account") == [(6,)]


def test_a_refused_sign_in_is_recorded_without_secrets(deployment: Deployment) -> None:
    deployment.org.environ["SF_USERNAME"] = "someone@else.example"
    with pytest.raises(ConnectorError):
        deployment.sync()
    ((status, told),) = deployment.query("select status, error from raw_landing.sync_run")
    assert status == "failed"
    assert "salesforce_test" in told
    assert "someone@else" not in told


def test_every_table_states_key_cursor_and_deletes() -> None:
    for table in TABLES.values():
        assert table.key == ("id",)
        assert table.vendor_object
        assert table.cursor == "system_modstamp" or table.name == "opportunity_stage"
        assert table.deletes in {"deleted_feed", "full"} or table.name == "user"
