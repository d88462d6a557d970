"""The simulated books: every document balances, in every book, and a closed month stays as it was posted."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.firm.ids import Ids
from sandbox.firm.project_netsuite import project_netsuite
from sandbox.firm.spec import FirmSpec
from sandbox.firm.world import build_world

AS_OF = datetime(2026, 6, 30, 18, tzinfo=UTC)
SPEC = FirmSpec(2, 60, 12, AS_OF)
Rows = dict[str, list[dict[str, Any]]]


def books(as_of: datetime) -> Rows:
    world = build_world(SPEC, as_of)
    return project_netsuite(world, Ids(world))


@pytest.fixture(scope="module")
def now() -> Rows:
    return books(AS_OF)


def test_every_document_balances_in_every_book(now: Rows) -> None:
    balance: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in now["transactionaccountingline"]:
        balance[line["transaction"], line["accountingbook"]] += Decimal(line["amount"])
        assert Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0) == Decimal(line["amount"])
    assert {book for _, book in balance} == {"1", "2"}
    assert [key for key, rest in balance.items() if rest] == []


def test_receivables_in_the_ledger_are_the_open_documents(now: Rows) -> None:
    control = {a["id"] for a in now["account"] if a["accttype"] == "AcctRec"}
    headers = {t["id"]: t for t in now["transaction"]}
    foreign = {
        (line["transaction"], line["id"]): Decimal(line["foreignamount"]) for line in now["transactionline"]
    }
    ledger: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in now["transactionaccountingline"]:
        if line["account"] in control and line["accountingbook"] == "1" and line["posting"]:
            header = headers[line["transaction"]]
            key = (header["subsidiary"], header["currency"])
            ledger[key] += foreign[line["transaction"], line["transactionline"]]
    documents: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for header in headers.values():
        if header["type"] == "CustInvc" and header["status"] in "AB":
            documents[header["subsidiary"], header["currency"]] += Decimal(header["foreignamountunpaid"])
    assert {k: v for k, v in ledger.items() if v} == {k: v for k, v in documents.items() if v}


@pytest.mark.slow
def test_time_never_changes_a_closed_month(now: Rows) -> None:
    """At the end of June, April and before are closed; 45 days later every figure of them stands."""
    later = books(AS_OF + timedelta(days=45))
    closed = {p["id"] for p in now["accountingperiod"] if p["closed"]}
    assert len(closed) > 6

    def posted(rows: Rows) -> dict[tuple[str, str, str], str]:
        headers = {t["id"] for t in rows["transaction"] if t["postingperiod"] in closed}
        return {
            (line["transaction"], line["transactionline"], line["accountingbook"]): line["amount"]
            for line in rows["transactionaccountingline"]
            if line["transaction"] in headers
        }

    before, after = posted(now), posted(later)
    assert before
    assert {k: v for k, v in before.items() if after.get(k) != v} == {}
    assert set(after) == set(before)
