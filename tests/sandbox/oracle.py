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
from tests.sandbox.oracle_bookings import Bookings
from tests.sandbox.oracle_contracts import Contracts
from tests.sandbox.oracle_structure import Structures
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


class Oracle(Contracts, Bookings, Structures):
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
        return found | self.companies() | self.own_parents() | self.impossible_numbers()

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

    def card_rate(self, own: str, role: str, worked: str) -> Decimal:
        """What the workspace's card says for a role on a day; zero when it says nothing."""
        if not hasattr(self, "_cards"):
            self._cards = {c["id"]: c for c in self.ka["rate_cards"]}
            versions = {v["id"]: v for v in self.ka["rate_card_set_versions"]}
            self._prices: dict[str, dict[str, Decimal]] = defaultdict(dict)
            for row in self.ka["rate_card_roles"]:
                self._prices[row["rate_card_version_id"]][row["role_id"]] = Decimal(row["rate"])
            self._in_force: dict[str, list[tuple[str, str]]] = defaultdict(list)
            for version in self.ka["rate_card_versions"]:
                owner = versions[version["rate_card_set_version_id"]]
                if owner["active"]:
                    self._in_force[version["rate_card_id"]].append((owner["effective_date"], version["id"]))
        card = self._cards[self.workspaces[own]["rate_card_id"]]
        begun = sorted(v for v in self._in_force[card["id"]] if v[0] <= worked)
        if not begun or card["currency"] != self.workspaces[own]["currency"]:
            return Decimal(0)
        return self._prices[begun[-1][1]].get(role, Decimal(0))

    def r01(self) -> Found:
        found = set()
        for e in self.ka["time_entries"]:
            own = e["workspace_id"]
            if not (e["approved"] and e["billable"]) or self.contract(own) != "TM":
                continue
            if not self.card_rate(own, e["role_id"], e["date_performed"]) or not e["rate_in_cents"]:
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
            if (
                header["type"] == "CustInvc"
                and header["status"] != "V"
                and header["custbody_kantata_invoice_id"]
            ):
                apart = net[own] - expected[header["custbody_kantata_invoice_id"]] - extras[own]
                header_apart = Decimal(header["foreigntotal"]) - net[own] - tax[own]
                if abs(apart) > Decimal("0.5") or abs(header_apart) > Decimal("0.01"):
                    found.add((f"{NS}:{own}", ""))
        return found | self._misdated_hours()

    def _misdated_hours(self) -> Found:
        """Months to which lines of hours date more than was worked in them, where the hours themselves are right."""
        symbols = {c["id"]: c["symbol"] for c in self.ns["currency"]}
        worked: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        billed: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        places: dict[tuple[str, str], str] = {}
        vague = set()
        for e in self.ka["time_entries"]:
            if e["approved"] and e["billable"] and e["invoice_id"]:
                amount = Decimal(e["time_in_minutes"] * e["rate_in_cents"]) / 60 / e["currency_base_unit"]
                item = (e["invoice_id"], f"{e['user_id']}|{e['role_id']}")
                worked[item][e["date_performed"][:7]] += amount
        for line in self.revenue_lines():
            header = self.documents[line["transaction"]]
            psa = header["custbody_kantata_invoice_id"]
            if (
                header["type"] != "CustInvc"
                or header["status"] == "V"
                or line["custcol_source_type"] != "time"
                or not psa
            ):
                continue
            item = (psa, line["custcol_source_ref"])
            month = line["custcol_service_start"][:7]
            billed[item][month] -= Decimal(line["foreignamount"])
            places[item] = f"{KA}:{self.job_workspace[line['entity']]}|{symbols[header['currency']]}"
            if month != line["custcol_service_end"][:7]:
                vague.add(item)
        apart: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for item in set(billed) - vague:
            if abs(sum(billed[item].values()) - sum(worked[item].values())) <= Decimal("0.5"):
                for month in {*billed[item], *worked[item]}:
                    apart[places[item], month] += billed[item][month] - worked[item][month]
        return {key for key, amount in apart.items() if amount > Decimal("0.5")}

    def b05(self) -> Found:
        jobs = {line["transaction"]: line["entity"] for line in self.revenue_lines()}
        symbols = {c["id"]: c["symbol"] for c in self.ns["currency"]}
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
            if {symbols[h["currency"]] for h in headers} != {o["CurrencyIsoCode"]}:
                continue  # amounts of another currency say nothing of the deal's
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
        return found | self.other_than_contract()

    def t02(self) -> Found:
        gone = {
            link["previousdoc"]
            for link in self.ns["nexttransactionlinelink"]
            if link["linktype"] == "CreditMemoApplication"
        }
        living = [
            h for own, h in self.documents.items()
            if h["type"] == "CustInvc" and h["status"] != "V" and own not in gone
        ]  # fmt: skip
        living.sort(key=lambda h: (h["trandate"], int(h["id"])))
        lines = defaultdict(list)
        for line in self.revenue_lines():
            lines[line["transaction"]].append(line)
        found: Found = set()
        for place, later in enumerate(living):
            if any(self._doubles(earlier, later, lines) for earlier in living[:place]):
                found.add((f"{NS}:{later['id']}", ""))
        bundles = self._psa_bundles()
        for h in living:
            for line in lines[h["id"]]:
                about = (
                    self.job_workspace[line["entity"]],
                    line["custcol_service_start"][:7],
                    line["quantity"],
                    line["rate"],
                )
                if not h["custbody_kantata_invoice_id"] and line["rate"] and _numbers(about) in bundles:
                    found.add((f"{NS}:{h['id']}", ""))
        return found | self._entered_twice()

    def _doubles(self, earlier: dict[str, Any], later: dict[str, Any], lines: dict[str, Any]) -> bool:
        psa = [h["custbody_kantata_invoice_id"] for h in (earlier, later)]
        if psa[0] and psa[0] == psa[1]:
            return True
        if earlier["tranid"] == later["tranid"]:
            return earlier["subsidiary"] == later["subsidiary"]
        net = [sum(Decimal(line["foreignamount"]) for line in lines[h["id"]]) for h in (earlier, later)]
        alike = net[0] == net[1] and earlier["currency"] == later["currency"]
        near = (day(later["trandate"]) - day(earlier["trandate"])).days <= 7
        told = all(line["custcol_source_ref"] for h in (earlier, later) for line in lines[h["id"]])
        return alike and near and not told and self._buyer(earlier) == self._buyer(later)

    def _buyer(self, header: dict[str, Any]) -> str:
        (customer,) = [c for c in self.ns["customer"] if c["id"] == header["entity"]]
        return self.account_of(customer)

    def _psa_bundles(self) -> set[tuple[Any, ...]]:
        hours: dict[tuple[Any, ...], int] = defaultdict(int)
        for e in self.ka["time_entries"]:
            if e["invoice_id"]:
                rate = Decimal(e["rate_in_cents"]) / e["currency_base_unit"]
                hours[
                    e["workspace_id"],
                    e["date_performed"][:7],
                    e["user_id"],
                    e["role_id"],
                    e["invoice_id"],
                    rate,
                ] += e["time_in_minutes"]
        return {(key[0], key[1], Decimal(minutes) / 60, key[5]) for key, minutes in hours.items()}

    def _entered_twice(self) -> Found:
        same: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for e in self.ka["time_entries"]:
            if e["billable"]:
                what = (
                    e["user_id"],
                    e["workspace_id"],
                    e["story_id"],
                    e["date_performed"],
                    e["time_in_minutes"],
                    e["notes"],
                )
                same[what].append(e["id"])
        return {(f"time:{KA}:{own}", "") for ids in same.values() for own in sorted(ids, key=int)[1:]}

    def t04(self) -> Found:
        found = set()
        for e in self.ka["time_entries"]:
            entity = self.customs_of[e["workspace_id"]]["Legal Entity"]
            if not e["approved"] and self._closing(e["date_performed"], entity):
                worked = day(e["date_performed"])
                monday = worked - timedelta(days=worked.weekday())
                key = f"{HR}:{self._employee(e['user_id'])}|{KA}:{e['workspace_id']}|{monday}"
                found.add((key, e["date_performed"][:7]))
        for x in self.ka["expenses"]:
            if not x["approved"] and self._closing(
                x["date"], self.customs_of[x["workspace_id"]]["Legal Entity"]
            ):
                found.add((f"{KA}:{x['id']}", x["date"][:7]))
        return found | self._unsubmitted()

    def _closing(self, worked: str, entity: str) -> bool:
        """Two business days after the month's end the reminder is due, three before the close."""
        last = (day(worked).replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        return last < self.today and self.business_days(last, self.today, CALENDARS[entity]) >= 2

    def _employee(self, user: str) -> str:
        (only,) = [u for u in self.ka["users"] if u["id"] == user]
        mails = {e["workEmail"].lower(): e["id"] for e in self.hr["employee"]}
        return self.refs["User", user].get(("bamboohr", "employee")) or mails[only["email_address"].lower()]

    def _unsubmitted(self) -> Found:
        """Whole weeks of the months in question: nothing submitted, and days on which work was expected."""
        sent = {(self._employee(t["user_id"]), t["start_date"]) for t in self.ka["timesheet_submissions"]}
        off = {
            (r["employeeId"], d["ymd"])
            for r in self.hr["time_off_request"] if r["status"] == "approved"
            for d in self.hr["time_off_day"] if d["request_id"] == r["id"]
        }  # fmt: skip
        patterns = {p["employeeId"]: p for p in self.hr["customWorkPattern"]}
        found = set()
        for person in self.hr["employee"]:
            own, place = (
                person["id"],
                {"New York": "US", "London": "GB", "Berlin": "DE", "Tokyo": "JP"}[person["location"]],
            )
            if person["employmentHistoryStatus"] == "Contractor":
                continue
            date = self.today - timedelta(days=75)
            while date < self.today:
                date += timedelta(days=1)
                monday = (date - timedelta(days=date.weekday())).isoformat()
                month_end = (date.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
                works = (
                    Decimal(patterns[own][WEEK[date.weekday()]])
                    and (place, date.isoformat()) not in self.holidays
                )
                there = person["hireDate"] <= date.isoformat() <= (person["terminationDate"] or "9999")
                asked = month_end >= self.today - timedelta(days=45) and month_end < self.today
                due = asked and self.business_days(month_end, self.today, place) >= 2
                if (
                    works
                    and there
                    and due
                    and (own, date.isoformat()) not in off
                    and (own, monday) not in sent
                ):
                    found.add((f"missing:{HR}:{own}|{monday}", date.isoformat()[:7]))
        return found

    def r02(self) -> Found:
        overrides = {
            (r["workspace_id"], r["user_id"]): Decimal(r["resource_bill_rate"])
            for r in self.ka["workspace_resources"]
            if r["resource_bill_rate"]
        }
        agreed: dict[tuple[str, str], set[Decimal]] = defaultdict(set)
        for e in self.ka["time_entries"]:
            own = e["workspace_id"]
            if e["invoice_id"] and self.contract(own) == "TM":
                rate = overrides.get((own, e["user_id"])) or self.card_rate(
                    own, e["role_id"], e["date_performed"]
                )
                agreed[e["invoice_id"], f"{e['user_id']}|{e['role_id']}"].add(rate)
        found = set()
        for line in self.revenue_lines():
            header = self.documents[line["transaction"]]
            if (
                header["type"] != "CustInvc"
                or line["custcol_source_type"] != "time"
                or line["custcol_price_reason"]
            ):
                continue
            rates = agreed.get((header["custbody_kantata_invoice_id"], line["custcol_source_ref"]), set())
            if rates and 0 not in rates and Decimal(line["rate"]) not in rates:
                found.add((f"{NS}:{header['id']}|{line['custcol_source_ref']}", ""))
        return found | self.other_than_card()

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


def _numbers(about: tuple[str, str, str, str]) -> tuple[Any, ...]:
    own, month, quantity, rate = about
    return own, month, Decimal(quantity), Decimal(rate)


def _differing(record: str, shown: dict[str, Any], truth: dict[str, set[Any]]) -> Found:
    return {(f"{record}|{name}", "") for name, value in shown.items() if value not in truth[name]}
