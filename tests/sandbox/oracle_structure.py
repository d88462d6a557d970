"""What hangs together, once more from vendor rows: companies of contract and project (C03), currencies (R02, X02)."""

from __future__ import annotations

from collections import defaultdict
from hashlib import md5
from typing import Any

from tests.sandbox.vendor_rows import KA, NS, Found, Vendors, letters

#: Each system's code of a company.
SELLERS = {"US01": "US", "UK01": "UK", "DE01": "DE", "JP01": "JP", "2": "US", "3": "UK", "4": "DE", "5": "JP"}
SELLERS |= {f"MCG {code}": code for code in ("US", "UK", "DE", "JP")}
Row = dict[str, Any]


class Structures(Vendors):
    """Companies, parents and currencies that do not fit."""

    def companies(self) -> Found:
        jobs = {self.job_workspace[job["id"]]: SELLERS[job["subsidiary"]] for job in self.ns["job"]}
        contracts: dict[str, set[str]] = defaultdict(set)
        for contract in self.sf["Contract"]:
            contracts[contract["Opportunity__c"]].add(SELLERS[contract["Legal_Entity__c"]])
        found = set()
        for own, workspace in self.workspaces.items():
            over = workspace["archived"] or workspace["status_key"] in ("completed", "cancelled")
            if over or "Contract Type" not in self.customs_of[own]:
                continue
            seller = SELLERS[self.customs_of[own]["Legal Entity"]]
            deals = {deal for deal, other in self.links if other == own}
            signed = {company for deal in deals for company in contracts[deal]}
            if signed - self._sellers(deals) or jobs.get(own, seller) != seller:
                found.add((f"{KA}:workspace:{own}|legal_entity", ""))
        return found

    def _sellers(self, deals: set[str]) -> set[str]:
        """Companies that deliver one of these deals."""
        owned = {own for deal, own in self.links if deal in deals and not self.workspaces[own]["archived"]}
        return {SELLERS[self.customs_of[own]["Legal Entity"]] for own in owned}

    def own_parents(self) -> Found:
        """Accounts that stand above themselves, in the CRM or through their ERP customers."""
        parents = {a["Id"]: a["ParentId"] for a in self.sf["Account"]}
        erp = {c["id"]: c["parent"] for c in self.ns["customer"]}
        accounts = {c["id"]: self.account_of(c) for c in self.ns["customer"]}
        wrong = {own for own in parents if _meets_itself(own, parents)}
        wrong |= {accounts[own] for own in erp if _meets_itself(own, erp)}
        crms = {a["Id"]: a["_instance"] for a in self.sf["Account"]}
        anchors = (f"1|{crms[own]}:account:{own}" for own in wrong)
        return {
            (f"cus_{md5(anchor.encode(), usedforsecurity=False).hexdigest()}|parent", "")
            for anchor in anchors
        }

    def impossible_numbers(self) -> Found:
        """ERP customers whose tax number the country cannot have issued."""
        return {
            (f"{NS}:customer:{c['id']}|tax_id_check", "")
            for c in self.ns["customer"]
            if not c["isinactive"]
            and c["vatregnumber"]
            and not _can_be_issued(letters(c["vatregnumber"]) or "")
        }

    @property
    def _symbols(self) -> dict[str, str]:
        return {c["id"]: c["symbol"] for c in self.ns["currency"]}

    def _invoices(self) -> list[tuple[Row, str]]:
        """Each invoice with the workspace it bills."""
        owners = {line["transaction"]: self.job_workspace[line["entity"]] for line in self.revenue_lines()}
        return [
            (header, owners[own])
            for own, header in self.documents.items()
            if header["type"] == "CustInvc" and own in owners
        ]

    def other_than_contract(self) -> Found:
        """Posted invoices in another currency than what was signed."""
        signed = {k["Opportunity__c"]: k["CurrencyIsoCode"] for k in self.sf["Contract"]}
        deals = {own: deal for deal, own in self.links}
        found = set()
        for header, own in self._invoices():
            agreed = signed.get(deals.get(own, ""), self.workspaces[own]["currency"])
            if header["status"] in "AB" and self._symbols[header["currency"]] != agreed:
                found.add((f"{NS}:{header['id']}|currency", ""))
        return found

    def other_than_card(self) -> Found:
        """Hours billed in another currency than the project's."""
        found = set()
        for header, own in self._invoices():
            hourly = self.contract(own) == "TM" and header["custbody_kantata_invoice_id"]
            if not hourly or self._symbols[header["currency"]] == self.workspaces[own]["currency"]:
                continue
            found |= {
                (f"{NS}:{header['id']}|{line['custcol_source_ref']}", "")
                for line in self.revenue_lines()
                if line["transaction"] == header["id"] and line["custcol_source_type"] == "time"
            }
        return found


def _can_be_issued(number: str) -> bool:
    """The rule of each country, said as the remainder that all digits together must leave."""
    digits = [int(sign) for sign in number.lstrip("GBDET")]
    if number.startswith("GB"):
        weights = (8, 7, 6, 5, 4, 3, 2, 10, 1)
        return sum(d * w for d, w in zip(digits, weights, strict=True)) % 97 in (0, 97 - 55)
    if number.startswith("DE"):
        rest = 10
        for digit in digits[:-1]:
            rest = (rest + digit) % 10 or 10
            rest = rest * 2 % 11
        return (rest + digits[-1]) % 10 == 1
    if number.startswith("T"):
        return sum(d * (2 - place % 2) for place, d in enumerate(digits, start=1)) % 9 == 0
    return len(digits) == 9


def _meets_itself(own: str, parents: dict[str, str | None]) -> bool:
    seen, above = {own}, parents[own]
    while above is not None and above not in seen:
        seen.add(above)
        above = parents[above]
    return above is not None
