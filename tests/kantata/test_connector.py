"""The connector reads everything once, writes once, and says what went wrong."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import (
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
    ValidationError,
)
from connectors.http import Backoff
from connectors.kantata import KantataClient, connect, parse
from sandbox.simulators.faults import Fault
from tests.kantata.conftest import LOW_TOKEN, TOKEN, Clock, Tenant
from tests.kantata.estate import connected, instance_at
from tests.kantata.firm import ENTRIES

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "recorded" / "kantata"


@pytest.fixture
def client(tenant: Tenant, tmp_path: Path) -> KantataClient:
    return connected(instance_at(tenant.url), tmp_path, tenant.clock, TOKEN)


def test_pages_show_what_default_filters_hide(client: KantataClient) -> None:
    entries = [row for page in client.pages("time_entries", {"order": "updated_at:asc"}) for row in page]
    assert len(entries) == len({row["id"] for row in entries}) == ENTRIES
    assert len([row for page in client.pages("workspaces") for row in page]) == 3
    assert len([row for page in client.pages("stories") for row in page]) == 5


def test_foreign_keys_are_text(client: KantataClient) -> None:
    workspace = client.get("workspaces", "410")
    assert (workspace["account_id"], workspace["rate_card_id"]) == ("5", "23")


def test_no_row_is_skipped_when_rows_leave_the_window_while_paging(
    client: KantataClient, tenant: Tenant
) -> None:
    window = {"updated_before": "2026-06-01T00:00:00Z", "order": "updated_at:asc"}
    seen: set[str] = set()
    for number, page in enumerate(client.pages("time_entries", window)):
        seen.update(row["id"] for row in page)
        if number == 0:
            for id_ in range(20_110, 20_120):  # read already, now changed: they move past updated_before
                tenant.api("PUT", f"time_entries/{id_}", json={"time_entry": {"notes": "changed"}})
    assert len(seen) == ENTRIES


@pytest.mark.parametrize("status", [429, 503, 504])
def test_reads_are_repeated_after_transient_answers(
    client: KantataClient, tenant: Tenant, status: int
) -> None:
    tenant.faults.order(Fault(kind="status", status=status, times=3))
    assert client.get("users", "77")["full_name"] == "Ada Byron"


def test_a_429_without_retry_after_backs_off_from_two_seconds(tenant: Tenant, tmp_path: Path) -> None:
    waits: list[float] = []
    client = connect(
        instance_at(tenant.url),
        environ={"CONCORD_TEST_TOKEN": TOKEN},
        budget_dir=tmp_path / "budget",
        clock=tenant.clock,
        sleep=waits.append,
    )
    tenant.faults.order(Fault(kind="status", status=429, times=6))
    assert client.get("users", "77")["id"] == "77"
    assert len(waits) == 6
    assert all(0 <= wait <= 60 for wait in waits)
    tenant.faults.order(Fault(kind="status", status=429, times=7))
    with pytest.raises(RateLimitedError) as refused:
        client.get("users", "77")
    assert refused.value.retry_after is None


def test_a_bad_token_is_told_apart_and_never_shown(tenant: Tenant, tmp_path: Path) -> None:
    client = connected(instance_at(tenant.url), tmp_path, tenant.clock, "s3cret-but-wrong")
    with pytest.raises(UnauthorizedError, match="instance kantata_test, object users") as refused:
        client.get("users", "77")
    assert "s3cret" not in str(refused.value)


def test_a_missing_token_names_the_variable(tenant: Tenant, tmp_path: Path) -> None:
    with pytest.raises(UnauthorizedError, match="CONCORD_TEST_TOKEN"):
        connect(instance_at(tenant.url), environ={}, budget_dir=tmp_path, clock=tenant.clock)


def test_an_unreachable_instance_is_transient(tmp_path: Path, clock: Clock) -> None:
    client = connected(instance_at("http://127.0.0.1:9"), tmp_path, clock, TOKEN)
    with pytest.raises(TransientError, match="cannot be reached"):
        client.get("users", "77")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(kind="truncate"), "not JSON"),
        (Fault(kind="rewrite", at="results", remove=True), "no `results`"),
        (Fault(kind="rewrite", at="users.77", remove=True), "does not hold"),
        (Fault(kind="rewrite", at="count", value="many"), "count is not a whole number"),
        (Fault(kind="rewrite", at="meta", remove=True), "no `meta`"),
    ],
)
def test_malformed_answers_are_named(client: KantataClient, tenant: Tenant, fault: Fault, told: str) -> None:
    tenant.faults.order(fault)
    with pytest.raises(MalformedResponseError, match=told) as refused:
        list(client.pages("users"))
    assert refused.value.object == "users"


def test_refusals_name_field_and_record(client: KantataClient) -> None:
    with pytest.raises(ValidationError) as refused:
        client.update("workspace_allocations", "701", {"end_date": "whenever"})
    assert (refused.value.field, refused.value.record) == ("end_date", "701")
    with pytest.raises(NotFoundError):
        client.get("workspaces", "1")


def test_a_write_is_sent_once_and_a_lost_reply_is_an_unknown_outcome(
    client: KantataClient, tenant: Tenant
) -> None:
    fields = {"title": "New", "creator_role": "maven"}
    for fault in (Fault(kind="drop_after"), Fault(kind="status_after", status=504)):
        tenant.faults.order(fault)
        with pytest.raises(UnknownOutcomeError):
            client.create("workspaces", fields)
    assert len(tenant.store.query("select id from workspaces where title = 'New'")) == 2
    assert [call for call in tenant.calls() if call[0] == "POST"] == [("POST", "workspaces")] * 2


def test_references_find_their_record_and_repeat_without_effect(client: KantataClient) -> None:
    assert [row["id"] for row in client.find_by_reference("workspaces", "netsuite", "job", "8842")] == ["410"]
    facts = {"service": "salesforce", "model": "Opportunity", "ref": "006X", "subject_type": "Workspace"}
    first = client.upsert_reference(**facts, subject_id="412")
    assert client.upsert_reference(**facts, subject_id="412")["id"] == first["id"]
    found = client.find_by_reference("workspaces", "salesforce", "Opportunity", "006X")
    assert [row["id"] for row in found] == ["412"]  # archived, found all the same


def test_events_come_once_each(client: KantataClient, tenant: Tenant) -> None:
    for number in range(20_401, 20_441):
        tenant.api("DELETE", f"time_entries/{number}")
    start = tenant.clock() - timedelta(hours=1)
    tenant.clock.advance(minutes=10)
    events = [event for page in client.events(["time_entry:deleted"], start) for event in page]
    assert len(events) == len({event["subject_id"] for event in events}) == 40


def test_custom_fields_are_known_by_subject_and_name(client: KantataClient) -> None:
    assert client.custom_field_id("WorkspaceGroup", "Legal Name") == "18"
    assert client.custom_field_id("Workspace", "Legal Name") is None


def test_a_second_writer_waits_for_the_first(tenant: Tenant, tmp_path: Path) -> None:
    first, second = (connected(instance_at(tenant.url), tmp_path, tenant.clock, TOKEN) for _ in range(2))
    tenant.faults.order(Fault(kind="delay", method="PUT", seconds=1.5))
    slow = threading.Thread(target=first.update, args=("workspace_allocations", "701", {"notes": "slow"}))
    started = time.monotonic()
    slow.start()
    time.sleep(0.4)
    second.update("workspace_allocations", "701", {"notes": "quick"})
    assert time.monotonic() - started >= 1.5
    slow.join(10)
    assert tenant.store.get("workspace_allocations", "701")["notes"] == "quick"  # type: ignore[index]


def test_a_low_rights_token_reads_without_money(tenant: Tenant, tmp_path: Path) -> None:
    client = connected(instance_at(tenant.url), tmp_path, tenant.clock, LOW_TOKEN)
    assert "price_in_cents" not in client.get("workspaces", "410")


def test_default_backoff_is_the_one_the_vendor_asks_for() -> None:
    backoff = Backoff(attempts=7, start=2.0, cap=60.0)
    assert all(backoff.delay(attempt, None) <= min(60.0, 2.0 * 2**attempt) for attempt in range(1, 12))


def recorded_answers() -> list[Any]:
    if not RECORDED.is_dir():
        return [pytest.param(None, None, marks=pytest.mark.skip(reason=f"no recordings at {RECORDED}"))]
    cases = []
    for path in sorted(RECORDED.glob("vcr_*.json")):
        for number, interaction in enumerate(json.loads(path.read_text())["interactions"]):
            response = interaction["response"]
            if response["status"] == 200 and isinstance(response["body"], dict):
                cases.append(
                    pytest.param(interaction["request"], response["body"], id=f"{path.stem}-{number}")
                )
    return cases


@pytest.mark.parametrize(("request_", "body"), recorded_answers())
def test_recorded_answers_are_understood(request_: Any, body: Any) -> None:
    if "results" not in body:
        pytest.skip("this recording is not a keyed-results answer")
    collection = body["results"][0]["key"] if body["results"] else "stories"
    page = parse(body, collection, instance="recorded")
    assert [row["id"] for row in page.records] == [entry["id"] for entry in body["results"]]
    assert page.count >= len(page.records)
    assert page.page_count is None  # recorded before the API had `meta`
    for row in page.records:
        assert all(isinstance(value, str | None) for name, value in row.items() if name.endswith("_id"))
