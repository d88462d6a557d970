"""What is written can be read back, and nothing is ever made twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import (
    ConflictError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    UnknownOutcomeError,
    ValidationError,
)
from reverse_etl.destinations.base import WriteRequest
from reverse_etl.destinations.kantata import KantataDestination, build
from sandbox.simulators.faults import Fault
from tests.kantata.conftest import TOKEN, Tenant
from tests.kantata.estate import connected, instance_at

KEY = "correction-7f3a"
DRAFT: dict[str, Any] = {
    "title": "Kaiyo data platform",
    "price": Decimal("125000.50"),
    "currency": "USD",
    "start_date": date(2026, 7, 6),
    "due_date": date(2026, 12, 18),
    "stage": "estimate",
    "primary_workspace_group_id": "502",
    "crm_opportunity_ref": "0065g00000XyZ1AAAV",
    "practice_code": "DAI",
    "business_unit_code": "DAT",
    "legal_entity_code": "MCG US",
    "contract_type_code": "TM",
}


@pytest.fixture
def destination(tenant: Tenant, tmp_path: Path) -> KantataDestination:
    instance = instance_at(tenant.url)
    return KantataDestination(instance, connected(instance, tmp_path, tenant.clock, TOKEN))


def create(record_id: str | None = None, **changes: Any) -> WriteRequest:
    values = DRAFT | changes
    return WriteRequest(target_object="workspace", operation="create", record_id=record_id, values=values)


def update(target: str, record_id: str, values: dict[str, Any], expected: dict[str, Any]) -> WriteRequest:
    return WriteRequest(
        target_object=target, operation="update", record_id=record_id, values=values, expected=expected
    )


def drafts(tenant: Tenant) -> list[dict[str, Any]]:
    return tenant.store.query("select * from workspaces where title = ?", [DRAFT["title"]])


def test_a_project_draft_reads_back_as_written(destination: KantataDestination, tenant: Tenant) -> None:
    made = destination.write(create(), KEY, None)
    assert int(made.record_id) >= 9_000_000
    assert dict(destination.read("workspace", made.record_id, list(DRAFT)).values) == DRAFT
    assert destination.find_created("workspace", KEY) == made.record_id
    assert [(row["stage"], row["price_in_cents"]) for row in drafts(tenant)] == [("estimate", 12_500_050)]


def test_a_price_in_yen_has_no_minor_units(destination: KantataDestination, tenant: Tenant) -> None:
    made = destination.write(create(price=Decimal("90000000"), currency="JPY"), KEY, None)
    assert destination.read("workspace", made.record_id, ["price"]).values["price"] == Decimal("90000000")
    assert drafts(tenant)[0]["price_in_cents"] == 90_000_000


@pytest.mark.parametrize("fault", [Fault(kind="drop_after"), Fault(kind="status_after", status=504)])
def test_a_lost_reply_after_create_does_not_duplicate(
    destination: KantataDestination, tenant: Tenant, fault: Fault
) -> None:
    fault.method, fault.path = "POST", "/workspaces$"
    tenant.faults.order(fault)
    with pytest.raises(UnknownOutcomeError):
        destination.write(create(), KEY, None)
    found = destination.find_created("workspace", KEY)
    assert found is not None
    half_made = destination.read("workspace", found, list(DRAFT))
    assert half_made.values["crm_opportunity_ref"] is None
    completed = WriteRequest(
        target_object="workspace",
        operation="create",
        record_id=found,
        values=DRAFT,
        expected=half_made.values,
    )
    assert destination.write(completed, KEY, None).record_id == found
    assert dict(destination.read("workspace", found, list(DRAFT)).values) == DRAFT
    assert len(drafts(tenant)) == 1


def test_a_draft_half_made_by_a_refusal_is_completed(destination: KantataDestination, tenant: Tenant) -> None:
    tenant.faults.order(Fault(kind="status", status=429, method="POST", path="/custom_field_values", skip=2))
    with pytest.raises(RateLimitedError):
        destination.write(create(), KEY, None)
    found = destination.find_created("workspace", KEY)
    assert found is not None
    live = destination.read("workspace", found, list(DRAFT))
    request = WriteRequest(
        target_object="workspace", operation="create", record_id=found, values=DRAFT, expected=live.values
    )
    destination.write(request, KEY, None)
    assert dict(destination.read("workspace", found, list(DRAFT)).values) == DRAFT
    assert len(drafts(tenant)) == 1


def test_nothing_found_means_nothing_was_made(destination: KantataDestination, tenant: Tenant) -> None:
    tenant.faults.order(Fault(kind="status", status=504, method="POST"))
    with pytest.raises(UnknownOutcomeError):
        destination.write(create(), KEY, None)
    assert destination.find_created("workspace", KEY) is None
    assert drafts(tenant) == []


def test_an_opportunity_that_got_its_project_meanwhile_is_a_conflict(
    destination: KantataDestination, tenant: Tenant
) -> None:
    tenant.api(
        "POST",
        "external_references/create_or_update",
        json={
            "external_reference": {
                "service_name": "salesforce",
                "service_model": "Opportunity",
                "service_model_ref": DRAFT["crm_opportunity_ref"],
                "subject_type": "Workspace",
                "subject_id": "411",
            }
        },
    )
    with pytest.raises(ConflictError, match="has a project already"):
        destination.write(create(), KEY, None)
    assert drafts(tenant) == []


def test_an_archived_project_of_the_opportunity_does_not_stand_in_the_way(
    destination: KantataDestination, tenant: Tenant
) -> None:
    reference = {
        "service_name": "salesforce",
        "service_model": "Opportunity",
        "service_model_ref": DRAFT["crm_opportunity_ref"],
        "subject_type": "Workspace",
        "subject_id": "412",
    }
    tenant.api("POST", "external_references/create_or_update", json={"external_reference": reference})
    written = destination.write(create(), KEY, None)
    assert [draft["id"] for draft in drafts(tenant)] == [written.record_id]


def test_a_client_company_is_corrected_in_field_and_custom_values(
    destination: KantataDestination, tenant: Tenant
) -> None:
    wanted = {"address": "5 New Street", "legal_name": "Acme Corporation", "payment_terms_days": 45}
    before = destination.read("workspace_group", "501", list(wanted))
    assert dict(before.values) == {
        "address": "1 Old Road",
        "legal_name": "Acme Corp",
        "payment_terms_days": None,
    }
    destination.write(update("workspace_group", "501", wanted, dict(before.values)), KEY, before.version)
    assert dict(destination.read("workspace_group", "501", list(wanted)).values) == wanted


def test_an_allocation_ends_earlier(destination: KantataDestination) -> None:
    before = destination.read("workspace_allocation", "701", ["end_date", "minutes"])
    assert dict(before.values) == {"end_date": date(2026, 9, 30), "minutes": 9600}
    request = update("workspace_allocation", "701", {"end_date": date(2026, 7, 15)}, dict(before.values))
    destination.write(request, KEY, before.version)
    after = destination.read("workspace_allocation", "701", ["end_date", "minutes"])
    assert dict(after.values) == {"end_date": date(2026, 7, 15), "minutes": 9600}


def test_only_what_differs_is_sent(destination: KantataDestination, tenant: Tenant) -> None:
    before = destination.read("workspace_group", "501", ["address", "legal_name"])
    destination.write(update("workspace_group", "501", dict(before.values), dict(before.values)), KEY, None)
    assert [call for call in tenant.calls() if call[0] in ("PUT", "POST")] == []


@pytest.mark.parametrize(
    ("target", "values", "told"),
    [
        ("workspace_group", {"tax_id": "1"}, "field tax_id: this field cannot be written"),
        ("time_entry", {"notes": "x"}, "only workspace, workspace_allocation, workspace_group"),
        ("workspace_allocation", {"minutes": -5}, "field minutes"),
    ],
)
def test_refusals_name_the_field(
    destination: KantataDestination, target: str, values: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        destination.write(update(target, "701", values, {}), KEY, None)


def test_a_record_that_is_gone_is_not_found(destination: KantataDestination) -> None:
    with pytest.raises(NotFoundError):
        destination.read("workspace_allocation", "1", ["end_date"])


def test_a_cut_answer_is_malformed(destination: KantataDestination, tenant: Tenant) -> None:
    tenant.faults.order(Fault(kind="truncate", path="/workspace_groups"))
    with pytest.raises(MalformedResponseError, match="workspace_groups"):
        destination.read("workspace_group", "501", ["address"])


def test_build_takes_the_token_from_the_environment(tenant: Tenant, tmp_path: Path) -> None:
    built = build(
        instance_at(tenant.url),
        environ={"CONCORD_TEST_TOKEN": TOKEN},
        budget_dir=tmp_path / "budget",
        clock=tenant.clock,
    )
    assert built.instance == "kantata_test"
    assert built.read("workspace_group", "502", ["name"]).values == {"name": "Kaiyo"}
