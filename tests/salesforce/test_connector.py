"""The connector against the served org: sign-in, renewal, paging, quota, failures by class."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.errors import (
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)
from connectors.http import Backoff
from connectors.salesforce import SalesforceClient, connect, quoted
from sandbox.simulators.salesforce import make_id
from tests.salesforce.org import OrgUnderTest, account, deal, start_org

DEAL = make_id("Opportunity", 1)
SOQL = "SELECT Id, Amount, SystemModstamp FROM Opportunity ORDER BY SystemModstamp, Id"
AT_ONCE = Backoff(attempts=3, start=0.0)


def client(org: OrgUnderTest, **changes: Any) -> SalesforceClient:
    environ = changes.pop("environ", org.environ)
    return connect(
        org.instance(**changes),
        environ=environ,
        budget_dir=org.budget_dir,
        clock=org.clock,
        backoff=AT_ONCE,
        sleep=lambda _seconds: None,
    )


def rows(pages: Any) -> list[dict[str, Any]]:
    return [row for page in pages for row in page]


def test_pages_come_whole_in_order_and_exact(org: OrgUnderTest) -> None:
    org.store.load("Opportunity", [deal(number) for number in range(13, 451)])
    org.store.upsert("Opportunity", DEAL, {"Amount": "1234567890123.45"})
    read = rows(client(org).query_all_pages(SOQL, object="Opportunity", batch_rows=200))
    assert len({row["Id"] for row in read}) == 450
    assert org.calls("GET", "/query/") == 2
    assert next(row for row in read if row["Id"] == DEAL)["Amount"] == "1234567890123.45"
    assert [row["SystemModstamp"] for row in read] == sorted(row["SystemModstamp"] for row in read)


def test_bulk_takes_over_above_its_threshold_and_gives_the_same_rows(org: OrgUnderTest) -> None:
    by_rest = rows(client(org).pages(SOQL, object="Opportunity"))
    by_bulk = rows(client(org).pages(SOQL, object="Opportunity", bulk_above=5))
    assert org.calls("POST", "/jobs/query") == 1
    assert org.calls("DELETE", "/jobs/query") == 1
    assert [row["Id"] for row in by_bulk] == [row["Id"] for row in by_rest]
    assert [Decimal(row["Amount"]) for row in by_bulk] == [Decimal(row["Amount"]) for row in by_rest]


def test_text_with_commas_quotes_and_newlines_survives_bulk(org: OrgUnderTest) -> None:
    org.store.load("Account", [account(9, Name='A, "B"\nC — é')])
    soql = f"SELECT Id, Name, ParentId FROM Account WHERE Id = {quoted(make_id('Account', 9))}"
    (row,) = rows(client(org).bulk_query_pages(soql, object="Account"))
    assert (row["Name"], row["ParentId"]) == ('A, "B"\nC — é', None)


def test_an_ended_session_is_renewed_once(org: OrgUnderTest) -> None:
    connected = client(org)
    connected.get("Opportunity", DEAL, ["Name"])
    org.clock.forward(hours=3)
    connected.get("Opportunity", DEAL, ["Name"])
    org.clock.forward(hours=3)
    connected.update("Opportunity", DEAL, {"Amount": Decimal("5.25")})
    assert org.calls("POST", "/oauth2/token") == 3
    assert connected.get("Opportunity", DEAL, ["Amount"])["Amount"] == "5.25"


def test_a_session_refused_twice_is_reported_not_looped(org: OrgUnderTest) -> None:
    body = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    org.fault(kind="status", path="/sobjects/", times=9, status=401, body=body)
    with pytest.raises(UnauthorizedError, match="salesforce_test"):
        client(org).get("Opportunity", DEAL, ["Name"])
    assert org.calls("GET", "/sobjects/") == 2


def _other_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shape = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*shape).decode()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: {"SF_PRIVATE_KEY": _other_key()},
        lambda: {"SF_PRIVATE_KEY": "not a key"},
        lambda: {"SF_CLIENT_ID": "another-app"},
        lambda: {"SF_USERNAME": "someone@else.example"},
    ],
)
def test_wrong_credentials_say_which_instance_and_show_no_secret(
    org: OrgUnderTest, wrong: Callable[[], dict[str, str]]
) -> None:
    environ = {**org.environ, **wrong()}
    with pytest.raises(UnauthorizedError) as refused:
        client(org, environ=environ).limits()
    told = str(refused.value)
    assert "salesforce_test" in told
    assert "What to do:" in told
    assert not any(value in told for value in environ.values())


def test_wrong_audience_and_a_skewed_clock_are_refused(org: OrgUnderTest) -> None:
    with pytest.raises(UnauthorizedError, match="audience"):
        client(org, options={"audience": "https://test.salesforce.com"}).limits()
    late = connect(
        org.instance(), environ=org.environ, budget_dir=org.budget_dir,
        clock=lambda: org.clock() - timedelta(minutes=10), backoff=AT_ONCE,
    )  # fmt: skip
    with pytest.raises(UnauthorizedError, match="clock"):
        late.limits()


def test_a_missing_credential_is_named_by_variable(org: OrgUnderTest) -> None:
    with pytest.raises(UnauthorizedError, match="SF_PRIVATE_KEY"):
        client(org, environ={"SF_CLIENT_ID": "a", "SF_USERNAME": "b"})


def test_an_unreachable_instance_is_transient(org: OrgUnderTest) -> None:
    with pytest.raises(TransientError, match="base_url"):
        client(org, base_url="http://127.0.0.1:9").limits()


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"kind": "truncate"}, "not JSON"),
        ({"kind": "rewrite", "at": "records", "value": {"a": 1}}, "records"),
        ({"kind": "rewrite", "at": "records.0", "value": None}, "records"),
        ({"kind": "rewrite", "at": "totalSize", "value": "many"}, "totalSize"),
        ({"kind": "rewrite", "at": "done", "value": False}, "nextRecordsUrl"),
        ({"kind": "rewrite", "at": "totalSize", "value": 99}, "99 rows were announced"),
    ],
)
def test_a_malformed_page_is_named(org: OrgUnderTest, fault: dict[str, Any], named: str) -> None:
    org.fault(path="/queryAll", **fault)
    with pytest.raises(MalformedResponseError, match=named) as broken:
        rows(client(org).query_all_pages(SOQL, object="Opportunity"))
    assert (broken.value.instance, broken.value.object) == ("salesforce_test", "Opportunity")


def test_a_cut_bulk_page_is_named(org: OrgUnderTest) -> None:
    org.fault(path="/results", kind="truncate")
    with pytest.raises(MalformedResponseError, match="Opportunity"):
        rows(client(org).bulk_query_pages(SOQL, object="Opportunity"))


def test_reads_are_repeated_and_writes_are_not(org: OrgUnderTest) -> None:
    connected = client(org)
    org.fault(kind="status", path="/queryAll", times=2, status=503)
    assert len(rows(connected.query_all_pages(SOQL))) == 12
    org.fault(kind="status_after", method="PATCH", status=500)
    with pytest.raises(UnknownOutcomeError):
        connected.update("Opportunity", DEAL, {"Amount": Decimal(3)})
    assert org.calls("PATCH") == 1


def test_our_share_of_the_quota_is_kept(tmp_path: Path) -> None:
    org = start_org(tmp_path, daily_api_requests=10)
    connected = client(org, options={"quota_share": "0.5"})
    for _ in range(5):
        connected.limits()
    with pytest.raises(RateLimitedError, match="quota_share"):
        connected.limits()
    assert org.calls("GET", "/limits") == 5
    greedy = client(org, options={"quota_share": "1.5"})
    for _ in range(5):
        greedy.limits()
    with pytest.raises(RateLimitedError, match="REQUEST_LIMIT_EXCEEDED"):
        greedy.limits()
    assert org.calls("GET", "/limits") == 11
    org.clock.forward(days=2)
    connected.limits()
    org.server.stop()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", ValidationError),
        (400, "DUPLICATE_VALUE", ValidationError),
        (400, "UNABLE_TO_LOCK_ROW", TransientError),
        (503, "SERVER_UNAVAILABLE", UnknownOutcomeError),
        (406, "ANY", TransientError),
        (403, "REQUEST_LIMIT_EXCEEDED", RateLimitedError),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", UnauthorizedError),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", PermanentError),
        (404, "ENTITY_IS_DELETED", NotFoundError),
        (504, "GATEWAY", UnknownOutcomeError),
    ],
)
def test_refusals_of_a_write_by_code(
    org: OrgUnderTest, status: int, code: str, kind: type[ConnectorError]
) -> None:
    body = [{"message": "told by the org", "errorCode": code, "fields": ["Amount"]}]
    org.fault(kind="status", method="PATCH", status=status, body=body)
    with pytest.raises(kind) as refused:
        client(org).update("Opportunity", DEAL, {"Amount": 1})
    assert (refused.value.instance, refused.value.object) == ("salesforce_test", "Opportunity")


def test_create_and_upsert_by_external_id(org: OrgUnderTest) -> None:
    connected = client(org)
    made = connected.create("Account", {"Name": "New", "Payment_Terms_Days__c": 10})
    assert made.startswith("0015g0009")
    key = "A/1 é"
    first = connected.upsert("Account", "NetSuite_Customer_Id__c", key, {"Name": "By key"})
    again = connected.upsert("Account", "NetSuite_Customer_Id__c", key, {"Name": "By key, renamed"})
    assert first == again
    org.store.load("Account", [account(70, NetSuite_Customer_Id__c=key)])
    with pytest.raises(PermanentError, match="more than one record"):
        connected.upsert("Account", "NetSuite_Customer_Id__c", key, {"Name": "Which"})


def test_an_inexact_number_is_refused_before_it_is_sent(org: OrgUnderTest) -> None:
    with pytest.raises(ValueError, match="too many digits"):
        client(org).update("Opportunity", DEAL, {"Amount": Decimal("12345678901234567.89")})
    assert org.calls() == 0


def test_sign_in_answer_without_token_is_malformed(org: OrgUnderTest) -> None:
    org.fault(kind="rewrite", path="/oauth2/token", at="access_token", remove=True)
    with pytest.raises(MalformedResponseError, match="access_token"):
        client(org).limits()
    assert requests.get(f"{org.url}/services/data", timeout=5).ok
