"""What is read of a NetSuite account: one raw table per SuiteQL table, typed, with key and cursor.

No table is `ordered`: pages come in id order, because stamps of the account repeat an hour each autumn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ingestion.tables import Column, DeleteStrategy, Table, fields

OVERLAP = timedelta(minutes=10)
TRANSACTION_TYPES = ("CustInvc", "CustCred", "CustPymt", "Journal", "FxReval")
_STAGES = frozenset({"HOLD", "READY", "PROCESSED"})


def _table(
    name: str,
    key: tuple[str, ...],
    *columns: Column,
    cursor: str | None = None,
    deletes: DeleteStrategy = "full",
    totals: tuple[str, ...] = (),
) -> Table:
    return Table(
        name, key, columns, cursor=cursor, overlap=OVERLAP, deletes=deletes, omits_nulls=True, page_size=1000,
        totals=totals,
    )  # fmt: skip


_DECLARED = (
    _table(
        "subsidiary",
        ("id",),
        *fields("id!", "name!", "fullname", "legalname", "parent", "currency!", "country", "iselimination:b"),
        *fields("fiscalcalendar"),
    ),
    _table("currency", ("id",), *fields("id!", "symbol!", "name", "currencyprecision:i")),
    _table("term", ("id",), *fields("id!", "name", "daysuntilnetdue:i")),
    _table(
        "customer",
        ("id",),
        *fields("id!", "entityid", "companyname", "altname", "email", "parent", "currency", "terms"),
        *fields("category", "vatregnumber", "creditholdoverride", "isinactive:b", "externalid"),
        *fields("defaultbillingaddress", "datecreated:ts", "lastmodifieddate:ts!"),
        *fields("custentity_sf_account_id=>crm_account_ref", custom=True),
        cursor="lastmodifieddate",
        deletes="deleted_feed",
    ),
    _table(
        "customersubsidiaryrelationship", ("id",), *fields("id!", "entity!", "subsidiary!", "isprimary:b")
    ),
    _table("entityaddress", ("nkey",), *fields("nkey!", "addr1", "addr2", "city", "state", "zip", "country")),
    _table(
        "job",
        ("id",),
        *fields("id!", "entityid", "companyname", "parent", "subsidiary", "currency", "jobbillingtype"),
        *fields("entitystatus", "startdate:d", "projectedenddate:d", "isinactive:b", "externalid"),
        *fields("jobprice:m", "lastmodifieddate:ts!"),
        *fields("custentity_sf_opportunity_id=>crm_opportunity_ref", custom=True),
        cursor="lastmodifieddate",
        deletes="deleted_feed",
    ),
    _table(
        "transaction",
        ("id",),
        *fields("id!", "tranid"),
        Column("type", "text", "type", required=True, allowed=frozenset(TRANSACTION_TYPES)),
        *fields("entity", "trandate:d!", "duedate:d", "postingperiod", "currency!", "exchangerate:r"),
        *fields("subsidiary!", "status!", "posting:b", "voided:b"),
        Column("foreigntotal", "money", "foreigntotal", minimum=0),
        *fields(
            "foreignamountunpaid:m", "memo", "intercotransaction", "createddate:ts", "lastmodifieddate:ts!"
        ),
        *fields(
            "custbody_kantata_invoice_id=>psa_invoice_ref",
            "custbody_disputed:b=>is_disputed",
            "custbody_dispute_opened:d=>dispute_opened_on",
            "custbody_dispute_closed:d=>dispute_closed_on",
            custom=True,
        ),
        cursor="lastmodifieddate",
        deletes="deleted_feed",
        totals=("foreigntotal",),
    ),
    _table(
        "transactionline",
        ("transaction", "id"),
        *fields("transaction!", "id!", "uniquekey", "linesequencenumber:i", "mainline:b!", "taxline:b"),
        *fields("entity=>job", "item", "memo", "quantity:h", "rate:r", "foreignamount:m", "netamount:m"),
        *fields("linelastmodifieddate:ts!", "duetofromsubsidiary"),
        *fields(
            "custcol_source_type=>source_type",
            "custcol_source_ref=>source_ref",
            "custcol_price_reason=>price_reason",
            "custcol_service_start:d=>service_start",
            "custcol_service_end:d=>service_end",
            custom=True,
        ),
        cursor="linelastmodifieddate",
        deletes="deleted_feed",
        totals=("foreignamount",),
    ),
    _table(
        "nexttransactionlinelink",
        ("previousdoc", "nextdoc", "linktype"),
        *fields("previousdoc!", "previousline", "nextdoc!", "nextline", "foreignamount:m", "linktype!"),
        *fields("lastmodifieddate:ts!"),
        cursor="lastmodifieddate",
        deletes="deleted_feed",
    ),
    _table(
        "account",
        ("id",),
        *fields("id!", "acctnumber", "accountsearchdisplayname", "fullname", "accttype!", "issummary:b"),
        *fields("isinactive:b", "eliminate:b"),
    ),
    _table("accountingbook", ("id",), *fields("id!", "name", "isprimary:b")),
    _table(
        "transactionaccountingline",
        ("transaction", "transactionline", "accountingbook"),
        *fields("transaction!", "transactionline!", "accountingbook!", "account!", "debit:m", "credit:m"),
        *fields("amount:m!", "netamount:m", "posting:b", "exchangerate:r", "lastmodifieddate:ts!"),
        cursor="lastmodifieddate",
        deletes="deleted_feed",
        totals=("debit",),
    ),
    _table(
        "accountingperiod",
        ("id",),
        *fields("id!", "periodname", "startdate:d!", "enddate:d!", "closed:b", "arlocked:b", "alllocked:b"),
        *fields("isquarter:b", "isyear:b", "isadjust:b"),
    ),
    _table(
        "currencyrate",
        ("id",),
        *fields("id!", "basecurrency!", "transactioncurrency!"),
        Column("exchangerate", "rate", "exchangerate", required=True, minimum=0),
        *fields("effectivedate:d!", "lastmodifieddate:ts!"),
        cursor="lastmodifieddate",
        deletes="none",
    ),
    _table(
        "consolidatedexchangerate",
        ("id",),
        *fields(
            "id!", "postingperiod!", "fromsubsidiary!", "tosubsidiary!", "averagerate:r", "currentrate:r"
        ),
        *fields("historicalrate:r"),
    ),
    _table("item", ("id",), *fields("id!", "itemid!", "displayname", "itemtype", "isinactive:b")),
    _table(
        "charge",
        ("id",),
        *fields("id!", "billto", "project", "subsidiary", "currency"),
        Column("amount", "money", "amount", minimum=0),
        *fields("chargedate:d"),
        Column("stage", "text", "stage", required=True, allowed=_STAGES),
        *fields("description", "externalid", "invoice", "lastmodifieddate:ts!"),
        cursor="lastmodifieddate",
        deletes="deleted_feed",
    ),
)
TABLES: Mapping[str, Table] = {table.name: table for table in _DECLARED}
