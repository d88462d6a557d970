"""The checks once more, straight from vendor rows: short, slow, and written apart from the warehouse's.

Each method returns the set of (matching key, period) that the check must find in these rows.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

from config.paths import REPOSITORY
from tests.sandbox.duplicates import duplicate_groups
from tests.sandbox.oracle_contracts import Contracts
from tests.sandbox.vendor_rows import (
    CALENDARS,
    HR,
    KA,
    NS,
    UNIT,
    bucket,
    day,
    letters,
    plain,
    words,
)

Found = set[tuple[str, str]]
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Oracle(Contracts):
    """What each check must find."""

    def c01(self) -> Found:
        carried = {deal for deal, own in self.links if not self.workspaces[own]["archived"]}
        found = {
            (f"{o['_instance']}:{o['Id']}", "")
            for o in self.opportunities.values()
            if o["IsWon"] and Decimal(o["Services_Amount__c"]) > 0 and o["Type"] not in ("Renewal", "Product")
            and o["Id"] not in carried
            and self.business_days(day(o["CloseDate"]), self.today, CALENDARS[o["Legal_Entity__c"]]) > 2
        }  # fmt: skip
        sold = {
            own
            for deal, own in self.links
            if deal in self.opportunities and self.opportunities[deal]["IsWon"]
        }
        for own, workspace in self.workspaces.items():
            active = workspace["status_key"] in ("on_track", "at_risk", "in_trouble", "not_started")
            if (
                active
                and not workspace["archived"]
                and "Contract Type" in self.customs_of[own]
                and own not in sold
            ):
                found.add((f"project:{KA}:{own}", ""))
        return found

    def c03(self) -> Found:
        addresses = {a["nkey"]: a for a in self.ns["entityaddress"]}
        terms = {t["id"]: t["daysuntilnetdue"] for t in self.ns["term"]}
        symbols = {c["id"]: c["symbol"] for c in self.ns["currency"]}
        truths: dict[str, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
        self.holds: dict[str, bool] = {}
        for customer in self.ns["customer"]:
            account = self.account_of(customer)
            address = addresses[customer["defaultbillingaddress"]]
            truth = truths[account]
            truth["legal_name"].add(plain(customer["companyname"]))
            truth["billing_address"].add(words(f"{address['addr1']} {address['city']} {address['zip']}"))
            truth["payment_terms"].add(int(terms[customer["terms"]]))
            truth["currency"].add(symbols[customer["currency"]])
            truth["tax_id"].add(letters(customer["vatregnumber"]))
            self.holds[account] = self.holds.get(account, False) or customer["creditholdoverride"] == "ON"
        found: Found = set()
        for a in self.sf["Account"]:
            shown = {
                "legal_name": plain(a["Legal_Name__c"]),
                "billing_address": words(f"{a['BillingStreet']} {a['BillingCity']} {a['BillingPostalCode']}"),
                "payment_terms": int(a["Payment_Terms_Days__c"]),
                "currency": a["CurrencyIsoCode"],
                "tax_id": letters(a["Tax_Id__c"]),
            }
            first = self.first_record(a["Id"])
            if first in truths:
                found |= _differing(f"{a['_instance']}:account:{a['Id']}", shown, truths[first])
        for g in self.ka["workspace_groups"]:
            own = self.custom["WorkspaceGroup", g["id"]]
            shown = {
                "legal_name": plain(own["Legal Name"]),
                "billing_address": words(g["address"]),
                "payment_terms": int(own["Payment Terms Days"]),
            }
            account = self.group_account(g["id"])
            if account in truths:
                found |= _differing(f"{KA}:workspace_group:{g['id']}", shown, truths[account])
        return found

    def c02(self) -> Found:
        served = {self.account_of(c) for c in self.ns["customer"] if not c["isinactive"]}
        worked = {e["workspace_id"] for e in self.ka["time_entries"] if e["approved"] and e["billable"]}
        return {
            (f"{KA}:{own}", "")
            for own, w in self.workspaces.items()
            if "Contract Type" in self.customs_of[own]
            and self.group_account(w["primary_workspace_group_id"]) not in served
            and (
                own in worked
                or (
                    w["status_key"] in ("on_track", "at_risk", "in_trouble", "not_started")
                    and not w["archived"]
                )
            )
        }

    def c04(self) -> Found:
        found = set()
        for group in duplicate_groups(self.sf["Account"], self.account_of, self.ns["customer"]):
            beginning = "review" if len(group) > 5 else "accounts"
            found.add((f"{beginning}:{min(group)}", ""))
        return found

    def t01(self) -> Found:
        billed: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.revenue_lines():
            header = self.documents[line["transaction"]]
            if header["type"] == "CustInvc" and header["status"] in "AB":
                billed[self.job_workspace[line["entity"]]] -= Decimal(line["foreignamount"])
        ceilings = {c["Opportunity__c"]: c["Not_To_Exceed__c"] for c in self.sf["Contract"]}
        deals = {own: deal for deal, own in self.links}
        found = set()
        for e in self.ka["time_entries"]:
            own = e["workspace_id"]
            if not (e["approved"] and e["billable"]) or e["is_invoiced"] or self.contract(own) != "TM":
                continue
            ceiling = ceilings.get(deals.get(own, ""))
            if self.workspaces[own]["status_key"] == "on_hold" or (
                ceiling and billed[own] >= Decimal(ceiling)
            ):
                continue
            first = day(e["date_performed"]).replace(day=1)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            if (self.today - last).days > 30:
                found.add((f"{KA}:{own}", e["date_performed"][:7]))
        return found

    def t03(self) -> Found:
        found = set()
        for e in self.ka["time_entries"]:
            own = self.customs_of[e["workspace_id"]]
            if "Open For Time From" not in own:
                continue
            inside = own["Open For Time From"] <= e["date_performed"] <= own["Open For Time To"]
            if not inside and (self.today - day(e["updated_at"])).days >= 1:
                found.add((f"{KA}:{e['id']}", ""))
        return found

    def r01(self) -> Found:
        cards = {c["id"]: c for c in self.ka["rate_cards"]}
        versions = {v["id"]: v for v in self.ka["rate_card_set_versions"]}
        rates: dict[str, list[tuple[str, str, Decimal]]] = defaultdict(list)
        prices = defaultdict(dict)
        for row in self.ka["rate_card_roles"]:
            prices[row["rate_card_version_id"]][row["role_id"]] = Decimal(row["rate"])
        for version in self.ka["rate_card_versions"]:
            owner = versions[version["rate_card_set_version_id"]]
            if owner["active"]:
                rates[version["rate_card_id"]].append((owner["effective_date"], version["id"], Decimal(0)))
        found = set()
        for e in self.ka["time_entries"]:
            own = e["workspace_id"]
            if not (e["approved"] and e["billable"]) or self.contract(own) != "TM":
                continue
            card = cards[self.workspaces[own]["rate_card_id"]]
            begun = sorted(v for v in rates[card["id"]] if v[0] <= e["date_performed"])
            price = prices[begun[-1][1]].get(e["role_id"], 0) if begun else 0
            if card["currency"] != self.workspaces[own]["currency"]:
                price = 0
            if not price or not e["rate_in_cents"]:
                found.add((f"{KA}:{own}|{KA}:{e['role_id']}", e["date_performed"][:7]))
        return found

    def b01(self) -> Found:
        lines = {
            line["custcol_source_ref"]
            for line in self.revenue_lines()
            if line["custcol_source_type"] == "milestone"
        }
        stages = {c["externalid"]: c["stage"] for c in self.ns["charge"] if c["externalid"]}
        by_id = {c["id"]: c["stage"] for c in self.ns["charge"]}
        found = set()
        for story in self.ka["stories"]:
            accepted = self.custom["Story", story["id"]].get("Accepted On")
            if story["story_type"] != "milestone" or not accepted or story["id"] in lines:
                continue
            charge = self.refs["Story", story["id"]].get(("netsuite", "charge"))
            stage = stages.get(story["id"]) or by_id.get(charge or "", "HOLD")
            calendar = CALENDARS[self.customs_of[story["workspace_id"]]["Legal Entity"]]
            if stage == "HOLD" and self.business_days(day(accepted), self.today, calendar) > 5:
                found.add((f"{KA}:{story['id']}", ""))
        return found

    def _psa_totals(self) -> dict[str, Decimal]:
        expected: dict[str, Decimal] = defaultdict(Decimal)
        for e in self.ka["time_entries"]:
            expected[e["invoice_id"]] += (
                Decimal(e["time_in_minutes"] * e["rate_in_cents"]) / 60 / e["currency_base_unit"]
            )
        for e in self.ka["expenses"]:
            expected[e["invoice_id"]] += Decimal(e["amount_in_cents"]) / e["currency_base_unit"]
        for m in self.ka["billing_milestones"]:
            expected[m["invoice_id"]] += Decimal(m["amount_in_cents"]) / UNIT[m["currency"]]
        expected[None] = Decimal(0)
        return expected

    def b03(self) -> Found:
        expected = self._psa_totals()
        net: dict[str, Decimal] = defaultdict(Decimal)
        tax: dict[str, Decimal] = defaultdict(Decimal)
        extras: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.ns["transactionline"]:
            (tax if line["taxline"] else net)[line["transaction"]] -= (
                Decimal(0) if line["mainline"] else Decimal(line["foreignamount"])
            )
        for line in self.revenue_lines():
            if (
                line["custcol_source_type"] not in ("time", "expense", "milestone")
                and line["custcol_source_ref"]
            ):
                extras[line["transaction"]] -= Decimal(line["foreignamount"])
        found = set()
        for own, header in self.documents.items():
            if header["type"] == "CustInvc" and header["status"] != "V":
                apart = net[own] - expected[header["custbody_kantata_invoice_id"]] - extras[own]
                header_apart = Decimal(header["foreigntotal"]) - net[own] - tax[own]
                if abs(apart) > Decimal("0.5") or abs(header_apart) > Decimal("0.01"):
                    found.add((f"{NS}:{own}", ""))
        return found

    def b05(self) -> Found:
        jobs = {line["transaction"]: line["entity"] for line in self.revenue_lines()}
        deals: dict[str, set[str]] = defaultdict(set)
        for deal, own in self.links:
            deals[own].add(deal)
        paid: dict[str, list[str]] = defaultdict(list)
        for link in self.ns["nexttransactionlinelink"]:
            if link["linktype"] == "Payment":
                paid[link["previousdoc"]].append(self.documents[link["nextdoc"]]["trandate"])
        of_deal: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for own, header in self.documents.items():
            if header["type"] == "CustInvc" and header["posting"] and header["status"] in "AB":
                (deal,) = deals[self.job_workspace[jobs[own]]]
                of_deal[deal].append(header)
        found: Found = set()
        for own, headers in of_deal.items():
            o = self.opportunities[own]
            still = [h for h in headers if Decimal(h["foreignamountunpaid"]) > 0]
            late = [(self.today - day(h["duedate"])).days for h in still]
            total = sum((Decimal(h["foreignamountunpaid"]) for h in still), Decimal(0))
            dates = [d for h in headers for d in paid[h["id"]]]
            pairs = {
                "open_amount": (Decimal(o["ERP_Open_Amount__c"] or 0), total),
                "overdue_bucket": (o["ERP_Overdue_Bucket__c"], bucket(max(late)) if late else None),
                "disputed": (bool(o["ERP_Disputed__c"]), any(h["custbody_disputed"] for h in still)),
                "last_payment_date": (o["ERP_Last_Payment_Date__c"], max(dates, default=None)),
            }  # fmt: skip
            newest = max(h["lastmodifieddate"] for h in headers)
            assert newest <= (self.as_of - timedelta(hours=4)).isoformat()[:19] + "Z", (
                "inside the grace by accident"
            )
            found |= {
                (f"{o['_instance']}:{own}|{name}", "") for name, (crm, erp) in pairs.items() if crm != erp
            }
        self.c03()
        for a in self.sf["Account"]:
            first = self.first_record(a["Id"])
            if first in self.holds and bool(a["ERP_Credit_Hold__c"]) != self.holds[first]:
                found.add((f"{a['_instance']}:Account:{a['Id']}|credit_hold", ""))
        return found

    def h01(self) -> Found:
        by_mail = {e["workEmail"].lower(): e["id"] for e in self.hr["employee"]}
        employees = {e["id"]: e for e in self.hr["employee"]}
        left: dict[str, str] = {}
        for user in self.ka["users"]:
            ref = (
                self.refs["User", user["id"]].get(("bamboohr", "employee"))
                or by_mail[user["email_address"].lower()]
            )
            last = employees[ref]["terminationDate"]
            if last and day(last) < self.today:
                assert employees[ref]["status"] == "Inactive"
                left[user["id"]] = last
        found: Found = {
            (f"user:{KA}:{u['id']}", "")
            for u in self.ka["users"]
            if u["id"] in left and not u["disabled"] and (self.today - day(left[u["id"]])).days > 1
        }
        persons = {r["id"]: r["user_id"] for r in self.ka["workspace_resources"]}
        for a in self.ka["workspace_allocations"]:
            last = left.get(persons[a["workspace_resource_id"]])
            if last and a["end_date"] > last and a["minutes"] > 0:
                found.add((f"{KA}:{a['id']}", ""))
        for e in self.ka["time_entries"]:
            if e["user_id"] in left and e["date_performed"] > left[e["user_id"]]:
                found.add((f"time:{KA}:{e['id']}", ""))
        return found

    def r03(self) -> Found:
        pay = defaultdict(list)
        for row in sorted(self.hr["compensation"], key=lambda row: row["startDate"]):
            pay[row["employeeId"]].append((row["startDate"], row))
        week = {p["employeeId"]: sum(Decimal(p[d]) for d in WEEK) for p in self.hr["customWorkPattern"]}
        mails = {e["workEmail"].lower(): e["id"] for e in self.hr["employee"]}
        copies = {c["account_membership_id"]: c["amount_in_subunits"] for c in self.ka["cost_rates"]}
        days: dict[str, set[str]] = defaultdict(set)
        for e in self.ka["time_entries"]:
            days[e["user_id"]].add(e["date_performed"])
        found = set()
        for u in self.ka["users"]:
            own = (
                self.refs["User", u["id"]].get(("bamboohr", "employee")) or mails[u["email_address"].lower()]
            )
            found |= {(f"{HR}:{own}|{why}", "") for d in days[u["id"]] if (why := _unpriced(pay[own], d))}
            now = [row for start, row in pay[own] if start <= self.today.isoformat()]
            if now and days[u["id"]] and not u["disabled"]:
                copy = copies.get(u["account_membership_id"])
                if why := _miscopied(now[-1], week[own], copy):
                    found.add((f"{HR}:{own}|{why}", ""))
        return found

    def b02(self) -> Found:
        advance = {c["Opportunity__c"] for c in self.sf["Contract"] if c["Billed_In_Advance__c"]}
        deals = {own: deal for deal, own in self.links}
        billed = {
            line["custcol_source_ref"]
            for line in self.revenue_lines()
            if line["custcol_source_type"] == "milestone"
            and self.documents[line["transaction"]]["type"] == "CustInvc"
            and self.documents[line["transaction"]]["status"] in "AB"
        }
        return {
            (f"{KA}:{story['id']}", "")
            for story in self.ka["stories"]
            if story["id"] in billed
            and "Accepted On" not in self.custom["Story", story["id"]]
            and deals.get(story["workspace_id"]) not in advance
        }

    def b04(self) -> Found:
        entities = {"2": "MCG US", "3": "MCG UK", "4": "MCG DE", "5": "MCG JP"}
        drafts = {i["id"] for i in self.ka["invoices"] if i["draft"]}
        months = {p["id"]: p["startdate"][:7] for p in self.ns["accountingperiod"]}
        jobs = {line["transaction"]: line["entity"] for line in self.revenue_lines() if line["entity"]}
        found = set()
        for own, header in self.documents.items():
            if header["type"] not in ("CustInvc", "CustCred") or header["status"] not in "AB":
                continue
            seller = self.customs_of[self.job_workspace[jobs[own]]]["Legal Entity"]
            if entities[header["subsidiary"]] != seller:
                found.add((f"{NS}:{own}|entity", ""))
            if months[header["postingperiod"]] != header["trandate"][:7]:
                found.add((f"{NS}:{own}|period", ""))
            if header["type"] == "CustInvc" and header["custbody_kantata_invoice_id"] in drafts:
                found.add((f"{NS}:{own}|psa_draft", ""))
        return found

    def x01(self) -> Found:
        roles = {r["id"]: r["name"] for r in self.ka["roles"]}
        with (REPOSITORY / "config" / "transfer_prices.csv").open() as file:
            prices = {(p["provider_entity"], p["role"], p["valid_from"][:4]): p for p in csv.DictReader(file)}
        entities = {"2": "MCG-US", "3": "MCG-UK", "4": "MCG-DE", "5": "MCG-JP"}
        inner: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in self.ns["transactionline"]:
            if line.get("custcol_source_type") == "intercompany_time":
                inner[line["transaction"]].append(line)
        sums = {own: sum(Decimal(line["foreignamount"]) for line in lines) for own, lines in inner.items()}
        found = set()
        for own in (own for own, total in sums.items() if total < 0):  # revenue: the provider's side
            header = self.documents[own]
            pair = self.documents.get(header["intercotransaction"] or "")
            if pair is None:
                found.add((f"{NS}:{own}|one_sided", ""))
            else:
                if pair["postingperiod"] != header["postingperiod"]:
                    found.add((f"{NS}:{own}|period", ""))
                if sums[own] + sums[pair["id"]]:
                    found.add((f"{NS}:{own}|amount", ""))
            for line in inner[own]:
                key = (
                    entities[header["subsidiary"]],
                    roles[line["custcol_source_ref"]],
                    header["trandate"][:4],
                )
                agreed = Decimal(prices[key]["cost_per_hour"]) * (1 + Decimal(prices[key]["markup"]))
                if abs(Decimal(line["rate"]) - agreed) > Decimal("0.5"):
                    found.add((f"{NS}:{own}|price", ""))
        return found

    def x02(self) -> Found:
        symbols = {c["id"]: c["symbol"] for c in self.ns["currency"]}
        homes = {s["id"]: s["currency"] for s in self.ns["subsidiary"]}
        table: dict[tuple[str, str], list[tuple[str, Decimal]]] = defaultdict(list)
        for row in sorted(self.ns["currencyrate"], key=lambda row: row["effectivedate"]):
            pair = (row["basecurrency"], row["transactioncurrency"])
            table[pair].append((row["effectivedate"], Decimal(row["exchangerate"])))
        lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in self.ns["transactionline"]:
            lines[line["transaction"]].append(line)
        found = set()
        for own, header in self.documents.items():
            home = homes[header["subsidiary"]]
            if header["type"] != "CustInvc" or header["status"] not in "AB" or header["currency"] == home:
                continue
            rate = [r for day_, r in table[home, header["currency"]] if day_ <= header["trandate"]][-1]
            used = Decimal(header["exchangerate"])
            if abs(used - rate) > rate * Decimal("0.0001"):
                found.add((f"{NS}:{own}|rate", ""))
            (main,) = [line for line in lines[own] if line["mainline"]]
            apart = abs(Decimal(main["netamount"]) - Decimal(header["foreigntotal"]) * used)
            if apart > Decimal(max(1, len(lines[own]) / 2)) / UNIT[symbols[home]]:
                found.add((f"{NS}:{own}|conversion", ""))
        return found

    def x03(self) -> Found:
        entities = {"2": "MCG-US", "3": "MCG-UK", "4": "MCG-DE", "5": "MCG-JP"}
        series: dict[tuple[str, str], set[int]] = defaultdict(set)
        for header in self.documents.values():
            if header["type"] == "CustInvc":
                prefix, number = re.fullmatch(r"(\D+)(\d+)", header["tranid"]).groups()
                series[entities[header["subsidiary"]], prefix].add(int(number))
        return {
            (f"invoice_sequence:{entity}:{prefix}{number}", "")
            for (entity, prefix), numbers in series.items()
            for number in set(range(min(numbers), max(numbers))) - numbers
        }


def _months_later(first: str, months: int) -> str:
    year, month = divmod(int(first[:4]) * 12 + int(first[5:7]) - 1 + months, 12)
    return f"{year}-{month + 1:02d}-{first[8:]}"


def _unpriced(pay: list[tuple[str, dict[str, Any]]], worked: str) -> str | None:
    begun = [row for start, row in pay if start <= worked]
    if not begun:
        return "late" if pay else "missing"
    if not Decimal(begun[-1]["rate"]):
        return "zero"
    return "stale" if _months_later(begun[-1]["startDate"], 18) < worked else None


def _miscopied(pay: dict[str, Any], week: Decimal, copy: int | None) -> str | None:
    if copy is None:
        return "psa_missing"
    hourly = Decimal(pay["rate"])
    if pay["paidPer"] == "Year":
        hourly = hourly * Decimal("1.22") / (1760 * week / 40)
    unit = UNIT[pay["currency"]]
    return "psa_differs" if abs(Decimal(copy) / unit - hourly) > Decimal(1) / unit else None


def _differing(record: str, shown: dict[str, Any], truth: dict[str, set[Any]]) -> Found:
    return {(f"{record}|{name}", "") for name, value in shown.items() if value not in truth[name]}
