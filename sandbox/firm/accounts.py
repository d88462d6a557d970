"""The chart of accounts and the accounting books of the ERP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
PRIMARY_BOOK = "1"
#: The German company also keeps its local books: every posting stands twice, and only one of them counts.
SECONDARY_BOOK = "2"
SECONDARY_ENTITY = "MCG-DE"


@dataclass(frozen=True)
class Account:
    """A general-ledger account."""

    id: str
    number: str
    name: str
    type: str


BANK = Account("201", "1010", "Bank", "Bank")
RECEIVABLE = Account("202", "1100", "Accounts receivable", "AcctRec")
VALUATION = Account("203", "1150", "Receivables valuation", "OthCurrAsset")
UNBILLED = Account("204", "1200", "Unbilled receivable", "UnbilledRec")
PARTNER_RECEIVABLE = Account("205", "1300", "Intercompany receivable", "OthCurrAsset")
TAX = Account("206", "2200", "Sales tax payable", "OthCurrLiab")
PARTNER_PAYABLE = Account("207", "2300", "Intercompany payable", "OthCurrLiab")
DEFERRED = Account("208", "2400", "Deferred revenue", "DeferRevenue")
REVENUE = Account("209", "4000", "Services revenue", "Income")
PARTNER_REVENUE = Account("210", "4900", "Intercompany revenue", "Income")
PARTNER_COST = Account("211", "5900", "Intercompany cost of services", "COGS")
WRITTEN_OFF = Account("215", "6900", "Unbilled work written off", "Expense")
REALISED_FX = Account("212", "7100", "Realised exchange difference", "OthIncome")
UNREALISED_FX = Account("213", "7110", "Unrealised exchange difference", "OthIncome")
DIFFERENCES = Account("214", "7900", "Document differences", "OthExpense")
CHART = (
    BANK, RECEIVABLE, VALUATION, UNBILLED, PARTNER_RECEIVABLE, TAX, PARTNER_PAYABLE, DEFERRED, REVENUE,
    PARTNER_REVENUE, PARTNER_COST, WRITTEN_OFF, REALISED_FX, UNREALISED_FX, DIFFERENCES,
)  # fmt: skip


def account_rows() -> list[Row]:
    """The `account` table."""
    return [
        {
            "id": a.id, "acctnumber": a.number, "accountsearchdisplayname": f"{a.number} {a.name}",
            "fullname": a.name, "accttype": a.type, "issummary": False, "isinactive": False,
            "eliminate": a in (PARTNER_RECEIVABLE, PARTNER_PAYABLE, PARTNER_REVENUE, PARTNER_COST),
        }
        for a in CHART
    ]  # fmt: skip


def book_rows() -> list[Row]:
    """The `accountingbook` table."""
    return [
        {"id": PRIMARY_BOOK, "name": "Primary accounting book", "isprimary": True},
        {"id": SECONDARY_BOOK, "name": "Local book (HGB)", "isprimary": False},
    ]
