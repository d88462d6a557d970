"""Corrections to NetSuite: read, write once, read back, and find what a lost answer made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import NotFoundError, PermanentError, UnknownOutcomeError, ValidationError
from reverse_etl.destinations import WriteRequest
from reverse_etl.destinations.netsuite import NetSuiteDestination, build
from sandbox.simulators.faults import Fault
from tests.netsuite.account import Account

KEY = "concord-7f3a"
READY = WriteRequest(
    target_object="charge",
    operation="update",
    record_id="600",
    values={"stage": "READY"},
    expected={"stage": "HOLD"},
)
INVOICE = WriteRequest(
    target_object="transaction",
    operation="create",
    record_id=None,
    values={
        "entity": "700", "subsidiary": "2", "currency": "1", "trandate": date(2026, 5, 20), "memo": "Milestone 600",
        "psa_invoice_ref": "K-9", "line_job": "800", "line_amount": Decimal("40000.10"), "source_type": "milestone",
        "source_ref": "story-600",
    },
)  # fmt: skip


@pytest.fixture
def destination(account: Account) -> NetSuiteDestination:
    return build(
        account.instance(), environ=account.environ, budget_dir=account.budget_dir, clock=account.clock
    )


def invoices(account: Account) -> int:
    return len(account.store.query('select id from "transaction" where id >= 9000000'))


def test_a_charge_is_read_written_and_read_back(destination: NetSuiteDestination) -> None:
    before = destination.read("charge", "600", ["stage", "amount", "chargedate", "project"])
    assert before.values == {
        "stage": "HOLD", "amount": Decimal("40000.0"), "chargedate": date(2026, 6, 1), "project": "800",
    }  # fmt: skip
    assert before.version == "2026-05-04T14:00:00Z"
    assert destination.write(READY, KEY, before.version).record_id == "600"
    after = destination.read("charge", "600", ["stage"])
    assert (after.values, after.version) == ({"stage": "READY"}, "2026-06-30T18:00:00Z")


def test_a_billed_charge_and_fields_out_of_scope_are_refused(
    destination: NetSuiteDestination, account: Account
) -> None:
    billed = WriteRequest(
        target_object="charge", operation="update", record_id="601", values={"stage": "READY"}
    )
    with pytest.raises(ValidationError, match="PROCESSED"):
        destination.write(billed, KEY, None)
    account.faults.clear()
    amount = WriteRequest(
        target_object="charge", operation="update", record_id="600", values={"amount": Decimal(1)}
    )
    with pytest.raises(PermanentError, match="field amount"):
        destination.write(amount, KEY, None)
    assert account.faults.calls == []
    with pytest.raises(NotFoundError):
        destination.read("charge", "1", ["stage"])


def test_a_draft_invoice_is_created_once_by_its_key(
    destination: NetSuiteDestination, account: Account
) -> None:
    assert destination.find_created("transaction", KEY) is None
    made = destination.write(INVOICE, KEY, None).record_id
    assert destination.find_created("transaction", KEY) == made
    assert destination.write(INVOICE, KEY, None).record_id == made
    assert invoices(account) == 1
    read = destination.read("transaction", made, list(INVOICE.values))
    assert read.values == INVOICE.values
    stored = account.store.get("transaction", made)
    assert stored is not None
    assert (stored["status"], stored["posting"], stored["foreigntotal"]) == ("D", 0, "40000.10")
    assert len(account.store.query(f'select id from transactionline where "transaction" = {made}')) == 2


def test_a_lost_answer_is_unknown_and_the_record_can_be_found(
    destination: NetSuiteDestination, account: Account
) -> None:
    account.faults.order(Fault(kind="drop_after", method="PUT"))
    with pytest.raises(UnknownOutcomeError):
        destination.write(INVOICE, KEY, None)
    found = destination.find_created("transaction", KEY)
    assert found is not None
    again = WriteRequest(
        target_object="transaction", operation="create", record_id=found, values=INVOICE.values
    )
    assert destination.write(again, KEY, None).record_id == found
    assert invoices(account) == 1


def test_a_closed_period_leaves_nothing_behind(destination: NetSuiteDestination, account: Account) -> None:
    late = WriteRequest(
        target_object="transaction",
        operation="create",
        record_id=None,
        values={**INVOICE.values, "trandate": date(2026, 4, 20)},
    )
    with pytest.raises(ValidationError, match="Apr 2026 is closed"):
        destination.write(late, KEY, None)
    assert invoices(account) == 0
    assert destination.find_created("transaction", KEY) is None
