"""Accounts of two CRMs that are one company (C04), once more and plainly: pair by pair, then connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

from tests.sandbox.vendor_rows import letters, plain

Account = dict[str, Any]


def _domain(url: str | None) -> str | None:
    host = (url or "").split("//")[-1].split("/")[0].removeprefix("www.")
    return host if host and host != "gmx.de" else None


def _likeness(first: str, second: str) -> float:
    (score,) = duckdb.execute("select jaro_winkler_similarity(?, ?)", [first, second]).fetchone() or (0.0,)
    return float(score)


def _same(first: Account, second: Account, erp: dict[str, set[str]]) -> str | None:
    """By which key the two are one company; None when they are not."""
    tax = letters(first["Tax_Id__c"]), letters(second["Tax_Id__c"])
    if all(tax) and tax[0] != tax[1]:
        return None
    if erp.get(first["Id"], set()) & erp.get(second["Id"], set()):
        return "erp"
    if first["BillingCountry"] != second["BillingCountry"]:
        return None
    if all(tax):
        return "tax"
    domain = _domain(first["Website"])
    if domain and domain == _domain(second["Website"]):
        return "domain"
    names = plain(first["Legal_Name__c"]), plain(second["Legal_Name__c"])
    near = first["BillingPostalCode"] == second["BillingPostalCode"]
    return (
        "name" if near and names[0].split()[0] == names[1].split()[0] and _likeness(*names) >= 0.92 else None
    )


def duplicate_groups(
    accounts: list[Account], account_of: Callable[[Account], str], customers: list[Account]
) -> list[set[str]]:
    """Groups of record keys that are one company, or too many to be one."""
    erp: dict[str, set[str]] = {}
    for customer in customers:
        erp.setdefault(account_of(customer), set()).add(customer["id"])
    for account in accounts:
        if account["NetSuite_Customer_Id__c"]:
            erp.setdefault(account["Id"], set()).add(account["NetSuite_Customer_Id__c"])
    by_id = {a["Id"]: a for a in accounts}
    keys = {a["Id"]: f"{a['_instance']}:account:{a['Id']}" for a in accounts}
    pairs = {
        (a["Id"], b["Id"]): why
        for a in accounts for b in accounts
        if a["_instance"] < b["_instance"] and (why := _same(a, b, erp))
    }  # fmt: skip
    groups: list[set[str]] = []
    for a, b in pairs:
        if (a, by_id[b]["ParentId"]) in pairs or (by_id[a]["ParentId"], b) in pairs:
            continue  # its parent is what the other one is
        joined = [g for g in groups if keys[a] in g or keys[b] in g]
        groups = [g for g in groups if g not in joined] + [{keys[a], keys[b]}.union(*joined)]
    return groups
