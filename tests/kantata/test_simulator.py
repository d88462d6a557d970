"""The simulated tenant refuses, hides and repeats as the vendor does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kantata.conftest import LOW_TOKEN, Clock, Tenant, start_tenant
from tests.kantata.firm import ENTRIES, firm_rows

BACKFILL = {"from_archived_workspaces": "true", "on_my_account": "false"}


def test_results_alone_carry_order_and_membership(tenant: Tenant) -> None:
    body = tenant.api(
        "GET", "stories", params={"only": "5120", "all_on_account": "true", "include": "sub_stories"}
    ).json()
    assert [row["id"] for row in body["results"]] == ["5120"]
    assert set(body["stories"]) == {"5120", "5121"}
    assert body["stories"]["5120"]["sub_story_ids"] == ["5121"]


def test_page_size_above_200_is_clamped_and_below_one_is_the_default(tenant: Tenant) -> None:
    big = tenant.api("GET", "time_entries", params={**BACKFILL, "per_page": 5000}).json()
    assert big["meta"] == {"count": ENTRIES, "page_count": 3, "page_number": 1, "page_size": 200}
    assert len(big["results"]) == 200
    small = tenant.api("GET", "time_entries", params={**BACKFILL, "per_page": 0}).json()
    assert small["meta"]["page_size"] == 20


def test_limit_counts_only_together_with_offset(tenant: Tenant) -> None:
    both = tenant.api("GET", "time_entries", params={**BACKFILL, "limit": 5, "offset": 448}).json()
    assert len(both["results"]) == 2
    alone = tenant.api("GET", "time_entries", params={**BACKFILL, "limit": 5}).json()
    assert len(alone["results"]) == 20


def test_no_match_gives_zero_pages(tenant: Tenant) -> None:
    body = tenant.api("GET", "time_entries", params={"only": "1"}).json()
    assert (body["count"], body["results"], body["meta"]["page_count"], body["meta"]["page_number"]) == (
        0,
        [],
        0,
        0,
    )


@pytest.mark.parametrize(
    ("collection", "asked", "hidden", "shown"),
    [
        ("workspaces", {"include_archived": "true"}, 2, 3),
        ("time_entries", {"from_archived_workspaces": "true"}, 294, 441),
        ("time_entries", BACKFILL, 294, 450),
        (
            "stories",
            {
                "all_on_account": "true",
                "show_archived": "true",
                "show_from_archived_workspaces": "true",
                "show_deleted": "true",
            },
            0,
            5,
        ),
        ("assignments", {"in_unarchived_stories": "false"}, 1, 2),
        ("assignments", {"in_unarchived_workspaces": "false"}, 1, 2),
        ("assignments", {"in_unarchived_stories": "false", "in_unarchived_workspaces": "false"}, 1, 3),
    ],
)
def test_default_filters_hide_rows(
    tenant: Tenant, collection: str, asked: dict[str, str], hidden: int, shown: int
) -> None:
    assert tenant.api("GET", collection).json()["count"] == hidden
    assert tenant.api("GET", collection, params=asked).json()["count"] == shown


def test_show_answers_404_when_a_default_filter_hides_the_row(tenant: Tenant) -> None:
    answer = tenant.api("GET", "workspaces/412")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["type"] == "system"
    assert tenant.api("GET", "workspaces/412", params={"include_archived": "true"}).status_code == 200


def test_flag_filters_ignore_the_value_false(tenant: Tenant) -> None:
    flagged = tenant.api("GET", "time_entries", params={**BACKFILL, "approved": "false"}).json()
    assert flagged["count"] == 200


def test_money_and_time_as_the_api_shows_them(tenant: Tenant) -> None:
    body = tenant.api("GET", "workspaces", params={"include_archived": "true"}).json()["workspaces"]
    assert [body[id_]["price"] for id_ in ("410", "411", "412")] == ["$12,500.50", "¥90,000,000", "TBD"]
    assert body["412"]["price_in_cents"] is None
    assert body["410"]["updated_at"] == "2026-01-05T01:00:00-08:00"
    assert (body["410"]["account_id"], body["410"]["rate_card_id"]) == (5, 23)


def test_a_skill_membership_brings_its_skill_and_user(tenant: Tenant) -> None:
    asked = {"include": "skill,user", "user_id": "77", "skill_id": "41"}
    body = tenant.api("GET", "skill_memberships", params=asked).json()
    assert [row["id"] for row in body["results"]] == ["45"]
    assert (body["skill_memberships"]["45"]["level"], body["skills"]["41"]["name"]) == (4, "Kubernetes")
    assert set(body["users"]) == {"77"}


def test_an_assignment_brings_its_task_and_person(tenant: Tenant) -> None:
    asked = {"include": "story,assignee", "assignee_id": "77", "current": "true"}
    body = tenant.api("GET", "assignments", params=asked).json()
    assert [row["id"] for row in body["results"]] == ["711"]
    shown = body["assignments"]["711"]
    assert (shown["allocated_minutes"], shown["estimated_minutes"], shown["current"]) == (9600, 9000, True)
    assert (body["stories"]["5121"]["parent_id"], set(body["users"])) == ("5120", {"77"})


def test_financial_fields_are_absent_for_a_low_rights_token(tenant: Tenant) -> None:
    body = tenant.api("GET", "time_entries", token=LOW_TOKEN).json()
    entry = next(iter(body["time_entries"].values()))
    assert "rate_in_cents" not in entry
    assert "cost_rate_in_cents" not in entry
    assert "time_in_minutes" in entry


def test_a_wrong_token_is_401_in_the_vendors_words(tenant: Tenant) -> None:
    answer = tenant.api("GET", "users", token="nobody")
    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"type": "oauth", "message": "Invalid OAuth 2 Request"}]}


def test_create_answers_200_and_stamps_with_the_clock(tenant: Tenant, clock: Clock) -> None:
    given = {"workspace_id": 410, "date_performed": "2026-06-30", "time_in_minutes": 90, "user_id": 77}
    answer = tenant.api("POST", "time_entries", json={"time_entry": given})
    assert answer.status_code == 200
    id_ = answer.json()["results"][0]["id"]
    assert int(id_) >= 9_000_000
    assert tenant.store.get("time_entries", id_)["updated_at"] == "2026-06-30T18:00:00Z"  # type: ignore[index]


def test_bulk_create_is_all_or_nothing_and_names_the_index(tenant: Tenant) -> None:
    good = {"workspace_id": 410, "date_performed": "2026-06-30", "time_in_minutes": 90}
    answer = tenant.api("POST", "time_entries", json={"time_entries": [good, {"workspace_id": 410}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "type": "validation",
        "message": "Date performed can't be blank",
        "field": "date_performed",
        "index": 1,
    }
    assert len(tenant.store.query("select id from time_entries")) == ENTRIES


@pytest.mark.parametrize(
    ("body", "status", "type_", "field"),
    [
        ({}, 400, "syntax", None),
        ({"workspace": {"creator_role": "maven"}}, 422, "validation", "title"),
        ({"workspace": {"title": "x", "creator_role": "boss"}}, 422, "validation", "creator_role"),
        (
            {"workspace": {"title": "x", "creator_role": "maven", "due_date": "soon"}},
            422,
            "validation",
            "due_date",
        ),
    ],
)
def test_refused_creates(tenant: Tenant, body: Any, status: int, type_: str, field: str | None) -> None:
    answer = tenant.api("POST", "workspaces", json=body)
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["type"], error.get("field")) == (status, type_, field)


def test_invoiced_time_can_be_neither_changed_nor_deleted(tenant: Tenant) -> None:
    assert tenant.api("PUT", "time_entries/20001", json={"time_entry": {"notes": "x"}}).status_code == 422
    assert tenant.api("DELETE", "time_entries/20001").status_code == 422
    assert tenant.api("DELETE", "time_entries", params={"ids": "20449,20001"}).status_code == 422
    assert tenant.store.get("time_entries", "20449") is not None
    assert tenant.api("DELETE", "time_entries/20449").status_code == 204


def test_external_references_upsert_once_per_service_and_subject(tenant: Tenant) -> None:
    given = {
        "service_name": "netsuite",
        "service_model": "job",
        "service_model_ref": "9999",
        "subject_type": "Workspace",
        "subject_id": 410,
    }
    route = "external_references/create_or_update"
    answer = tenant.api("POST", route, json={"external_reference": given})
    assert answer.json()["results"][0]["id"] == "951"
    found = tenant.api(
        "GET",
        "workspaces",
        params={
            "external_reference_service_name": "netsuite",
            "external_reference_service_model_ref": "9999",
        },
    ).json()
    assert [row["id"] for row in found["results"]] == ["410"]
    assert tenant.api("GET", "external_references").status_code == 400


def test_approving_a_timesheet_approves_its_entries(tenant: Tenant) -> None:
    answer = tenant.api("PUT", "timesheet_submissions/901/approve")
    assert answer.json()["timesheet_submissions"]["901"]["status"] == "approved"
    assert tenant.store.get("time_entries", "20301")["approved"] == 1  # type: ignore[index]
    assert tenant.api("PUT", "timesheet_submissions/901/approve").status_code == 422


def test_deletions_show_up_late_repeat_and_are_gone_after_nine_days(tenant: Tenant, clock: Clock) -> None:
    for number in range(20_401, 20_431):
        assert tenant.api("DELETE", f"time_entries/{number}").status_code == 204
    asked = {"event_types": "time_entry:deleted", "per_page": "200"}
    assert tenant.api("GET", "subscribed_events", params=asked).json()["count"] < 30
    clock.advance(minutes=10)
    body = tenant.api("GET", "subscribed_events", params=asked).json()
    assert body["count"] > 30
    assert {body["subscribed_events"][row["id"]]["subject_id"] for row in body["results"]} == {
        str(number) for number in range(20_401, 20_431)
    }
    clock.advance(days=10)
    assert tenant.api("GET", "subscribed_events", params=asked).json()["count"] == 0


def test_the_event_feed_is_a_paid_extra(tmp_path: Path, clock: Clock) -> None:
    tenant, server = start_tenant(tmp_path, clock, firm_rows(), subscribed_events=False)
    with_server = tenant.api("GET", "subscribed_events")
    server.stop()
    assert with_server.status_code == 403


def test_deep_pages_see_writes_at_once(tenant: Tenant) -> None:
    asked = {**BACKFILL, "per_page": "200", "page": "3", "order": "updated_at:asc"}
    before = tenant.api("GET", "time_entries", params=asked).json()
    tenant.api("PUT", "time_entries/20440", json={"time_entry": {"notes": "moved to the end"}})
    after = tenant.api("GET", "time_entries", params=asked).json()
    assert before["results"][-1]["id"] != "20440"
    assert after["results"][-1]["id"] == "20440"
