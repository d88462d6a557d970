"""Which record types the account has, and how their camelCase fields sit in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.simulators.netsuite.errors import ApiError


@dataclass(frozen=True, kw_only=True)
class Field:
    """One body or line field."""

    column: str
    kind: str = "text"  # text, choice, ref, bool, int, decimal, date, stamp
    refers_to: str = ""  # record type of a reference
    read_only: bool = False
    credit: bool = False  # stored with the opposite sign (lines of sales documents)


@dataclass(frozen=True, kw_only=True)
class Sublist:
    """Lines of a record."""

    table: str
    parent: str  # column that holds the record's id
    key_field: str  # REST field of the merge key; "" = not keyed: every line sent is appended
    key_column: str
    fields: Mapping[str, Field]


@dataclass(frozen=True, kw_only=True)
class RecordType:
    """One record type."""

    name: str
    table: str
    type_id: int  # number in deletedrecord
    fields: Mapping[str, Field]
    only: Mapping[str, str] = field(default_factory=dict)  # e.g. {"type": "CustInvc"}
    key: str = "id"
    label: str = "name"  # column shown as refName
    sublists: Mapping[str, Sublist] = field(default_factory=dict)
    creatable: bool = False

    @property
    def stamp(self) -> str | None:
        """The column that a change stamps."""
        return next((f.column for n, f in self.fields.items() if n == "lastModifiedDate"), None)


def _fields(notation: str) -> dict[str, Field]:
    """`camelName:kind[>recordType][!]`, `!` read only; the column is the lower-cased name."""
    found = {}
    for word in notation.split():
        name, _, rest = word.rstrip("!").partition(":")
        kind, _, refers_to = rest.partition(">")
        found[name] = Field(
            column=name.lower(), kind=kind or "text", refers_to=refers_to, read_only=word.endswith("!")
        )
    return found


_INVOICE_LINE = {
    "line": Field(column="id", kind="int", read_only=True),
    "item": Field(column="item", kind="choice"),
    "description": Field(column="memo"),
    "job": Field(column="entity", kind="ref", refers_to="job"),
    "quantity": Field(column="quantity", kind="decimal"),
    "rate": Field(column="rate", kind="decimal"),
    "amount": Field(column="foreignamount", kind="decimal", credit=True),
    **_fields(
        "custcol_source_type custcol_source_ref custcol_price_reason custcol_service_start:date "
        "custcol_service_end:date"
    ),
}
_ITEM = Sublist(
    table="transactionline", parent="transaction", key_field="line", key_column="id", fields=_INVOICE_LINE
)
_ADDRESS_BOOK = Sublist(
    table="customeraddressbook",
    parent="entity",
    key_field="",
    key_column="internalid",
    fields={
        "label": Field(column="label"),
        "defaultBilling": Field(column="defaultbilling", kind="bool"),
        "defaultShipping": Field(column="defaultshipping", kind="bool"),
        "addressBookAddress": Field(column="addressbookaddress", kind="address"),
    },
)
_TRANSACTION = _fields(
    "tranId entity:ref>customer tranDate:date dueDate:date postingPeriod:ref>accountingPeriod "
    "currency:ref>currency exchangeRate:decimal subsidiary:ref>subsidiary memo externalId "
    "createdDate:stamp! lastModifiedDate:stamp! custbody_kantata_invoice_id custbody_disputed:bool "
    "custbody_dispute_opened:date custbody_dispute_closed:date"
) | {
    "total": Field(column="foreigntotal", kind="decimal", read_only=True),
    "amountRemaining": Field(column="foreignamountunpaid", kind="decimal", read_only=True),
    "status": Field(column="status", kind="choice", read_only=True),
    "approvalStatus": Field(column="approvalstatus", kind="approval"),
}

_LISTED = (
    RecordType(
        name="customer", table="customer", type_id=-2, label="companyname", creatable=True,
        sublists={"addressBook": _ADDRESS_BOOK},
        fields=_fields(
            "entityId companyName altName email parent:ref>customer currency:ref>currency terms:ref>term "
            "category:choice vatRegNumber creditHoldOverride:choice isInactive:bool externalId "
            "dateCreated:stamp! lastModifiedDate:stamp! custentity_sf_account_id"
        ),
    ),
    RecordType(
        name="job", table="job", type_id=-7, label="companyname", creatable=True,
        fields=_fields(
            "entityId companyName parent:ref>customer subsidiary:ref>subsidiary currency:ref>currency "
            "jobBillingType:choice entityStatus:choice startDate:date projectedEndDate:date isInactive:bool "
            "externalId jobPrice:decimal lastModifiedDate:stamp! custentity_sf_opportunity_id"
        ),
    ),
    RecordType(
        name="invoice", table="transaction", type_id=-30, label="tranid", creatable=True,
        only={"type": "CustInvc"}, fields=_TRANSACTION, sublists={"item": _ITEM},
    ),
    RecordType(
        name="creditMemo", table="transaction", type_id=-31, label="tranid",
        only={"type": "CustCred"}, fields=_TRANSACTION, sublists={"item": _ITEM},
    ),
    RecordType(
        name="customerPayment", table="transaction", type_id=-32, label="tranid",
        only={"type": "CustPymt"}, fields=_TRANSACTION,
    ),
    RecordType(
        name="charge", table="charge", type_id=-291, label="description", creatable=True,
        fields=_fields(
            "billTo:ref>customer project:ref>job subsidiary:ref>subsidiary currency:ref>currency "
            "amount:decimal chargeDate:date stage:choice description externalId invoice:ref>invoice! "
            "lastModifiedDate:stamp!"
        ),
    ),
    RecordType(
        name="subsidiary", table="subsidiary", type_id=-117,
        fields=_fields(
            "name fullName legalName parent:ref>subsidiary currency:ref>currency country isElimination:bool"
        ),
    ),
    RecordType(
        name="currency", table="currency", type_id=-122, fields=_fields("symbol name currencyPrecision:int")
    ),
    RecordType(name="term", table="term", type_id=-199, fields=_fields("name daysUntilNetDue:int")),
    RecordType(
        name="accountingPeriod", table="accountingperiod", type_id=-105, label="periodname",
        fields=_fields(
            "periodName startDate:date endDate:date closed:bool arLocked:bool allLocked:bool isQuarter:bool "
            "isYear:bool isAdjust:bool"
        ),
    ),
)  # fmt: skip
RECORD_TYPES: Mapping[str, RecordType] = {listed.name: listed for listed in _LISTED}


def record_type(name: str) -> RecordType:
    """The named type; ApiError 404 when the account has none such."""
    for listed in _LISTED:
        if listed.name.lower() == name.lower():
            return listed
    raise ApiError(404, "NOT_FOUND", f"Record type '{name}' does not exist.")
