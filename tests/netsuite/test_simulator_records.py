"""The record API of the simulated account: what it answers, merges, appends and refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.netsuite.account import Account, OpenAccount

STRICT = {"X-NetSuite-PropertyNameValidation": "error"}
DRAFT = {
    "entity": {"id": "700"}, "subsidiary": {"id": "2"}, "tranDate": "2026-05-20",
    "item": {"items": [{"item": {"id": "9"}, "amount": 250.5, "description": "Milestone", "job": {"id": "800"}}]},
}  # fmt: skip


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]


def record_id(answer: requests.Response) -> str:
    assert answer.status_code == 204, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def lines(account: Account, invoice: str) -> list[dict[str, Any]]:
    return list(account.call("GET", f"record/v1/invoice/{invoice}/item").json()["items"])


def test_a_record_reads_in_camel_case_with_references_and_positive_amounts(account: Account) -> None:
    body = account.call("GET", "record/v1/invoice/5001", params={"expandSubResources": "true"}).json()
    assert (body["id"], body["tranId"], body["total"]) == ("5001", "INV-5001", 1000.0)
    assert (body["entity"]["id"], body["entity"]["refName"]) == ("700", "Acme Corp")
    assert body["lastModifiedDate"] == "2026-05-04T14:00:00Z"
    assert [line["amount"] for line in body["item"]["items"]] == [600.0, 400.0]
    assert "memo" not in body


def test_a_change_answers_204_and_stamps_the_accounts_clock(account: Account) -> None:
    answer = account.call("PATCH", "record/v1/customer/700", json={"companyName": "Acme Inc"}, headers=STRICT)
    assert record_id(answer) == "700"
    body = account.call("GET", "record/v1/customer/eid:CRM-700").json()
    assert (body["companyName"], body["lastModifiedDate"]) == ("Acme Inc", "2026-06-30T18:00:00Z")


def test_a_misspelt_field_is_dropped_with_a_warning_unless_errors_are_asked_for(account: Account) -> None:
    body = {"companyNane": "Acme Inc"}
    quiet = account.call("PATCH", "record/v1/customer/700", json=body)
    assert (quiet.status_code, "companyNane" in quiet.headers["Warning"]) == (204, True)
    loud = account.call("PATCH", "record/v1/customer/700", json=body, headers=STRICT)
    assert code(loud) == (400, "INVALID_CONTENT")
    assert loud.json()["o:errorDetails"][0]["o:errorPath"] == "companyNane"


def test_an_upsert_by_external_id_creates_once(account: Account) -> None:
    first = record_id(account.call("PUT", "record/v1/invoice/eid:key-1", json=DRAFT))
    again = record_id(
        account.call("PUT", "record/v1/invoice/eid:key-1", json=DRAFT, params={"replace": "item"})
    )
    assert first == again
    assert int(first) >= 9_000_000
    assert len(lines(account, first)) == 1
    stored = account.store.get("transaction", first)
    assert stored is not None
    assert (stored["status"], stored["posting"], stored["foreigntotal"]) == ("D", 0, "250.5")
    assert (stored["duedate"], stored["exchangerate"]) == ("2026-06-19", "1")
    amounts = account.store.query(
        'select id, foreignamount from transactionline where "transaction" = ?', [first]
    )
    assert {row["id"]: row["foreignamount"] for row in amounts} == {0: "250.5", 1: "-250.5"}


def test_keyed_lines_merge_and_lines_without_key_are_added(account: Account) -> None:
    invoice = record_id(account.call("POST", "record/v1/invoice", json=DRAFT))
    change = {"item": {"items": [{"line": 1, "amount": 300}, {"amount": 50}]}}
    for _ in range(2):
        record_id(account.call("PATCH", f"record/v1/invoice/{invoice}", json=change))
    assert [line["amount"] for line in lines(account, invoice)] == [300.0, 50.0, 50.0]


def test_lists_without_key_grow_with_every_repetition(account: Account) -> None:
    change = {"addressBook": {"items": [{"label": "HQ", "addressBookAddress": {"addr1": "9 Elm St"}}]}}
    for _ in range(2):
        record_id(account.call("PATCH", "record/v1/customer/700", json=change))
    book = account.call("GET", "record/v1/customer/700/addressBook").json()
    assert book["totalResults"] == 2
    record_id(account.call("PATCH", "record/v1/customer/700", json=change, params={"replace": "addressBook"}))
    assert account.call("GET", "record/v1/customer/700/addressBook").json()["totalResults"] == 1


def test_closed_periods_and_booked_documents_refuse_changes(account: Account) -> None:
    closed = account.call("POST", "record/v1/invoice", json=DRAFT | {"tranDate": "2026-04-20"})
    assert code(closed) == (400, "USER_ERROR")
    assert "period Apr 2026 is closed" in closed.json()["o:errorDetails"][0]["detail"]
    for invoice in ("5001", "5002"):
        answer = account.call("PATCH", f"record/v1/invoice/{invoice}", json={"exchangeRate": 2})
        assert code(answer) == (400, "USER_ERROR")
        line = account.call(
            "PATCH", f"record/v1/invoice/{invoice}", json={"item": {"items": [{"amount": 1}]}}
        )
        assert code(line) == (400, "USER_ERROR")
    free = account.call("PATCH", "record/v1/invoice/5001", json={"custbody_disputed": True})
    assert free.status_code == 204


def test_a_charge_becomes_ready_until_it_is_billed(account: Account) -> None:
    ready = {"stage": {"id": "READY"}}
    assert account.call("PATCH", "record/v1/charge/600", json=ready).status_code == 204
    assert account.store.get("charge", "600")["stage"] == "READY"  # type: ignore[index]
    assert code(account.call("PATCH", "record/v1/charge/601", json=ready)) == (400, "USER_ERROR")
    assert (
        code(account.call("PATCH", "record/v1/charge/600", json={"stage": {"id": "GO"}}))[1]
        == "INVALID_CONTENT"
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("GET", "invoice/1", None, (404, "NONEXISTENT_ID")),
        ("GET", "widget/1", None, (404, "NOT_FOUND")),
        ("PATCH", "customer/700", {"currency": {"id": "99"}}, (400, "INVALID_CONTENT")),
        ("PATCH", "customer/700", {"isInactive": "yes"}, (400, "INVALID_CONTENT")),
        ("POST", "invoice", {"entity": {"id": "700"}}, (400, "INVALID_CONTENT")),
        ("POST", "subsidiary", {"name": "x"}, (400, "INVALID_REQUEST")),
        ("PUT", "customer/700", {}, (400, "INVALID_REQUEST")),
        ("DELETE", "invoice/5002", None, (400, "USER_ERROR")),
    ],
)
def test_refusals(account: Account, method: str, path: str, body: Any, wanted: tuple[int, str]) -> None:
    before = account.store.query('select count(*) as n from "transaction"')
    assert code(account.call(method, f"record/v1/{path}", json=body)) == wanted
    assert account.store.query('select count(*) as n from "transaction"') == before


def test_a_deleted_record_is_listed_and_its_lines_are_not(account: Account) -> None:
    assert account.call("DELETE", "record/v1/invoice/5001").status_code == 204
    rows = account.query("SELECT recordid, type, name FROM deletedrecord").json()["items"]
    assert rows == [{"links": [], "recordid": "5001", "type": "CustInvc", "name": "INV-5001"}]
    left = account.query("SELECT COUNT(*) AS n FROM transactionline WHERE transaction = 5001").json()["items"]
    assert left[0]["n"] == "0"


def test_lists_give_ids_and_filters_take_the_users_dates(account: Account) -> None:
    def listed(filter_: str) -> requests.Response:
        return account.call("GET", "record/v1/customer", params={"q": filter_})

    found = listed('lastModifiedDate ON_OR_AFTER "5/4/2026" AND isInactive IS false').json()
    assert [item["id"] for item in found["items"]] == ["700"]
    assert set(found["items"][0]) == {"id", "links"}
    assert code(listed('lastModifiedDate ON_OR_AFTER "2026-05-04"')) == (400, "INVALID_PARAMETER")
    assert code(listed('nickName IS "x"')) == (400, "NONEXISTENT_FIELD")


def test_a_batch_answers_later_and_an_idempotency_key_works_once(account: Account) -> None:
    headers = {
        "Prefer": "respond-async", "X-NetSuite-Idempotency-Key": "key-1",
        "Content-Type": "application/vnd.oracle.resource+json; type=collection",
    }  # fmt: skip
    body = '{"items": [{"externalId": "B1", "companyName": "New One"}, {"externalId": "B2", "terms": {"id": "99"}}]}'
    answer = account.call("PUT", "record/v1/customer", data=body, headers=headers)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async")
    job = answer.headers["Location"].removeprefix(account.rest + "/")
    assert account.call("GET", job).json()["completed"] is True
    tasks = account.call("GET", f"{job}/task").json()
    results = [account.call("GET", f"{job}/task/{task['id']}/result").json() for task in tasks["items"]]
    assert [result["status"] for result in results] == [204, 400]
    repeated = account.call("PUT", "record/v1/customer", data=body, headers=headers)
    assert code(repeated) == (400, "IDEMPOTENCY_ERROR")
    assert repeated.headers["Location"] == answer.headers["Location"]
    found = account.store.query("select externalid from customer where externalid like 'B%'")
    assert [row["externalid"] for row in found] == ["B1"]


def test_more_calls_at_once_than_the_account_has_are_blocked(open_account: OpenAccount) -> None:
    account = open_account(concurrency=2, service_seconds=0.3)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: account.query("SELECT id FROM charge"), range(6)))
    blocked = [answer for answer in answers if answer.status_code == 429]
    assert 1 <= len(blocked) <= 4
    body = blocked[0].json()
    assert body["title"] == "Bad Request"
    assert body["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    assert "Retry-After" not in blocked[0].headers


def test_the_catalog_describes_record_types(account: Account) -> None:
    assert "invoice" in [
        item["name"] for item in account.call("GET", "record/v1/metadata-catalog").json()["items"]
    ]
    schema = account.call("GET", "record/v1/metadata-catalog/charge").json()
    assert schema["properties"]["amount"]["type"] == "number"
