"""Salesforce to raw tables: queryAll by SystemModstamp, deletions from the recycle bin and the deleted feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from config.schema import Instance
from connectors.errors import PermanentError
from connectors.salesforce import SalesforceClient
from ingestion.extract import Extract, ExtractContext, Tombstone
from ingestion.tables import Column, Table, fields

_FUTURE = timedelta(days=1)
_FEED_REACH = timedelta(days=15) - timedelta(
    minutes=5
)  # the deleted feed and the recycle bin go back 15 days
_UNREADABLE_TYPES = frozenset({"address", "location", "base64"})
_CURSOR_STAMPS = ("LastModifiedDate:ts", "SystemModstamp:ts!", "IsDeleted:b")


def _bounded(
    columns: tuple[Column, ...], *, not_negative: str = "", confidential: str = ""
) -> tuple[Column, ...]:
    names, hidden = set(not_negative.split()), set(confidential.split())
    bounded = [replace(known, minimum=Decimal(0)) if known.name in names else known for known in columns]
    bounded = [replace(known, confidential=known.name in hidden) for known in bounded]
    return tuple(
        replace(known, future=_FUTURE) if known.name == "created_date" else known for known in bounded
    )


def _table(
    name: str,
    vendor_object: str,
    standard: tuple[str, ...],
    custom: tuple[str, ...] = (),
    *,
    not_negative: str = "",
    confidential: str = "",
    deletes: bool = True,
) -> Table:
    columns = fields(*standard) + fields(*custom, custom=True)
    return Table(
        name=name,
        key=("id",),
        columns=_bounded(columns, not_negative=not_negative, confidential=confidential),
        cursor="system_modstamp",
        overlap=timedelta(minutes=10),
        ordered=True,
        deletes="deleted_feed" if deletes else "none",
        page_size=2000,
        vendor_object=vendor_object,
    )


_ACCOUNT = _table(
    "account",
    "Account",
    (
        "Id!", "Name!", "ParentId", "Type", "Industry", "AccountNumber", "Website", "BillingStreet",
        "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "OwnerId", "CurrencyIsoCode",
        "CreatedDate:ts", *_CURSOR_STAMPS, "MasterRecordId",
    ),
    (
        "Legal_Name__c=>legal_name", "Tax_Id__c=>tax_id", "NetSuite_Customer_Id__c=>erp_customer_ref",
        "Payment_Terms_Days__c:i=>payment_terms_days", "ERP_Credit_Hold__c:b=>erp_credit_hold",
        "Business_Unit__c=>business_unit_code",
    ),
    not_negative="payment_terms_days",
)  # fmt: skip

_CONTACT = _table(
    "contact",
    "Contact",
    (
        "Id!", "AccountId", "FirstName", "LastName!", "Email", "Title", "ReportsToId", "OwnerId",
        "CreatedDate:ts", *_CURSOR_STAMPS,
    ),
    confidential="first_name last_name email",
)  # fmt: skip

_OPPORTUNITY = _table(
    "opportunity",
    "Opportunity",
    (
        "Id!", "AccountId", "Name!", "StageName!", "IsClosed:b", "IsWon:b", "CloseDate:d!", "Amount:m",
        "CurrencyIsoCode", "Type", "Probability:r", "OwnerId", "CreatedDate:ts", *_CURSOR_STAMPS,
    ),
    (
        "Services_Amount__c:m=>services_amount", "Legal_Entity__c=>legal_entity_code",
        "Practice__c=>practice_code", "Business_Unit__c=>business_unit_code",
        "Contract_Type__c=>contract_type_code", "Start_Date__c:d=>start_date", "End_Date__c:d=>end_date",
        "Kantata_Workspace_Id__c=>psa_project_ref", "ERP_Open_Amount__c:m=>erp_open_amount",
        "ERP_Overdue_Bucket__c=>erp_overdue_bucket", "ERP_Disputed__c:b=>erp_disputed",
        "ERP_Last_Payment_Date__c:d=>erp_last_payment_date",
    ),
    not_negative="amount services_amount probability",
)  # fmt: skip

_CONTRACT = _table(
    "contract",
    "Contract",
    (
        "Id!", "AccountId!", "ContractNumber", "Status", "StartDate:d", "EndDate:d", "ContractTerm:i",
        "CurrencyIsoCode", "CreatedDate:ts", *_CURSOR_STAMPS,
    ),
    (
        "Opportunity__c=>opportunity_ref", "Contract_Type__c=>contract_type_code",
        "Contract_Value__c:m=>contract_value", "Legal_Entity__c=>legal_entity_code",
        "Not_To_Exceed__c:m=>not_to_exceed", "Billed_In_Advance__c:b=>billed_in_advance",
        "PO_Number__c=>po_number", "PO_Amount__c:m=>po_amount", "Agreed_Discount__c:m=>agreed_discount",
        "Pass_Through__c:m=>pass_through",
    ),
    not_negative="contract_value not_to_exceed contract_term po_amount agreed_discount pass_through",
)  # fmt: skip

_CHANGE_REQUEST = _table(
    "change_request",
    "Change_Request__c",
    ("Id!", "Name!", "CurrencyIsoCode", "CreatedDate:ts", "SystemModstamp:ts!", "IsDeleted:b"),
    (
        "Opportunity__c=>opportunity_ref", "Amount__c:m=>amount", "Status__c=>status_code",
        "Approved_On__c:d=>approved_on", "Description__c=>description",
        "Services_Before__c:m=>services_before", "Budget_Before__c:m=>budget_before",
        "Billing_Before__c:m=>billing_before", "Order_Before__c:m=>order_before",
        "Planned_End_Before__c:d=>planned_end_before", "Planned_End_After__c:d=>planned_end_after",
    ),
)  # fmt: skip

_USER = _table(
    "user",
    "User",
    ("Id!", "Username", "Email", "Name", "IsActive:b", "ManagerId", "SystemModstamp:ts!"),
    deletes=False,
)

_STAGE = Table(
    name="opportunity_stage",
    key=("id",),
    columns=fields(
        "Id!", "ApiName", "MasterLabel!", "SortOrder:i", "IsActive:b", "IsClosed:b!", "IsWon:b!",
        "DefaultProbability:r", "SystemModstamp:ts",
    ),
    deletes="full",
    vendor_object="OpportunityStage",
)  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for table in (_STAGE, _USER, _ACCOUNT, _CONTACT, _OPPORTUNITY, _CONTRACT, _CHANGE_REQUEST)
}


def build_source(instance: Instance, *, client: SalesforceClient, context: ExtractContext) -> Extract:
    """The extract of one org."""
    return SalesforceExtract(instance, client, context)


class SalesforceExtract:
    """Reads one org. Remembers per run what it saw, so that deletions need few further calls."""

    def __init__(self, instance: Instance, client: SalesforceClient, context: ExtractContext) -> None:
        self._instance = instance
        self._client = client
        self._tables = context.tables
        self._living: dict[str, set[str]] = {}  # table read in full -> ids that were not deleted
        self._dead: dict[str, dict[str, datetime]] = defaultdict(dict)

    def pages(self, table: str, since: datetime | None, until: datetime) -> Iterator[list[dict[str, Any]]]:
        """Rows changed in [since, until], oldest first; a full read has no upper end.

        Raises PermanentError naming the field when the org no longer shows one that is expected.
        """
        bound = self._tables[table]
        soql = self._query(bound, since, until)
        if since is None:
            self._living[table] = set()
        for rows in self._client.pages(soql, object=bound.vendor_object):
            self._remember(table, rows)
            yield rows

    def tombstones(
        self, since: datetime | None, until: datetime, known_ids: Callable[[str], set[str]]
    ) -> Iterator[Tombstone]:
        """Deleted rows seen by queryAll, those of the deleted feed, and what a full read no longer shows."""
        for table in self._tables.values():
            if table.deletes != "deleted_feed":
                continue
            dead = self._dead[table.name]
            for record_id, moment in dead.items():
                yield Tombstone(
                    object=table.name, record_id=record_id, deleted_at=moment, origin="recycle_bin"
                )
            if since is not None:
                yield from self._from_feed(table, since, until)
            if since is None or until - since > _FEED_REACH or table.name in self._living:
                yield from self._swept(table, until, known_ids(table.name) - dead.keys())

    def _query(self, table: Table, since: datetime | None, until: datetime) -> str:
        names = self._fields(table)
        soql = f"SELECT {', '.join(names)} FROM {table.vendor_object}"  # noqa: S608 - names come from describe
        if table.cursor is None:
            return f"{soql} ORDER BY Id"
        cursor = table.column(table.cursor).source
        if since is not None:
            soql += f" WHERE {cursor} >= {_literal(since)} AND {cursor} <= {_literal(until)}"
        return f"{soql} ORDER BY {cursor}, Id"

    def _fields(self, table: Table) -> list[str]:
        """Declared fields, then custom ones nobody mapped: those are kept and reported as drift."""
        shown = self._client.describe(table.vendor_object)
        lost = [name for name in table.sources if name not in shown]
        if lost:
            raise PermanentError(
                f"the org no longer shows {', '.join(lost)}.",
                instance=self._instance.name,
                object=table.vendor_object,
                field=lost[0],
                hint="give the integration user read access to the field, or take it out of custom_fields in "
                "config/estate.yml when it was removed on purpose.",
            )
        unmapped = [
            name
            for name, facts in shown.items()
            if facts.get("custom")
            and name not in table.sources
            and facts.get("type") not in _UNREADABLE_TYPES
        ]
        return [*table.sources, *unmapped]

    def _remember(self, table: str, rows: list[dict[str, Any]]) -> None:
        living = self._living.get(table)
        for row in rows:
            record_id = row.get("Id")
            if not isinstance(record_id, str):
                continue  # the landing guard puts it into quarantine
            if row.get("IsDeleted") in (True, "true"):
                self._dead[table][record_id] = datetime.fromisoformat(row["SystemModstamp"])
            elif living is not None:
                living.add(record_id)

    def _from_feed(self, table: Table, since: datetime, until: datetime) -> Iterator[Tombstone]:
        start = max(since, until - _FEED_REACH)
        if _minute(until) <= _minute(start):
            return
        for record_id, moment in self._client.deleted(table.vendor_object, start, until):
            if record_id not in self._dead[table.name]:
                yield Tombstone(
                    object=table.name, record_id=record_id, deleted_at=moment, origin="deleted_feed"
                )

    def _swept(self, table: Table, until: datetime, known: set[str]) -> Iterator[Tombstone]:
        if not known:
            return
        living = self._living.get(table.name)
        if living is None:
            living = self._living_ids(table)
        for record_id in sorted(known - living):
            yield Tombstone(object=table.name, record_id=record_id, deleted_at=until, origin="sweep")

    def _living_ids(self, table: Table) -> set[str]:
        soql = f"SELECT Id, IsDeleted FROM {table.vendor_object} ORDER BY Id"  # noqa: S608 - a declared name
        return {
            row["Id"]
            for rows in self._client.pages(soql, object=table.vendor_object)
            for row in rows
            if row["IsDeleted"] not in (True, "true")
        }


def _literal(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
