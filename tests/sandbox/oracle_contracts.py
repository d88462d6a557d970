"""C05 and C06 once more, straight from vendor rows: short, slow, and written apart from the warehouse's."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.sandbox.vendor_rows import CALENDARS, UNIT, Found, Vendors, day

Row = dict[str, Any]


class Contracts(Vendors):
    """What the checks of contracts must find."""

    def _group(self, deal: str) -> set[str]:
        """The deal with all that share a project with it."""
        group, before = {deal}, set[str]()
        while group != before:
            before = set(group)
            shared = {own for other, own in self.links if other in group}
            group |= {other for other, own in self.links if own in shared}
        return group

    def _projects(self, deals: set[str]) -> list[Row]:
        owned = {own for deal, own in self.links if deal in deals}
        return [self.workspaces[own] for own in owned if not self.workspaces[own]["archived"]]

    def _schedule(self, projects: list[Row]) -> Decimal:
        owned = {project["id"] for project in projects}
        lines = [c for c in self.ns["charge"] if self.job_workspace.get(c["project"]) in owned]
        return sum((Decimal(c["amount"]) for c in lines), Decimal(0))

    def _approved(self, deals: set[str]) -> list[Row]:
        found = [
            c for c in self.sf["Change_Request__c"] if c["Opportunity__c"] in deals and c["Approved_On__c"]
        ]
        return sorted(found, key=lambda c: (c["Approved_On__c"], c["CreatedDate"], c["Id"]))

    def _waits(self, change: Row) -> bool:
        calendar = CALENDARS[self.opportunities[change["Opportunity__c"]]["Legal_Entity__c"]]
        return self.business_days(day(change["Approved_On__c"]), self.today, calendar) <= 2

    def c05(self) -> Found:
        of_group: dict[str, list[Row]] = defaultdict(list)
        for contract in self.sf["Contract"]:
            of_group[min(self._group(contract["Opportunity__c"]))].append(contract)
        found = set()
        for lead, contracts in of_group.items():
            deals = self._group(lead)
            projects, changes = self._projects(deals), self._approved(deals)
            if not projects or any(self._waits(c) and self._open_legs(c) for c in changes):
                continue
            signed = sum(
                Decimal(k["Contract_Value__c"])
                - Decimal(k["Agreed_Discount__c"] or 0)
                - Decimal(k["Pass_Through__c"] or 0)
                for k in contracts
            ) + sum(Decimal(c["Amount__c"]) for c in changes)
            shown = sum(Decimal(p["price_in_cents"]) / UNIT[p["currency"]] for p in projects)
            kinds = {k["Contract_Type__c"] for k in contracts}
            wrong = shown > signed if "Time & Materials" in kinds else shown != signed
            if kinds & {"Fixed Fee", "Milestone"}:
                wrong = wrong or self._schedule(projects) != signed
            if wrong:
                first = min(contracts, key=lambda k: f"{k['_instance']}:{k['Id']}")
                found.add((f"{first['_instance']}:{first['Id']}", ""))
        return found

    def _held(self, deal: str) -> dict[str, Any]:
        """What each copy holds now, under the name of its before-image."""
        projects = self._projects({deal})
        (contract,) = [k for k in self.sf["Contract"] if k["Opportunity__c"] == deal]
        return {
            "Services_Before__c": Decimal(self.opportunities[deal]["Services_Amount__c"]),
            "Budget_Before__c": sum(Decimal(p["price_in_cents"]) / UNIT[p["currency"]] for p in projects),
            "Billing_Before__c": self._schedule(projects),
            "Order_Before__c": Decimal(contract["PO_Amount__c"]) if contract["PO_Amount__c"] else None,
            "Planned_End_Before__c": max(p["due_date"] for p in projects),
        }

    def _open_legs(self, change: Row) -> set[str]:
        """Legs that did not move by the change's amount until the next change, or until now."""
        later = self._approved({change["Opportunity__c"]})
        later = later[later.index(change) + 1 :]
        still = set()
        for leg, now in self._held(change["Opportunity__c"]).items():
            if change[leg] is None:
                continue
            after = next((c[leg] for c in later if c[leg] is not None), now)
            if leg == "Planned_End_Before__c":
                moved, due = (
                    (day(after) - day(change[leg])).days,
                    (day(change["Planned_End_After__c"]) - day(change[leg])).days,
                )
            else:
                moved, due = Decimal(after) - Decimal(change[leg]), Decimal(change["Amount__c"])
            if moved != due:
                still.add(leg)
        return still

    def c06(self) -> Found:
        found = {
            (f"{c['_instance']}:{c['Id']}", "")
            for c in self.sf["Change_Request__c"]
            if c["Approved_On__c"] and not self._waits(c) and self._open_legs(c)
        }
        changes = {c["Id"]: c for c in self.sf["Change_Request__c"]}
        for entry in self.ka["time_entries"]:
            own = self.refs["Story", entry["story_id"]].get(("salesforce", "Change_Request__c"))
            if own and not (changes[own]["Approved_On__c"] or "9") <= entry["date_performed"]:
                found.add((f"early:{changes[own]['_instance']}:{own}", ""))
        return found
