"""Shape of the simulated account: one store table per SuiteQL table, columns named as SuiteQL names them.

Conventions of the store, whatever the API shows:

- internal ids are numeric (text digits are accepted on load and kept as integers, so that they sort);
- booleans are 0/1 (SuiteQL shows `T`/`F`);
- money, quantities and rates are text decimals in main units;
- stamps are UTC text to the second, `2026-06-30T18:00:00Z` (shown in the account's time zone);
- dates are text `2026-06-30` (shown in the user's format unless TO_CHAR is used).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_KINDS = {
    "id": "integer",
    "text": "text",
    "bool": "integer",
    "int": "integer",
    "decimal": "text",
    "date": "text",
    "stamp": "text",
}


def _columns(notation: str) -> dict[str, str]:
    """`name` is text, `name:kind` anything else."""
    pairs = (word.partition(":")[::2] for word in notation.split())
    return {name: kind or "text" for name, kind in pairs}


COLUMNS: Mapping[str, Mapping[str, str]] = {
    "subsidiary": _columns(
        "id:id name fullname legalname parent:id currency:id country iselimination:bool fiscalcalendar:id"
    ),
    "currency": _columns("id:id symbol name currencyprecision:int"),
    "term": _columns("id:id name daysuntilnetdue:int"),
    "customer": _columns(
        "id:id entityid companyname altname email parent:id currency:id terms:id category vatregnumber "
        "creditholdoverride isinactive:bool externalid defaultbillingaddress:id datecreated:stamp "
        "lastmodifieddate:stamp custentity_sf_account_id"
    ),
    "customersubsidiaryrelationship": _columns("id:id entity:id subsidiary:id isprimary:bool"),
    "entityaddress": _columns("nkey:id addr1 addr2 city state zip country"),
    "customeraddressbook": _columns(
        "internalid:id entity:id addressbookaddress:id label defaultbilling:bool defaultshipping:bool"
    ),
    "job": _columns(
        "id:id entityid companyname parent:id subsidiary:id currency:id jobbillingtype entitystatus "
        "startdate:date projectedenddate:date isinactive:bool externalid jobprice:decimal "
        "lastmodifieddate:stamp custentity_sf_opportunity_id"
    ),
    "transaction": _columns(
        "id:id tranid type entity:id trandate:date duedate:date postingperiod:id currency:id "
        "exchangerate:decimal subsidiary:id status posting:bool voided:bool foreigntotal:decimal "
        "foreignamountunpaid:decimal memo externalid intercotransaction:id createddate:stamp lastmodifieddate:stamp "
        "custbody_kantata_invoice_id custbody_disputed:bool custbody_dispute_opened:date "
        "custbody_dispute_closed:date"
    ),
    "transactionline": _columns(
        "transaction:id id:id uniquekey:id linesequencenumber:int mainline:bool taxline:bool entity:id item "
        "memo quantity:decimal rate:decimal foreignamount:decimal netamount:decimal "
        "linelastmodifieddate:stamp duetofromsubsidiary:id custcol_source_type custcol_source_ref custcol_price_reason "
        "custcol_service_start:date custcol_service_end:date"
    ),
    "nexttransactionlinelink": _columns(
        "previousdoc:id previousline:id nextdoc:id nextline:id foreignamount:decimal linktype "
        "lastmodifieddate:stamp"
    ),
    "account": _columns(
        "id:id acctnumber accountsearchdisplayname fullname accttype issummary:bool isinactive:bool "
        "eliminate:bool"
    ),
    "accountingbook": _columns("id:id name isprimary:bool"),
    "transactionaccountingline": _columns(
        "transaction:id transactionline:id accountingbook:id account:id debit:decimal credit:decimal amount:decimal "
        "netamount:decimal posting:bool exchangerate:decimal lastmodifieddate:stamp"
    ),
    "accountingperiod": _columns(
        "id:id periodname startdate:date enddate:date closed:bool arlocked:bool alllocked:bool "
        "isquarter:bool isyear:bool isadjust:bool"
    ),
    "currencyrate": _columns(
        "id:id basecurrency:id transactioncurrency:id exchangerate:decimal effectivedate:date "
        "lastmodifieddate:stamp"
    ),
    "consolidatedexchangerate": _columns(
        "id:id postingperiod:id fromsubsidiary:id tosubsidiary:id averagerate:decimal currentrate:decimal "
        "historicalrate:decimal"
    ),
    "charge": _columns(
        "id:id billto:id project:id subsidiary:id currency:id amount:decimal chargedate:date stage "
        "description externalid invoice:id lastmodifieddate:stamp"
    ),
    "item": _columns("id:id itemid displayname itemtype isinactive:bool lastmodifieddate:stamp"),
    "deletedrecord": _columns("recordid:id recordtypeid:id type name deleteddate:stamp"),
}

TABLES: Mapping[str, Mapping[str, str]] = {
    **{
        table: {column: _KINDS[kind] for column, kind in columns.items()}
        for table, columns in COLUMNS.items()
    },
    "_job": {"id": "integer", "idempotencykey": "text", "results": "text"},  # asynchronous work, not a record
}

KEYS: Mapping[str, Sequence[str]] = {
    "transactionline": ("transaction", "id"),
    "transactionaccountingline": ("transaction", "transactionline", "accountingbook"),
    "nexttransactionlinelink": ("previousdoc", "nextdoc", "linktype"),
    "deletedrecord": ("recordid", "recordtypeid"),
}

INDEXES: Mapping[str, Sequence[Sequence[str]]] = {
    "customer": (("lastmodifieddate",), ("externalid",)),
    "job": (("lastmodifieddate",), ("externalid",)),
    "transaction": (("lastmodifieddate",), ("externalid",)),
    "transactionline": (("linelastmodifieddate",),),
    "transactionaccountingline": (("lastmodifieddate",),),
    "nexttransactionlinelink": (("nextdoc",), ("lastmodifieddate",)),
    "charge": (("lastmodifieddate",), ("externalid",)),
}

# What an SQL expression that is only a column is, for the type checker of the query engine.
SQL_TYPES: Mapping[str, str] = {
    "id": "bigint",
    "text": "varchar",
    "bool": "boolean",
    "int": "bigint",
    "decimal": "decimal",
    "date": "date",
    "stamp": "timestamp",
}
