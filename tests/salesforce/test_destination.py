"""Every writable field goes out and comes back the same; races and refusals stop the write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import (
    ConflictError,
    NotFoundError,
    PermanentError,
    UnknownOutcomeError,
    ValidationError,
)
from reverse_etl.destinations.base import Value, WriteRequest
from reverse_etl.destinations.salesforce import SalesforceDestination, build
from sandbox.simulators.salesforce import make_id
from tests.salesforce.org import OrgUnderTest

DEAL = make_id("Opportunity", 1)
ACCOUNT = make_id("Account", 1)


@pytest.fixture
def destination(org: OrgUnderTest) -> SalesforceDestination:
    return build(org.instance(), environ=org.environ, budget_dir=org.budget_dir, clock=org.clock)


def change(target: str, record_id: str, **values: Value) -> WriteRequest:
    return WriteRequest(target_object=target, operation="update", record_id=record_id, values=values)


@pytest.mark.parametrize(
    ("target", "record_id", "column", "value"),
    [
        ("account", ACCOUNT, "name", "Kaiyō K.K."),
        ("account", ACCOUNT, "website", "https://kaiyo.example"),
        ("account", ACCOUNT, "billing_street", "1-2-3 Marunouchi"),
        ("account", ACCOUNT, "billing_city", "Tokyo"),
        ("account", ACCOUNT, "billing_state", "Tokyo"),
        ("account", ACCOUNT, "billing_postal_code", "100-0005"),
        ("account", ACCOUNT, "billing_country", "Japan"),
        ("account", ACCOUNT, "legal_name", "Kaiyo Kabushiki Kaisha"),
        ("account", ACCOUNT, "tax_id", "JP123"),
        ("account", ACCOUNT, "erp_customer_ref", "8812"),
        ("account", ACCOUNT, "payment_terms_days", 45),
        ("account", ACCOUNT, "erp_credit_hold", True),
        ("account", ACCOUNT, "business_unit_code", "Digital"),
        ("opportunity", DEAL, "name", "Renamed"),
        ("opportunity", DEAL, "stage_name", "Closed Won"),
        ("opportunity", DEAL, "close_date", date(2026, 6, 30)),
        ("opportunity", DEAL, "amount", Decimal("1234567.89")),
        ("opportunity", DEAL, "services_amount", Decimal("0.10")),
        ("opportunity", DEAL, "legal_entity_code", "UK01"),
        ("opportunity", DEAL, "practice_code", "Strategy"),
        ("opportunity", DEAL, "business_unit_code", "Data"),
        ("opportunity", DEAL, "contract_type_code", "Fixed Fee"),
        ("opportunity", DEAL, "start_date", date(2026, 7, 1)),
        ("opportunity", DEAL, "end_date", date(2026, 12, 31)),
        ("opportunity", DEAL, "psa_project_ref", "410"),
        ("opportunity", DEAL, "erp_open_amount", Decimal("90000000")),
        ("opportunity", DEAL, "erp_overdue_bucket", "31-60"),
        ("opportunity", DEAL, "erp_disputed", True),
        ("opportunity", DEAL, "erp_last_payment_date", date(2026, 6, 1)),
    ],
)
def test_each_field_comes_back_as_it_was_written(
    destination: SalesforceDestination, target: str, record_id: str, column: str, value: Value
) -> None:
    before = destination.read(target, record_id, [column])
    written = destination.write(change(target, record_id, **{column: value}), "key-1", before.version)
    after = destination.read(target, record_id, [column])
    assert written.record_id == record_id
    assert after.values == {column: value}
    assert type(after.values[column]) is type(value)


def test_none_clears_a_field(org: OrgUnderTest, destination: SalesforceDestination) -> None:
    org.store.upsert("Opportunity", DEAL, {"ERP_Overdue_Bucket__c": "1-30"})
    destination.write(change("opportunity", DEAL, erp_overdue_bucket=None), "key-1", None)
    assert destination.read("opportunity", DEAL, ["erp_overdue_bucket"]).values == {
        "erp_overdue_bucket": None
    }


def test_a_record_changed_since_the_read_is_a_conflict(
    org: OrgUnderTest, destination: SalesforceDestination
) -> None:
    seen = destination.read("opportunity", DEAL, ["amount"])
    org.admin(
        "PATCH", f"/rows/Opportunity/{DEAL}", {"Amount": "7.00", "SystemModstamp": "2026-06-30T17:59:00Z"}
    )
    with pytest.raises(ConflictError):
        destination.write(change("opportunity", DEAL, amount=Decimal(8)), "key-1", seen.version)
    assert destination.read("opportunity", DEAL, ["amount"]).values == {"amount": Decimal("7.0")}


def test_a_refused_value_names_the_field(destination: SalesforceDestination) -> None:
    with pytest.raises(ValidationError) as refused:
        destination.write(change("opportunity", DEAL, erp_overdue_bucket="someday"), "key-1", None)
    assert refused.value.field == "ERP_Overdue_Bucket__c"
    assert refused.value.instance == "salesforce_test"


def test_a_lost_answer_is_an_unknown_outcome_and_is_sent_once(
    org: OrgUnderTest, destination: SalesforceDestination
) -> None:
    destination.read("opportunity", DEAL, ["amount"])
    org.fault(kind="drop_after", method="PATCH")
    with pytest.raises(UnknownOutcomeError):
        destination.write(change("opportunity", DEAL, amount=Decimal(9)), "key-1", None)
    assert org.calls("PATCH") == 1
    assert destination.read("opportunity", DEAL, ["amount"]).values == {"amount": Decimal(9)}


def test_a_deleted_record_is_not_found(org: OrgUnderTest, destination: SalesforceDestination) -> None:
    org.store.upsert("Opportunity", DEAL, {"IsDeleted": 1})
    with pytest.raises(NotFoundError):
        destination.read("opportunity", DEAL, ["amount"])


def test_what_the_instance_does_not_map_is_refused_with_the_remedy(org: OrgUnderTest) -> None:
    bare = org.instance(custom_fields={})
    destination = build(bare, environ=org.environ, budget_dir=org.budget_dir, clock=org.clock)
    with pytest.raises(PermanentError, match=r"custom_fields\.Opportunity"):
        destination.read("opportunity", DEAL, ["erp_open_amount"])
    with pytest.raises(PermanentError, match="account, opportunity"):
        destination.read("contract", DEAL, ["status"])
    request = WriteRequest(target_object="account", operation="create", record_id=None, values={"name": "X"})
    with pytest.raises(PermanentError, match="never created"):
        destination.write(request, "key-1", None)
    assert destination.find_created("account", "key-1") is None
