"""The world as Salesforce shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.changes import last_carried, moved
from sandbox.firm.crm_accounts import CrmAccount
from sandbox.firm.customers import Customer
from sandbox.firm.days import moment, stamp
from sandbox.firm.group import BUSINESS_UNITS, CONTRACT_TYPES, ENTITIES, KESTREL, PRACTICES, money
from sandbox.firm.ids import PODS, Ids
from sandbox.firm.kantata_changes import planned_end
from sandbox.firm.plants_money import other_spelling
from sandbox.firm.projects import STAGES, ChangeRequest, Contract, Deal, Project
from sandbox.firm.salesforce_contacts import contacts
from sandbox.firm.world import World
from sandbox.simulators.salesforce import names_of
from sandbox.simulators.salesforce.ids import make_id

Row = dict[str, Any]
#: Kestrel Data speaks of companies, offerings and units in its own codes.
KESTREL_CODES = {
    "Legal_Entity__c": {entity.salesforce: f"KD-{entity.country}" for entity in ENTITIES.values()},
    "Practice__c": {PRACTICES["data_ai"].salesforce: "AI and Analytics"},
    "Business_Unit__c": {BUSINESS_UNITS["data"].salesforce: "Kestrel Data"},
}


def project_salesforce(
    world: World, ids: Ids, crm: str, custom_fields: Mapping[str, Mapping[str, str]]
) -> dict[str, list[Row]]:
    """Rows by object of one CRM instance, in the field names of its org."""
    rows = {
        "User": _users(world, ids, crm),
        "OpportunityStage": _stages(world, crm),
        "Account": [
            *(_account(world, ids, customer) for customer in world.customers.values() if customer.crm == crm),
            *(_other_account(world, ids, account) for account in world.crm_accounts if account.crm == crm),
        ],
        "Contact": contacts(world, ids, crm),
        "Opportunity": [_opportunity(world, ids, deal) for deal in world.deals if ids.crm(deal.key) == crm],
        "Contract": [_contract(world, ids, c) for c in world.contracts if ids.crm(c.deal) == crm],
        "Change_Request__c": _changes(world, ids, crm),
    }
    codes = KESTREL_CODES if crm == KESTREL else {}
    names = names_of(custom_fields)
    return {
        name: [_as_in(row, names.get(name, {}), codes) for row in listed] for name, listed in rows.items()
    }


def _as_in(row: Row, names: Mapping[str, str], codes: Mapping[str, Mapping[str, str]]) -> Row:
    return {names.get(field, field): codes.get(field, {}).get(value, value) for field, value in row.items()}


def _users(world: World, ids: Ids, crm: str) -> list[Row]:
    rows = []
    for person in world.people:
        if person.role not in ("Partner", "Principal") or moment(person.hired, 8) > world.as_of:
            continue
        active = person.employed_on(world.as_of.date())
        changed = person.termination if person.termination and not active else person.hired
        rows.append(
            {
                "Id": ids.sf_user(person.number, crm),
                "Username": person.email if crm != KESTREL else f"{person.email}.kestrel",
                "Email": person.email,
                "Name": person.name,
                "IsActive": active,
                "ManagerId": ids.sf_user(0, crm) if person.number else None,
                "SystemModstamp": stamp(moment(changed, 23 if not active else 8)),
            }
        )
    return rows


def _stages(world: World, crm: str) -> list[Row]:
    at = stamp(moment(world.spec.start - timedelta(days=900), 8))
    return [
        {
            "Id": make_id("OpportunityStage", order + 1, PODS[crm]), "ApiName": name, "MasterLabel": name,
            "SortOrder": order + 1, "IsActive": True, "IsClosed": closed, "IsWon": won,
            "DefaultProbability": str(share), "SystemModstamp": at,
        }
        for order, (name, share, closed, won) in enumerate(STAGES)
    ]  # fmt: skip


def _account(world: World, ids: Ids, customer: Customer) -> Row:
    def shown(attribute: str, value: Any) -> Any:
        return world.customer_drift.get(("salesforce", customer.key, attribute), value)

    owners = [p for p in world.people[:6] if p.role == "Partner"]
    created = customer.created_at
    street = str(shown("billing_address", customer.street))
    return {
        "Id": ids.account(customer.number),
        "Name": customer.name,
        "ParentId": None,
        "Type": "Customer",
        "Industry": customer.industry,
        "AccountNumber": f"ACC-{customer.number + 1:05d}",
        "Website": customer.website,
        "BillingStreet": street.upper() if customer.number % 8 == 2 else street,
        "BillingCity": customer.city,
        "BillingState": customer.state or None,
        "BillingPostalCode": customer.postal_code,
        "BillingCountry": customer.country,
        "OwnerId": ids.sf_user(world.chance.pick(owners, "account owner", customer.key).number, customer.crm),
        "CurrencyIsoCode": shown("currency", customer.currency),
        "CreatedDate": stamp(created),
        "LastModifiedDate": stamp(created + timedelta(days=2)),
        "SystemModstamp": stamp(created + timedelta(days=2)),
        "IsDeleted": False,
        "MasterRecordId": None,
        "Legal_Name__c": shown("legal_name", other_spelling(customer)),
        "Tax_Id__c": _spaced(customer, shown("tax_id", customer.tax_id)),
        "NetSuite_Customer_Id__c": _erp_reference(ids, customer),
        "Payment_Terms_Days__c": shown("payment_terms", customer.terms),
        "ERP_Credit_Hold__c": shown("credit_hold", customer.credit_hold),
        "Business_Unit__c": BUSINESS_UNITS[list(BUSINESS_UNITS)[customer.number % 3]].salesforce,
    }


def _other_account(world: World, ids: Ids, account: CrmAccount) -> Row:
    """An account beside that of the client: a prospect, or a second record of a client."""
    client, made = account.of, account.created_at
    above = next((a for a in world.crm_accounts if a.key == account.parent), None)
    return {
        "Id": ids.crm_account(account),
        "Name": account.name,
        "ParentId": ids.crm_account(above) if above else None,
        "Type": "Customer" if client else "Prospect",
        "Industry": client.industry if client else "Manufacturing",
        "AccountNumber": f"ACC-{account.number}",
        "Website": account.website,
        "BillingStreet": client.street if client else "1 High Street",
        "BillingCity": account.city,
        "BillingState": (client.state or None) if client else None,
        "BillingPostalCode": account.postal_code,
        "BillingCountry": account.country,
        "OwnerId": ids.sf_user(account.owner.number, account.crm),
        "CurrencyIsoCode": account.currency,
        "CreatedDate": stamp(made),
        "LastModifiedDate": stamp(made + timedelta(days=2)),
        "SystemModstamp": stamp(made + timedelta(days=2)),
        "IsDeleted": False,
        "MasterRecordId": None,
        "Legal_Name__c": account.legal_name,
        "Tax_Id__c": account.tax_id,
        "NetSuite_Customer_Id__c": ids.erp_customer(client.accounts[0].key) if client else None,
        "Payment_Terms_Days__c": client.terms if client else 30,
        "ERP_Credit_Hold__c": bool(client and client.credit_hold),
        "Business_Unit__c": BUSINESS_UNITS["data" if account.crm == KESTREL else "digital"].salesforce,
    }


def _erp_reference(ids: Ids, customer: Customer) -> str | None:
    if customer.link != "reference" or customer.number % 5 == 3:
        return None  # matched from the ERP side, by tax id, or by name
    return ids.erp_customer(customer.accounts[0].key)


def _spaced(customer: Customer, tax_id: Any) -> Any:
    """Some people type tax ids with spaces."""
    if tax_id and customer.number % 7 == 4 and customer.country in ("GB", "DE"):
        return f"{tax_id[:2]} {tax_id[2:5]} {tax_id[5:]}"
    return tax_id


def _opportunity(world: World, ids: Ids, deal: Deal) -> Row:
    stage, since = deal.stage_at(world.as_of)
    name, probability, closed, won = STAGES[stage]
    customer = world.customers[deal.customer]
    noted = _noted_project(world, deal)
    mirror = erp_fields(world, deal)
    more = moved(world.changes_of(deal=deal.key), "crm", world.as_of)
    modified = stamp(_deal_changed(world, deal, since, noted, mirror))
    return {
        "Id": ids.opportunities[deal.key],
        "AccountId": ids.account(customer.number),
        "Name": deal.name,
        "StageName": name,
        "IsClosed": closed,
        "IsWon": won,
        "CloseDate": deal.closed_at.date().isoformat(),
        "Amount": money(deal.amount + more, deal.currency),
        "CurrencyIsoCode": deal.currency,
        "Type": deal.kind,
        "Probability": str(probability),
        "OwnerId": ids.sf_user(deal.owner.number, customer.crm),
        "CreatedDate": stamp(deal.created_at),
        "LastModifiedDate": modified,
        "SystemModstamp": modified,
        "IsDeleted": bool(deal.deleted_at and deal.deleted_at <= world.as_of),
        "Services_Amount__c": money(deal.services + more, deal.currency),
        "Legal_Entity__c": ENTITIES[deal.entity].salesforce,
        "Practice__c": PRACTICES[deal.practice].salesforce,
        "Business_Unit__c": BUSINESS_UNITS[deal.unit].salesforce,
        "Contract_Type__c": CONTRACT_TYPES[deal.contract_type][0] if deal.contract_type else None,
        "Start_Date__c": deal.start.isoformat(),
        "End_Date__c": deal.end.isoformat(),
        "Kantata_Workspace_Id__c": ids.workspace(noted.key) if noted else None,
        **mirror,
    }


def _noted_project(world: World, deal: Deal) -> Project | None:
    """The project whose workspace id sales has written on the opportunity."""
    opened = [world.projects[key] for key in deal.projects if key in world.projects]
    return opened[0] if opened and deal.workspace_field else None


def _deal_changed(world: World, deal: Deal, since: datetime, noted: Project | None, mirror: Row) -> datetime:
    moments = [deal.created_at, since]
    if noted:
        moments.append(noted.opened_at + timedelta(minutes=5))
    if deal.deleted_at:
        moments.append(deal.deleted_at)
    if carried := last_carried(world.changes_of(deal=deal.key), ("crm",), world.as_of):
        moments.append(carried)
    if mirror["ERP_Open_Amount__c"] is not None:
        moments.append(world.spec.planted_at - timedelta(hours=5))
    return max(at for at in moments if at <= world.as_of)


def erp_fields(world: World, deal: Deal) -> Row:
    """The ERP fields as they were filled at the start; nothing in the firm but Concord writes them later."""
    at = world.spec.planted_at
    standing = world.standing(deal, at) if deal.won and deal.closed_at <= at else None
    if standing is None:
        return {
            "ERP_Open_Amount__c": None, "ERP_Overdue_Bucket__c": None, "ERP_Disputed__c": False,
            "ERP_Last_Payment_Date__c": None,
        }  # fmt: skip

    def shown(field: str, value: Any) -> Any:
        return world.deal_drift.get((deal.key, field), value)

    paid = shown("last_payment_date", standing.last_payment)
    return {
        "ERP_Open_Amount__c": money(int(shown("open_amount", standing.open_amount)), deal.currency),
        "ERP_Overdue_Bucket__c": shown("overdue_bucket", standing.bucket),
        "ERP_Disputed__c": shown("disputed", standing.disputed),
        "ERP_Last_Payment_Date__c": paid.isoformat() if paid else None,
    }


def _contract(world: World, ids: Ids, contract: Contract) -> Row:
    number = ids.sf_contracts[contract.key]
    at: datetime = contract.signed_at + timedelta(minutes=20)
    changes = world.changes_of(deal=contract.deal)
    carried = last_carried(changes, ("order",), world.as_of) if contract.order_amount is not None else None
    created, modified = stamp(min(at, world.as_of)), stamp(min(max(at, carried or at), world.as_of))
    return {
        "Id": make_id("Contract", number, PODS[ids.crm(contract.deal)]),
        "AccountId": ids.account(world.customers[contract.customer].number),
        "ContractNumber": f"{int(number):08d}",
        "Status": "Activated",
        "StartDate": contract.start.isoformat(),
        "EndDate": contract.end.isoformat(),
        "ContractTerm": max(1, round((contract.end - contract.start).days / 30)),
        "CurrencyIsoCode": contract.currency,
        "CreatedDate": created,
        "LastModifiedDate": modified,
        "SystemModstamp": modified,
        "IsDeleted": False,
        "Opportunity__c": ids.opportunities[contract.deal],
        "Contract_Type__c": CONTRACT_TYPES[contract.contract_type][0],
        "Contract_Value__c": money(contract.value, contract.currency),
        "Legal_Entity__c": ENTITIES[contract.entity].salesforce,
        "Not_To_Exceed__c": money(contract.not_to_exceed, contract.currency)
        if contract.not_to_exceed
        else None,
        "Billed_In_Advance__c": contract.in_advance,
        "PO_Number__c": contract.order_number,
        "PO_Amount__c": money(contract.order_amount + moved(changes, "order", world.as_of), contract.currency)
        if contract.order_amount is not None
        else None,
        "Agreed_Discount__c": money(contract.discount, contract.currency),
        "Pass_Through__c": money(contract.pass_through, contract.currency),
    }


def _changes(world: World, ids: Ids, crm: str) -> list[Row]:
    made = [change for change in world.changes if ids.crm(change.deal) == crm]
    return [
        {
            "Id": ids.changes[change.key],
            "Name": f"CR-{number + 1:04d}",
            "CurrencyIsoCode": change.currency,
            "CreatedDate": stamp(change.created_at),
            "SystemModstamp": stamp(change.approved_at or change.created_at),
            "IsDeleted": False,
            "Opportunity__c": ids.opportunities[change.deal],
            "Amount__c": money(change.amount, change.currency),
            "Status__c": "Approved" if change.approved_at else "Submitted",
            "Approved_On__c": change.approved_at.date().isoformat() if change.approved_at else None,
            "Description__c": change.description,
            **_before_images(world, change),
        }
        for number, change in enumerate(sorted(made, key=lambda c: (c.created_at, c.key)))
    ]


def _before_images(world: World, change: ChangeRequest) -> Row:
    """What each copy held when the change was approved, as its form asks; empty where there is no such copy."""
    names = ("Services_Before__c", "Budget_Before__c", "Billing_Before__c", "Order_Before__c")
    if change.approved_at is None:
        return dict.fromkeys((*names, "Planned_End_Before__c", "Planned_End_After__c"))
    project, at = world.projects[change.project], change.approved_at
    changes = world.changes_of(deal=change.deal)
    contract = next(k for k in world.contracts if k.deal == change.deal)
    deal = next(d for d in world.deals if d.key == change.deal)
    bases = (
        deal.services, project.price + project.psa_error,
        project.price + project.schedule_error if change.scheduled else None, contract.order_amount,
    )  # fmt: skip
    ends = planned_end(world, project, at) if change.extends else None
    return {
        name: money(base + moved(changes, leg, at), change.currency) if base is not None else None
        for name, base, leg in zip(names, bases, ("crm", "budget", "schedule", "order"), strict=True)
    } | {
        "Planned_End_Before__c": ends.isoformat() if ends else None,
        "Planned_End_After__c": (ends + timedelta(days=change.extends)).isoformat() if ends else None,
    }
