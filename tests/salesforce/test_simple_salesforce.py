"""The widely used third-party client works against the simulator without a change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceError,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from sandbox.simulators.salesforce import make_id
from tests.salesforce.org import OrgUnderTest, account, deal, private_key


class PlainHttp(HTTPAdapter):
    """The client insists on https and on the vendor's host; the simulator is plain HTTP on loopback."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        path = (request.url or "").split("/", 3)[3]
        request.url = f"{self.target}/{path}"
        return super().send(request, *args, **options)


@pytest.fixture
def client(org: OrgUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Salesforce]:
    monkeypatch.setenv("NO_PROXY", "*")
    session = requests.Session()
    session.mount("https://", PlainHttp(org.url))
    issued = requests.post(
        f"{org.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("app-1", "s3cret"),
        timeout=10,
    ).json()
    instance = issued["instance_url"].removeprefix("http://")
    yield Salesforce(session_id=issued["access_token"], instance=instance, session=session, version="66.0")
    session.close()


def test_query_all_follows_pages(org: OrgUnderTest, client: Salesforce) -> None:
    org.store.load("Opportunity", [deal(number) for number in range(13, 451)])
    found = client.query_all(
        "SELECT Id, Name, Amount, Account.Name FROM Opportunity ORDER BY SystemModstamp, Id",
        headers={"Sforce-Query-Options": "batchSize=200"},
    )
    assert found["totalSize"] == 450
    assert len({record["Id"] for record in found["records"]}) == 450
    assert found["records"][0]["Account"]["Name"] == "Customer 2"
    assert found["records"][0]["Amount"] == 1000.5


def test_record_round_trip(client: Salesforce) -> None:
    made = client.Account.create({"Name": "New Co", "Legal_Name__c": "New Company Ltd"})
    assert made["success"]
    assert client.Account.update(made["id"], {"BillingCity": "Leeds"}) == 204
    read = client.Account.get(made["id"])
    assert (read["Name"], read["BillingCity"]) == ("New Co", "Leeds")
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made["id"])


def test_upsert_creates_then_updates_and_refuses_an_ambiguous_key(
    org: OrgUnderTest, client: Salesforce
) -> None:
    assert client.Account.upsert("NetSuite_Customer_Id__c/9100", {"Name": "By Key"}) == 201
    assert client.Account.upsert("NetSuite_Customer_Id__c/9100", {"Name": "By Key 2"}) == 200
    org.store.load("Account", [account(77, NetSuite_Customer_Id__c="9100")])
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Account.upsert("NetSuite_Customer_Id__c/9100", {"Name": "Which"})


def test_bulk2_query_returns_the_same_rows(client: Salesforce) -> None:
    pages = list(
        client.bulk2.Opportunity.query(
            "SELECT Id, Name, SystemModstamp FROM Opportunity", max_records=5, wait=0
        )
    )
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert len(pages) == 3
    assert len(rows) == 12
    assert rows[0]["SystemModstamp"].endswith(".000Z")


def test_describe_and_deleted_feed(org: OrgUnderTest, client: Salesforce) -> None:
    names = {field["name"] for field in client.Opportunity.describe()["fields"]}
    assert {"IsWon", "ERP_Open_Amount__c"} <= names
    client.Opportunity.delete(make_id("Opportunity", 1))
    feed = client.Opportunity.deleted(org.clock().replace(day=29), org.clock())
    assert [record["id"] for record in feed["deletedRecords"]] == [make_id("Opportunity", 1)]


def test_malformed_query_is_refused_with_the_vendors_code(client: Salesforce) -> None:
    with pytest.raises(SalesforceError, match="MALFORMED_QUERY"):
        client.query("SELECT Id FROM Account WHERE Name =")


def test_signs_in_with_a_signed_assertion(org: OrgUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    org.clock.moment = datetime.now(UTC)  # the client stamps its assertion by the machine's clock
    session = requests.Session()
    session.mount("https://", PlainHttp(org.url))
    client = Salesforce(
        username="sync@meridian.example", consumer_key="app-1", privatekey=private_key(), domain="login",
        session=session, version="66.0",
    )  # fmt: skip
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 5
    session.close()
