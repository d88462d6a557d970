"""SOQL as the org understands it, asked over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.simulators.salesforce import make_id
from tests.salesforce.org import OrgUnderTest, deal

BASE = "/services/data/v66.0"


@pytest.fixture
def api(org: OrgUnderTest) -> Any:
    """Signed-in calls to the org."""
    token = requests.post(
        f"{org.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("app-1", "s3cret"),
        timeout=10,
    ).json()["access_token"]

    def call(method: str, path: str, **request: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} | request.pop("headers", {})
        return requests.request(method, f"{org.url}{BASE}{path}", headers=headers, timeout=10, **request)

    return call


def names(api: Any, where: str) -> list[str]:
    answer = api("GET", "/query", params={"q": f"SELECT Name FROM Opportunity {where}"})
    assert answer.status_code == 200, answer.text
    return [record["Name"] for record in answer.json()["records"]]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("WHERE Name = 'deal 3'", ["Deal 3"]),
        ("WHERE Name LIKE 'Deal 1%' ORDER BY Name LIMIT 2", ["Deal 1", "Deal 10"]),
        ("WHERE Name IN ('Deal 2', 'Deal 4') ORDER BY Name DESC", ["Deal 4", "Deal 2"]),
        ("WHERE Amount > 11000 ORDER BY Amount", ["Deal 11", "Deal 12"]),
        ("WHERE Account.Name = 'Customer 1' AND Amount < 6000", ["Deal 5"]),
        ("WHERE Account.Owner.Name = 'Ada Boss' AND Name = 'Deal 1'", ["Deal 1"]),
        ("WHERE AccountId IN (SELECT Id FROM Account WHERE Name = 'Customer 2') LIMIT 1", ["Deal 1"]),
        ("WHERE NOT (Amount > 1001) ORDER BY Name", ["Deal 1"]),
        ("WHERE Id = '0065g0000000002'", ["Deal 2"]),  # 15 characters
        ("WHERE SystemModstamp >= 2026-01-01T05:00:00+01:00 ORDER BY SystemModstamp, Id", ["Deal 12"]),
        ("WHERE CloseDate = NEXT_N_DAYS:30 AND Name = 'Deal 1'", ["Deal 1"]),
        ("WHERE CloseDate = THIS_MONTH", []),
        ("WHERE CloseDate > 2026-07-14 AND CloseDate <= 2026-07-15 AND Name = 'Deal 9'", ["Deal 9"]),
        ("WHERE Services_Amount__c = null AND Name = 'Deal 1'", ["Deal 1"]),
        ("WHERE Services_Amount__c != 5 AND Name = 'Deal 1'", ["Deal 1"]),  # != keeps nulls
        ("WHERE IsWon = false AND (Name = 'Deal 1' OR Name = 'Deal 2') ORDER BY Name", ["Deal 1", "Deal 2"]),
        ("ORDER BY Amount DESC LIMIT 1 OFFSET 1", ["Deal 11"]),
    ],
)
def test_filters(api: Any, where: str, expected: list[str]) -> None:
    assert names(api, where) == expected


def test_escapes_reach_the_store_as_written(org: OrgUnderTest, api: Any) -> None:
    org.store.load("Opportunity", [deal(50, Name="O'Neil \\ 100%; drop table")])
    assert names(api, "WHERE Name = 'O\\'Neil \\\\ 100%; drop table'") == ["O'Neil \\ 100%; drop table"]


def test_a_missing_parent_is_null_and_nested_parents_nest(org: OrgUnderTest, api: Any) -> None:
    org.store.load("Opportunity", [deal(50, AccountId=None)])
    soql = "SELECT Id, Account.Name, Account.Owner.Name FROM Opportunity WHERE Name IN ('Deal 50','Deal 1') ORDER BY Id"
    first, second = api("GET", "/query", params={"q": soql}).json()["records"]
    assert first["Account"]["Owner"]["Name"] == "Ada Boss"
    assert first["Account"]["attributes"]["type"] == "Account"
    assert second["Account"] is None


def test_a_contact_reaches_its_account_and_its_superior(api: Any) -> None:
    soql = "SELECT LastName, Account.Name, ReportsTo.LastName FROM Contact ORDER BY LastName LIMIT 2"
    first, second = api("GET", "/query", params={"q": soql}).json()["records"]
    assert (first["LastName"], first["Account"]["Name"], first["ReportsTo"]) == ("Last1", "Customer 1", None)
    assert (second["Account"]["Name"], second["ReportsTo"]["LastName"]) == ("Customer 2", "Last1")


def test_counts_and_groups(api: Any) -> None:
    assert api("GET", "/query", params={"q": "SELECT COUNT() FROM Opportunity"}).json() == {
        "totalSize": 12, "done": True, "records": [],
    }  # fmt: skip
    soql = "SELECT StageName, COUNT(Id) n, MAX(Amount) FROM Opportunity GROUP BY StageName"
    (group,) = api("GET", "/query", params={"q": soql}).json()["records"]
    assert (group["StageName"], group["n"], group["expr0"]) == ("Proposal", 12, 12000.5)


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Acount", "INVALID_TYPE"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE SystemModstamp > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name =", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE SystemModstamp > 2026-01-01T00:00:00", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("SELECT 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account, User", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account UNION SELECT Id FROM User", "MALFORMED_QUERY"),
        ("DROP TABLE Account", "MALFORMED_QUERY"),
        ("SELECT Id, COUNT() FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_refusals_carry_the_vendors_code(api: Any, soql: str, code: str) -> None:
    answer = api("GET", "/query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_deleted_rows_show_in_query_all_until_the_bin_is_emptied(org: OrgUnderTest, api: Any) -> None:
    assert api("DELETE", f"/sobjects/Opportunity/{make_id('Opportunity', 1)}").status_code == 204
    soql = {"q": "SELECT Id, IsDeleted FROM Opportunity"}
    assert api("GET", "/query", params=soql).json()["totalSize"] == 11
    assert api("GET", "/queryAll", params=soql).json()["totalSize"] == 12


def test_validation_names_code_and_field(api: Any) -> None:
    deal_path = f"/sobjects/Opportunity/{make_id('Opportunity', 1)}"
    cases: list[tuple[str, str, dict[str, Any], str, list[str] | None]] = [
        ("POST", "/sobjects/Account", {}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ("POST", "/sobjects/Account", {"Name": "x", "Nope": 1}, "INVALID_FIELD", None),
        ("POST", "/sobjects/Account", {"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
        ("POST", "/sobjects/Contact", {"FirstName": "x"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ("PATCH", deal_path, {"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsWon"]),
        (
            "PATCH",
            deal_path,
            {"SystemModstamp": "2026-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            None,
        ),
        ("PATCH", deal_path, {"StageName": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["StageName"]),
        ("PATCH", deal_path, {"AccountId": "nope"}, "MALFORMED_ID", ["AccountId"]),
        ("PATCH", deal_path, {"AccountId": make_id("Account", 999)}, "INVALID_CROSS_REFERENCE_KEY", None),
        ("PATCH", deal_path, {"Amount": "many"}, "JSON_PARSER_ERROR", ["Amount"]),
        (
            "PATCH",
            f"/sobjects/User/{make_id('User', 1)}",
            {"Name": "x"},
            "INSUFFICIENT_ACCESS_OR_READONLY",
            None,
        ),
    ]
    for method, path, body, code, fields in cases:
        answer = api(method, path, json=body)
        error = answer.json()[0]
        assert error["errorCode"] == code, (path, body)
        if fields:
            assert error["fields"] == fields


def test_a_stage_decides_won_closed_and_probability(org: OrgUnderTest, api: Any) -> None:
    org.clock.forward(hours=1)
    path = f"/sobjects/Opportunity/{make_id('Opportunity', 1)}"
    assert api("PATCH", path, json={"StageName": "Closed Won"}).status_code == 204
    read = api("GET", path).json()
    assert (read["IsWon"], read["IsClosed"], read["Probability"]) == (True, True, 100.0)
    assert read["SystemModstamp"] == "2026-06-30T19:00:00.000+0000"


def test_collections_report_each_record_and_can_roll_back(org: OrgUnderTest, api: Any) -> None:
    records = [
        {"attributes": {"type": "Account"}, "id": make_id("Account", 1), "BillingCity": "Leeds"},
        {"attributes": {"type": "Account"}, "id": make_id("Account", 2), "Nope": 1},
    ]
    answer = api("PATCH", "/composite/sobjects", json={"allOrNone": False, "records": records})
    good, bad = answer.json()
    assert (answer.status_code, good["success"], bad["success"], "id" in bad) == (200, True, False, False)
    assert bad["errors"][0]["statusCode"] == "INVALID_FIELD"
    records[0]["BillingCity"] = "York"
    first, _ = api("PATCH", "/composite/sobjects", json={"allOrNone": True, "records": records}).json()
    assert first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    row = org.store.get("Account", make_id("Account", 1))
    assert row is not None
    assert row["BillingCity"] == "Leeds"


def test_conditions_on_an_account(api: Any) -> None:
    path = f"/sobjects/Account/{make_id('Account', 1)}"
    etag = api("GET", path).headers["ETag"]
    assert api("PATCH", path, json={"BillingCity": "A"}, headers={"If-Match": etag}).status_code == 204
    assert api("PATCH", path, json={"BillingCity": "B"}, headers={"If-Match": etag}).status_code == 412
    old = {"If-Unmodified-Since": "Mon, 29 Jun 2026 00:00:00 GMT"}
    assert api("PATCH", path, json={"BillingCity": "B"}, headers=old).status_code == 412


def test_versions_are_open_and_old_ones_are_gone(org: OrgUnderTest, api: Any) -> None:
    listed = requests.get(f"{org.url}/services/data/", timeout=10).json()
    assert listed[-1]["version"] == "66.0"
    assert requests.get(f"{org.url}/services/data/v29.0/limits", timeout=10).status_code == 410
    assert api("GET", "/nothing/here").status_code == 404
    assert api("GET", "/limits").headers["Sforce-Limit-Info"].startswith("api-usage=")


def test_a_secret_that_is_wrong_opens_nothing(org: OrgUnderTest) -> None:
    token = f"{org.url}/services/oauth2/token"
    wrong = requests.post(token, data={"grant_type": "client_credentials"}, auth=("app-1", "no"), timeout=10)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    assert requests.post(token, data={"grant_type": "password"}, timeout=10).status_code == 400
    unsigned = requests.get(f"{org.url}{BASE}/limits", headers={"Authorization": "Bearer x"}, timeout=10)
    assert (unsigned.status_code, unsigned.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
