"""Vendor rows read plainly: links between systems found again, sharing nothing with generator or warehouse."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from config import load_config

Rows = dict[str, dict[str, list[dict[str, Any]]]]
Found = set[tuple[str, str]]
CRMS = ("salesforce_group", "salesforce_kestrel")
NS, KA, HR = "netsuite_group", "kantata_group", "bamboohr_group"
HOLIDAYS = Path(__file__).resolve().parents[2] / "config" / "holidays.csv"
LEGAL_FORM = r"\b(inc|incorporated|llc|l l c|ltd|limited|gmbh|ag|k k|kk)$"
CALENDARS = {"US01": "US", "UK01": "GB", "DE01": "DE", "JP01": "JP"}
CALENDARS |= {"MCG US": "US", "MCG UK": "GB", "MCG DE": "DE", "MCG JP": "JP"}
UNIT = {"USD": 100, "GBP": 100, "EUR": 100, "JPY": 1}


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def bucket(days: int) -> str:
    return next(
        (
            name
            for limit, name in ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"))
            if days <= limit
        ),
        "90+",
    )


def words(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return " ".join(re.sub(r"[^\w\s]", " ", folded).split())


def plain(name: str) -> str:
    return re.sub(LEGAL_FORM, "", words(name)).strip()


def letters(text: str | None) -> str | None:
    return re.sub(r"[^0-9A-Z]", "", text.upper()) if text else None


def of_all_crms(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """The rows of every CRM under the group's field names and codes, each row saying whose it is."""
    estate = {instance.name: instance for instance in load_config().instances}
    meant = {
        row.vendor_value: row.canonical_value
        for row in load_config().value_maps
        if row.system == "salesforce"
    }
    ours = {value: code for code, value in meant.items() if code in CALENDARS or not code.startswith("KD-")}
    group = estate[CRMS[0]].custom_fields
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for crm in CRMS:
        for name, listed in rows[crm].items():
            known = {stable: field for field, stable in group.get(name, {}).items()}
            names = {
                field: known[stable] for field, stable in estate[crm].custom_fields.get(name, {}).items()
            }
            for row in listed:
                plainly = {names.get(field, field): value for field, value in row.items()}
                if "Legal_Entity__c" in plainly:
                    plainly["Legal_Entity__c"] = ours[meant[plainly["Legal_Entity__c"]]]
                found[name].append({**plainly, "_instance": crm})
    return found


class Vendors:
    """All rows of the four systems, and the links between them found again from scratch."""

    def __init__(self, rows: Rows, as_of: datetime) -> None:
        self.sf = of_all_crms(rows)
        self.ns, self.ka, self.hr = rows[NS], rows[KA], rows[HR]
        self.as_of = as_of
        self.today = as_of.date()
        with HOLIDAYS.open() as file:
            self.holidays = {(row["calendar"], row["holiday_date"]) for row in csv.DictReader(file)}
        self.custom: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for value in self.ka["custom_field_values"]:
            self.custom[value["subject_type"], value["subject_id"]][value["custom_field_name"]] = value[
                "value"
            ]
        self.refs: dict[tuple[str, str], dict[tuple[str, str], str]] = defaultdict(dict)
        for ref in self.ka["external_references"]:
            subject = (ref["subject_type"], ref["subject_id"])
            self.refs[subject][ref["service_name"], ref["service_model"]] = ref["service_model_ref"]
        self.opportunities = {o["Id"]: o for o in self.sf["Opportunity"] if not o["IsDeleted"]}
        self.workspaces = {w["id"]: w for w in self.ka["workspaces"]}
        self.customs_of = {w: self.custom["Workspace", w] for w in self.workspaces}
        self.job_workspace = self._jobs()
        self.links = self._deal_links()

    def _jobs(self) -> dict[str, str]:
        by_ref = {
            refs["netsuite", "job"]: subject[1]
            for subject, refs in self.refs.items()
            if subject[0] == "Workspace" and ("netsuite", "job") in refs
        }
        return {j["id"]: j["externalid"] or by_ref.get(j["id"]) for j in self.ns["job"]}

    def _deal_links(self) -> set[tuple[str, str]]:
        """(opportunity, workspace)"""
        found = set()
        for o in self.opportunities.values():
            if o["Kantata_Workspace_Id__c"]:
                found.add((o["Id"], o["Kantata_Workspace_Id__c"]))
        for (kind, own), refs in self.refs.items():
            if kind == "Workspace" and ("salesforce", "Opportunity") in refs:
                found.add((refs["salesforce", "Opportunity"], own))
        for job in self.ns["job"]:
            if job["custentity_sf_opportunity_id"]:
                found.add((job["custentity_sf_opportunity_id"], self.job_workspace[job["id"]]))
        return found

    def business_days(self, first: date, last: date, calendar: str) -> int:
        count = 0
        while first < last:
            first += timedelta(days=1)
            count += first.weekday() < 5 and (calendar, first.isoformat()) not in self.holidays
        return count

    def contract(self, workspace: str) -> str | None:
        return self.customs_of[workspace].get("Contract Type")

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        if not hasattr(self, "_documents"):
            self._documents = {t["id"]: t for t in self.ns["transaction"]}
        return self._documents

    def revenue_lines(self) -> list[dict[str, Any]]:
        lines = (line for line in self.ns["transactionline"] if not line["mainline"] and not line["taxline"])
        sales = {own for own, header in self.documents.items() if header["type"] in ("CustInvc", "CustCred")}
        return [line for line in lines if line["transaction"] in sales]

    def account_of(self, customer: dict[str, Any]) -> str:
        if customer["custentity_sf_account_id"]:
            return customer["custentity_sf_account_id"]
        wanted = [a for a in self.sf["Account"] if a["NetSuite_Customer_Id__c"] == customer["id"]]
        if not wanted and customer["vatregnumber"]:
            tax = letters(customer["vatregnumber"])
            wanted = [a for a in self.sf["Account"] if letters(a["Tax_Id__c"]) == tax]
        if not wanted:
            name = plain(customer["companyname"])
            wanted = [a for a in self.sf["Account"] if plain(a["Legal_Name__c"]) == name]
        (only,) = wanted
        return only["Id"]

    def first_record(self, account: str) -> str:
        """The account that stands for the client: another record of it names the same ERP customer."""
        own = next(a for a in self.sf["Account"] if a["Id"] == account)
        for customer in self.ns["customer"]:
            if customer["id"] == own["NetSuite_Customer_Id__c"]:
                return self.account_of(customer)
        return account

    def group_account(self, group: str) -> str:
        refs = self.refs["WorkspaceGroup", group]
        if ("salesforce", "Account") in refs:
            return refs["salesforce", "Account"]
        (customer,) = [c for c in self.ns["customer"] if c["id"] == refs["netsuite", "customer"]]
        return self.account_of(customer)
