"""The world as NetSuite shows it: reference data, customers, jobs and the billing schedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.customers import TERMS, Account, Customer
from sandbox.firm.days import add_months, moment, month_end, months_between, period_id, stamp
from sandbox.firm.fx import business_days
from sandbox.firm.group import CURRENCY_IDS, ENTITIES, NETSUITE, PARENT_SUBSIDIARY, money
from sandbox.firm.ids import Ids
from sandbox.firm.netsuite_documents import ITEMS, documents
from sandbox.firm.netsuite_ledger import ledger
from sandbox.firm.projects import Project
from sandbox.firm.scenarios_master import NOT_IN_ERP
from sandbox.firm.world import World

Row = dict[str, Any]
INSTANCE = NETSUITE
_PERIODS_AHEAD = 12


def project_netsuite(world: World, ids: Ids) -> dict[str, list[Row]]:
    """Rows by SuiteQL table, in its column names."""
    served = [customer for customer in world.customers.values() if customer.story not in NOT_IN_ERP]
    accounts = [(customer, account) for customer in served for account in customer.accounts]
    return {
        "subsidiary": _subsidiaries(),
        "currency": [_currency(code, number) for code, number in CURRENCY_IDS.items()],
        "term": [_term(number, days) for number, days in enumerate(TERMS, start=1)],
        "customer": [_customer(world, ids, customer, account) for customer, account in accounts],
        "customersubsidiaryrelationship": [_relationship(ids, account) for _, account in accounts],
        "entityaddress": [_address(ids, customer, account) for customer, account in accounts],
        "customeraddressbook": [_address_book(ids, account) for _, account in accounts],
        "job": [
            _job(world, ids, p) for p in world.projects.values() if _job_at(p) <= world.as_of and has_job(p)
        ],
        "accountingperiod": _periods(world),
        "currencyrate": _spot_rates(world),
        "consolidatedexchangerate": _consolidated(world),
        "charge": _charges(world, ids),
        "item": _items(world),
        **ledger(world, ids, documents(world, ids)),
    }


def _currency(code: str, number: str) -> Row:
    return {"id": number, "symbol": code, "name": code, "currencyprecision": 0 if code == "JPY" else 2}


def _term(number: int, days: int) -> Row:
    return {"id": str(number), "name": f"Net {days}", "daysuntilnetdue": days}


def _relationship(ids: Ids, account: Account) -> Row:
    own = ids.erp_customer(account.key)
    return {"id": own, "entity": own, "subsidiary": ENTITIES[account.entity].subsidiary, "isprimary": True}


def _address_book(ids: Ids, account: Account) -> Row:
    own = _address_id(ids, account)
    return {
        "internalid": own, "entity": ids.erp_customer(account.key), "addressbookaddress": own, "label": "Billing",
        "defaultbilling": True, "defaultshipping": True,
    }  # fmt: skip


def _subsidiaries() -> list[Row]:
    parent = {
        "id": PARENT_SUBSIDIARY, "name": "Meridian Group", "fullname": "Meridian Group",
        "legalname": "Meridian Consulting Group Holdings, Inc.", "parent": None, "currency": CURRENCY_IDS["USD"],
        "country": "US", "iselimination": False, "fiscalcalendar": "1",
    }  # fmt: skip
    return [parent] + [
        {
            "id": e.subsidiary, "name": e.name, "fullname": f"Meridian Group : {e.name}", "legalname": e.name,
            "parent": PARENT_SUBSIDIARY, "currency": CURRENCY_IDS[e.currency], "country": e.country,
            "iselimination": False, "fiscalcalendar": "2" if e.id in ("MCG-UK", "MCG-JP") else "1",
        }
        for e in ENTITIES.values()
    ]  # fmt: skip


def _address_id(ids: Ids, account: Account) -> str:
    return str(int(ids.erp_customer(account.key)) + 50_000)


def _customer(world: World, ids: Ids, customer: Customer, account: Account) -> Row:
    own = ids.erp_customer(account.key)
    changed = customer.created_at + timedelta(days=1)
    return {
        "id": own,
        "entityid": f"CUST{own}",
        "companyname": customer.legal_name,
        "altname": customer.name,
        "email": f"ap@{customer.short}.example",
        "parent": _above(world, ids, customer),
        "currency": CURRENCY_IDS[account.currency],
        "terms": str(TERMS.index(customer.terms) + 1),
        "category": customer.industry,
        "vatregnumber": customer.tax_id,
        "creditholdoverride": "ON" if customer.credit_hold else "AUTO",
        "isinactive": _is_retired(customer, account),
        "externalid": None,
        "defaultbillingaddress": _address_id(ids, account),
        "datecreated": stamp(customer.created_at),
        "lastmodifieddate": stamp(changed),
        "custentity_sf_account_id": ids.account(customer.number) if customer.link == "reference" else None,
    }


def _address(ids: Ids, customer: Customer, account: Account) -> Row:
    return {
        "nkey": _address_id(ids, account), "addr1": customer.street, "addr2": None, "city": customer.city,
        "state": customer.state or None, "zip": customer.postal_code, "country": customer.country,
    }  # fmt: skip


def _above(world: World, ids: Ids, customer: Customer) -> str | None:
    """ERP record of the customer that stands above this one."""
    above = world.erp_parents.get(customer.key)
    return ids.erp_customer(world.customers[above].accounts[0].key) if above else None


def _is_retired(customer: Customer, account: Account) -> bool:
    if customer.story == "c02_half_blocked":
        return account != customer.accounts[0]
    return customer.story == "c02_blocked"


def has_job(project: Project) -> bool:
    """Without a customer nobody opens a job."""
    return project.story not in NOT_IN_ERP


def _job_at(project: Project) -> datetime:
    return project.opened_at + timedelta(hours=2)


def has_external_id(world: World, project: Project) -> bool:
    """Most jobs carry the workspace id; the others are known by the PSA's reference only."""
    return not world.chance.hit(0.12, "job id", project.key)


def _job(world: World, ids: Ids, project: Project) -> Row:
    linked = project.deal and not world.chance.hit(0.15, "job deal", project.key)
    return {
        "id": ids.job(project.key),
        "entityid": project.code,
        "companyname": project.name,
        "parent": ids.erp_customer(project.account.key),
        "subsidiary": ENTITIES[project.booked_with or project.entity].subsidiary,
        "currency": CURRENCY_IDS[project.signed_in or project.currency],
        "jobbillingtype": "TM" if project.contract_type == "time_and_materials" else "FBM",
        "entitystatus": "2",
        "startdate": project.start.isoformat(),
        "projectedenddate": project.end.isoformat(),
        "isinactive": False,
        "externalid": ids.workspace(project.key) if has_external_id(world, project) else None,
        "jobprice": money(project.price, project.currency),
        "lastmodifieddate": stamp(_job_at(project)),
        "custentity_sf_opportunity_id": ids.opportunities.get(str(project.deal)) if linked else None,
    }


def _periods(world: World) -> list[Row]:
    current = world.as_of.date().replace(day=1)
    last_closed = add_months(current, -2)
    rows = []
    for month in months_between(add_months(world.spec.start, -1), add_months(current, _PERIODS_AHEAD)):
        closed = month <= last_closed
        rows.append(
            {
                "id": period_id(month), "periodname": f"{month:%b %Y}", "startdate": month.isoformat(),
                "enddate": month_end(month).isoformat(), "closed": closed, "arlocked": closed, "alllocked": closed,
                "isquarter": False, "isyear": False, "isadjust": False,
            }
        )  # fmt: skip
    return rows


def _spot_rates(world: World) -> list[Row]:
    pairs = [(b, o) for b in CURRENCY_IDS for o in CURRENCY_IDS if b != o]
    rows = []
    for day in business_days(world.fx.first, world.as_of.date()):
        at = moment(day, 6)
        if at > world.as_of:
            continue
        for number, (base, other) in enumerate(pairs):
            rows.append(
                {
                    "id": str((day - world.fx.first).days * len(pairs) + number + 1),
                    "basecurrency": CURRENCY_IDS[base],
                    "transactioncurrency": CURRENCY_IDS[other], "exchangerate": str(world.fx.rate(base, other, day)),
                    "effectivedate": day.isoformat(), "lastmodifieddate": stamp(at),
                }
            )  # fmt: skip
    return rows


def _consolidated(world: World) -> list[Row]:
    rows = []
    for month in months_between(world.spec.start, world.as_of.date()):
        last = min(month_end(month), world.as_of.date())
        for entity in ENTITIES.values():
            current = world.fx.rate("USD", entity.currency, last)
            rows.append(
                {
                    "id": f"{period_id(month)}{entity.subsidiary}", "postingperiod": period_id(month),
                    "fromsubsidiary": entity.subsidiary, "tosubsidiary": PARENT_SUBSIDIARY,
                    "averagerate": str(world.fx.average("USD", entity.currency, month, last)),
                    "currentrate": str(current), "historicalrate": str(current),
                }
            )  # fmt: skip
    return rows


def _items(world: World) -> list[Row]:
    """What is sold: the service items that lines of documents name."""
    at = stamp(moment(world.spec.start - timedelta(days=700), 8))
    return [
        {
            "id": str(31 + number), "itemid": name, "displayname": name,
            "itemtype": "Discount" if name == "Discount" else "Service", "isinactive": False, "lastmodifieddate": at,
        }
        for number, name in enumerate(ITEMS.values())
    ]  # fmt: skip


def _charges(world: World, ids: Ids) -> list[Row]:
    rows = []
    for charge in world.billed.charges:
        if charge.created_at > world.as_of:
            continue
        project = world.projects[charge.project]
        moments = [charge.created_at]
        stage = "HOLD"
        if charge.ready_at and charge.ready_at <= world.as_of:
            stage = "READY"
            moments.append(charge.ready_at)
        if charge.invoiced_at:
            stage = "PROCESSED"
            moments.append(charge.invoiced_at)
        milestone = charge.milestone
        rows.append(
            {
                "id": ids.charges[charge.key],
                "billto": ids.erp_customer(project.account.key),
                "project": ids.job(project.key),
                "subsidiary": ENTITIES[project.entity].subsidiary,
                "currency": CURRENCY_IDS[project.currency],
                "amount": money(charge.amount, project.currency),
                "chargedate": charge.day.isoformat(),
                "stage": stage,
                "description": charge.text,
                "externalid": ids.changes[charge.change]
                if charge.change
                else ids.milestone(milestone.key)
                if milestone and milestone.external_id
                else None,
                "invoice": ids.transactions[charge.invoice] if charge.invoice else None,
                "lastmodifieddate": stamp(max(moments)),
            }
        )
    return rows
