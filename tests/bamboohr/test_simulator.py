"""The simulator answers as BambooHR does, quirks included."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from ruamel.yaml import YAML

from tests.bamboohr.conftest import CUT_KEY
from tests.bamboohr.firm import HIDDEN

SPEC = Path(__file__).resolve().parents[3] / "shared" / "specs" / "bamboohr" / "public.yaml"


def test_the_default_answer_is_xml(account):
    answer = account.get("employees/1", accept=None, fields="firstName")
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert answer.text == '<employee id="1"><field id="firstName">First1</field></employee>'


def test_json_comes_only_when_asked_for(account):
    assert account.get("employees/1", fields="firstName").json() == {"id": "1", "firstName": "First1"}


@pytest.mark.parametrize("key", ["wrong", ""])
def test_a_wrong_key_is_refused_with_the_reason_in_a_header(account, key):
    answer = account.get("employees/1", key=key)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["X-BambooHR-Error-Message"] == "Unauthorized"


def test_the_list_pages_by_cursor(account):
    first = account.get("employees", **{"page[limit]": "4"}).json()
    assert [row["employeeId"] for row in first["data"]] == ["1", "2", "3", "4"]
    assert first["meta"]["total"] == 6
    cursor = first["meta"]["page"]["nextCursor"]
    second = account.get("employees", **{"page[limit]": "4", "page[after]": cursor}).json()
    assert [row["employeeId"] for row in second["data"]] == ["5", "6"]
    assert second["meta"]["page"]["nextCursor"] is None


def test_a_cursor_dies_when_its_boundary_person_changed(account, moved):
    first = account.get("employees", **{"page[limit]": "2"}).json()
    moved("2", jobTitle="Manager")
    answer = account.get("employees", **{"page[after]": first["meta"]["page"]["nextCursor"]})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadPage"


def test_rights_cut_fields_and_people_without_a_word(account):
    one = account.get("employees/1", key=CUT_KEY, fields="firstName,hireDate")
    assert (one.status_code, one.json()) == (200, {"id": "1", "firstName": "First1"})
    ids = [row["employeeId"] for row in account.get("employees", key=CUT_KEY).json()["data"]]
    assert HIDDEN not in ids
    assert len(ids) == 5
    rows = account.get("employees/all/tables/jobInfo", key=CUT_KEY).json()
    assert HIDDEN not in {row["employeeId"] for row in rows}


def test_only_the_newer_list_says_what_is_restricted(account):
    row = account.get("employees", key=CUT_KEY, fields="hireDate").json()["data"][0]
    assert row["hireDate"] is None
    assert row["_restrictedFields"] == ["hireDate"]


def test_no_date_is_all_zeros(account):
    assert account.get("employees/1", fields="terminationDate").json()["terminationDate"] == "0000-00-00"


def test_the_change_feed_lists_updates_and_deletions(account, moved):
    moved("2", jobTitle="Manager")
    account.store.delete("employee", "5")
    account.store.load("deleted_employee", [{"id": "5", "lastChanged": "2026-06-30T18:30:00+00:00"}])
    feed = account.get("employees/changed", since="2026-06-30T00:00:00Z").json()
    assert {key: row["action"] for key, row in feed["employees"].items()} == {"2": "Updated", "5": "Deleted"}
    assert feed["latest"] == "2026-06-30T19:00:00+00:00"


def test_any_change_re_emits_all_history_rows_of_that_person(account, moved):
    moved("2", workEmail="new@example.com")
    feed = account.get("employees/changed/tables/jobInfo", since="2026-06-30T00:00:00Z").json()
    assert [row["id"] for row in feed["employees"]["2"]["rows"]] == ["102"]
    assert set(feed["employees"]) == {"2"}


def test_history_rows_come_in_no_order_and_money_as_an_object(account):
    ids = [row["id"] for row in account.get("employees/all/tables/jobInfo").json()]
    assert ids != sorted(ids)
    (pay,) = account.get("employees/all/tables/compensation").json()
    assert pay["rate"] == {"currency": "EUR", "value": "96000.00"}


def test_time_off_is_found_by_overlap_and_needs_both_days(account):
    found = account.get("time_off/requests", start="2026-06-17", end="2026-07-06").json()
    assert {row["id"] for row in found} == {"501", "503"}
    assert {row["id"]: row["dates"] for row in found}["501"] == {"2026-06-16": "8", "2026-06-17": "8"}
    assert account.get("time_off/requests", start="2026-06-17").status_code == 400


def test_holidays_are_only_in_whos_out(account):
    found = account.get("time_off/whos_out", start="2026-06-15", end="2026-07-05").json()
    assert [(row["type"], row["start"]) for row in found] == [
        ("timeOff", "2026-06-16"),
        ("holiday", "2026-07-03"),
    ]


def test_a_write_skips_what_it_may_not_change_and_still_answers_200(account):
    answer = requests.post(
        f"{account.url}/api/v1/employees/1",
        json={"psaResourceId": "77", "noSuchField": "1", "status": "Inactive"},
        auth=("key-for-tests", "x"),
        timeout=30,
    )
    assert (answer.status_code, answer.content) == (200, b"")
    person = account.store.get("employee", "1")
    assert (person["psaResourceId"], person["status"]) == ("77", "Active")
    assert person["lastChanged"] == "2026-06-30T18:00:00+00:00"


def hours(key, **fields):
    return {
        "timeTrackingId": key, "employeeId": 1, "dateHoursWorked": "2026-06-15", "rateType": "REG",
        "hoursWorked": 7.5, **fields,
    }  # fmt: skip


def test_hours_answer_201_even_where_items_failed_and_repeat_without_effect(account):
    sent = [
        hours("ts-1"),
        hours("ts-2", employeeId=999),
        hours("ts-3", hoursWorked=-2),
        hours("ts-4", dateHoursWorked="2031-01-01"),
        hours("x" * 37),
    ]
    for _ in range(2):
        answer = requests.post(
            f"{account.url}/api/v1/timetracking/record", json=sent, auth=("key-for-tests", "x"), timeout=30
        )
        assert answer.status_code == 201
        assert [item["success"] for item in answer.json()] == [True, False, False, False, False]
        assert [item["response"]["message"] for item in answer.json()[1:4]] == [
            "Invalid employee id", "Invalid hours", "Invalid date",
        ]  # fmt: skip
    found = account.get("time_tracking/timesheet_entries", start="2026-06-01", end="2026-06-30").json()
    assert [(row["id"], row["hours"]) for row in found] == [("ts-1", "7.5")]


def test_timesheet_entries_reach_back_a_year_and_no_further(account):
    answer = account.get("time_tracking/timesheet_entries", start="2025-01-01", end="2026-06-30")
    assert answer.status_code == 400
    assert "365 days" in answer.headers["X-BambooHR-Error-Message"]


def test_the_older_address_form_works_too(account):
    answer = requests.get(
        f"{account.url}/api/gateway.php/company/v1/meta/tables",
        auth=("key-for-tests", "x"),
        headers={"Accept": "application/json"},
        timeout=30,
    )
    assert {row["alias"] for row in answer.json()} >= {"jobInfo", "employmentStatus", "compensation"}


@pytest.mark.skipif(not SPEC.exists(), reason="the published API description is not on this machine")
@pytest.mark.parametrize(
    ("path", "template", "query"),
    [
        ("employees", "/api/v1/employees", {}),
        ("employees/changed", "/api/v1/employees/changed", {"since": "2020-01-01T00:00:00Z"}),
        ("employees/all/tables/jobInfo", "/api/v1/employees/{id}/tables/{table}", {}),
        ("time_off/requests", "/api/v1/time_off/requests", {"start": "2025-01-01", "end": "2026-12-31"}),
        ("time_off/whos_out", "/api/v1/time_off/whos_out", {"start": "2026-06-01", "end": "2026-07-31"}),
        ("employees/1", "/api/v1/employees/{id}", {"fields": "firstName,lastName,hireDate"}),
    ],
)
def test_answers_have_the_shape_of_the_published_description(account, spec, path, template, query):
    content = spec["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]
    problems = list(shape_problems(account.get(path, **query).json(), content["schema"], spec, "$"))
    assert problems == []


@pytest.fixture(scope="module")
def spec():
    return YAML(typ="safe").load(SPEC.read_text(encoding="utf-8"))


def shape_problems(value, schema, spec, at):
    """Objects, lists, required and known properties; the file's numbers may be texts, as captures show."""
    while "$ref" in schema:
        schema = resolve(schema["$ref"], spec)
    if value is None or "anyOf" in schema or "oneOf" in schema:
        return
    kind = schema.get("type")
    expected = {"array": list, "object": dict}.get(kind[0] if isinstance(kind, list) else kind)
    if expected is None:
        return
    if not isinstance(value, expected):
        yield f"{at}: not a {expected.__name__}"
    elif expected is list:
        for number, item in enumerate(value):
            yield from shape_problems(item, schema.get("items", {}), spec, f"{at}[{number}]")
    else:
        yield from object_problems(value, schema, spec, at)


def object_problems(value, schema, spec, at):
    known = schema.get("properties", {})
    yield from (f"{at}: misses {name}" for name in schema.get("required", []) if name not in value)
    for name, item in value.items():
        if name in known:
            yield from shape_problems(item, known[name], spec, f"{at}.{name}")
        elif schema.get("additionalProperties", not known) is False:
            yield f"{at}: {name} is not in the description"


def resolve(reference, spec):
    node = spec
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node
