"""Shape of the simulated org: its objects, and the store tables behind them.

Rows are plain dicts in API field names. Conventions of the store, whatever the API shows:

- ids are 18 characters (`ids.make_id(object, number)`); references hold 18-character ids;
- date-times are UTC text `2026-06-30T18:00:00Z` (REST shows `.000+0000`, Bulk CSV `.000Z`);
- dates are text `2026-06-30`; money and percent are text decimals in main units; booleans are 0/1;
- `Opportunity.StageName` is an `OpportunityStage.MasterLabel`; `IsClosed` and `IsWon` agree with that stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from sandbox.simulators.salesforce.fields import SQLITE_TYPES, SField, SObject
from sandbox.simulators.salesforce.ids import PREFIXES

CURRENCIES = ("USD", "GBP", "EUR", "JPY", "CHF", "CAD", "AUD", "SGD", "SEK")
CONTRACT_TYPES = ("Time & Materials", "Fixed Fee", "Milestone", "Retainer")
OVERDUE_BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
CONTRACT_STATUSES = ("Draft", "In Approval Process", "Activated", "Expired", "Terminated")
CHANGE_STATUSES = ("Draft", "Submitted", "Approved", "Rejected")


def _text(name: str, length: int = 255, *, required: bool = False, external_id: bool = False) -> SField:
    return SField(name=name, type="string", length=length, required=required, external_id=external_id)


def _pick(
    name: str, values: Iterable[str] = (), *, restricted: bool = False, required: bool = False
) -> SField:
    return SField(
        name=name,
        type="picklist",
        length=255,
        picklist=tuple(values),
        restricted=restricted,
        required=required,
    )


def _of(type_name: str, *names: str, writable: bool = True) -> list[SField]:
    return [SField(name=name, type=type_name, writable=writable) for name in names]


def _ref(name: str, target: str, *, required: bool = False, writable: bool = True) -> SField:
    return SField(name=name, type="reference", length=18, target=target, required=required, writable=writable)


def _system(*, created: bool = True, modified: bool = True, deleted: bool = True) -> list[SField]:
    names = [
        *(["CreatedDate"] if created else []),
        *(["LastModifiedDate"] if modified else []),
        "SystemModstamp",
    ]
    stamps = _of("datetime", *names, writable=False)
    return stamps + (_of("boolean", "IsDeleted", writable=False) if deleted else [])


_CURRENCY = _pick("CurrencyIsoCode", CURRENCIES, restricted=True)

_FIELDS: dict[str, list[SField]] = {
    "Account": [
        _text("Name", required=True),
        _ref("ParentId", "Account"),
        _pick("Type"),
        _pick("Industry"),
        _text("AccountNumber", 40),
        SField(name="Website", type="url", length=255),
        SField(name="BillingStreet", type="textarea", length=255),
        _text("BillingCity", 40),
        _text("BillingState", 80),
        _text("BillingPostalCode", 20),
        _text("BillingCountry", 80),
        _ref("OwnerId", "User"),
        _CURRENCY,
        *_system(),
        _ref("MasterRecordId", "Account", writable=False),
        _text("Legal_Name__c"),
        _text("Tax_Id__c", 40),
        _text("NetSuite_Customer_Id__c", 40, external_id=True),
        SField(name="Payment_Terms_Days__c", type="int"),
        SField(name="ERP_Credit_Hold__c", type="boolean"),
        _pick("Business_Unit__c"),
    ],
    "Contact": [
        _ref("AccountId", "Account"),
        _text("FirstName", 40),
        _text("LastName", 80, required=True),
        SField(name="Email", type="email", length=80),
        _text("Title", 128),
        _ref("ReportsToId", "Contact"),
        _ref("OwnerId", "User"),
        *_system(),
    ],
    "Opportunity": [
        _ref("AccountId", "Account"),
        _text("Name", 120, required=True),
        _pick("StageName", required=True),
        *_of("boolean", "IsClosed", "IsWon", writable=False),
        SField(name="CloseDate", type="date", required=True),
        SField(name="Amount", type="currency"),
        _CURRENCY,
        _pick("Type"),
        SField(name="Probability", type="percent"),
        _ref("OwnerId", "User"),
        *_system(),
        SField(name="Services_Amount__c", type="currency"),
        _pick("Legal_Entity__c"),
        _pick("Practice__c"),
        _pick("Business_Unit__c"),
        _pick("Contract_Type__c", CONTRACT_TYPES, restricted=True),
        *_of("date", "Start_Date__c", "End_Date__c"),
        _text("Kantata_Workspace_Id__c", 40, external_id=True),
        SField(name="ERP_Open_Amount__c", type="currency"),
        _pick("ERP_Overdue_Bucket__c", OVERDUE_BUCKETS, restricted=True),
        SField(name="ERP_Disputed__c", type="boolean"),
        SField(name="ERP_Last_Payment_Date__c", type="date"),
        SField(name="Project_Closed_On__c", type="date"),
    ],
    "OpportunityStage": [
        _text("ApiName", 120),
        _text("MasterLabel", 120),
        SField(name="SortOrder", type="int"),
        *_of("boolean", "IsActive", "IsClosed", "IsWon"),
        SField(name="DefaultProbability", type="percent"),
        *_system(created=False, modified=False, deleted=False),
    ],
    "Contract": [
        _ref("AccountId", "Account", required=True),
        SField(name="ContractNumber", type="string", length=30, writable=False),
        _pick("Status", CONTRACT_STATUSES, restricted=True),
        SField(name="StartDate", type="date"),
        SField(name="EndDate", type="date"),
        SField(name="ContractTerm", type="int"),
        _CURRENCY,
        *_system(),
        _ref("Opportunity__c", "Opportunity"),
        _pick("Contract_Type__c", CONTRACT_TYPES, restricted=True),
        SField(name="Contract_Value__c", type="currency"),
        _pick("Legal_Entity__c"),
        SField(name="Not_To_Exceed__c", type="currency"),
        SField(name="Billed_In_Advance__c", type="boolean"),
        _text("PO_Number__c", 80),
        *_of("currency", "PO_Amount__c", "Agreed_Discount__c", "Pass_Through__c"),
    ],
    "Change_Request__c": [
        _text("Name", 80, required=True),
        _CURRENCY,
        *_system(modified=False),
        _ref("Opportunity__c", "Opportunity"),
        SField(name="Amount__c", type="currency"),
        _pick("Status__c", CHANGE_STATUSES, restricted=True),
        SField(name="Approved_On__c", type="date"),
        SField(name="Description__c", type="textarea", length=32768),
        *_of("currency", "Services_Before__c", "Budget_Before__c", "Billing_Before__c", "Order_Before__c"),
        *_of("date", "Planned_End_Before__c", "Planned_End_After__c"),
    ],
    "User": [
        _text("Username", 80),
        SField(name="Email", type="email", length=128),
        _text("Name", 121),
        SField(name="IsActive", type="boolean"),
        _ref("ManagerId", "User"),
        *_system(created=False, modified=False, deleted=False),
    ],
}

_READ_ONLY = frozenset({"OpportunityStage", "User"})


def _object(name: str, listed: list[SField]) -> SObject:
    own = SField(name="Id", type="id", length=18, writable=False)
    writable = name not in _READ_ONLY
    return SObject(
        name=name,
        prefix=PREFIXES[name],
        fields={known.name: known for known in [own, *listed]},
        createable=writable,
        updateable=writable,
        deletable=writable,
    )


#: What each field of the org's own is about, in the words of the estate: an org that calls it otherwise says so there.
_MEANINGS: dict[str, dict[str, str]] = {
    "Account": {
        "legal_name": "Legal_Name__c", "tax_id": "Tax_Id__c", "erp_customer_ref": "NetSuite_Customer_Id__c",
        "payment_terms_days": "Payment_Terms_Days__c", "erp_credit_hold": "ERP_Credit_Hold__c",
        "business_unit_code": "Business_Unit__c",
    },
    "Opportunity": {
        "services_amount": "Services_Amount__c", "legal_entity_code": "Legal_Entity__c",
        "practice_code": "Practice__c", "business_unit_code": "Business_Unit__c",
        "contract_type_code": "Contract_Type__c", "start_date": "Start_Date__c", "end_date": "End_Date__c",
        "psa_project_ref": "Kantata_Workspace_Id__c", "erp_open_amount": "ERP_Open_Amount__c",
        "erp_overdue_bucket": "ERP_Overdue_Bucket__c", "erp_disputed": "ERP_Disputed__c",
        "erp_last_payment_date": "ERP_Last_Payment_Date__c", "project_closed_on": "Project_Closed_On__c",
    },
    "Contract": {
        "opportunity_ref": "Opportunity__c", "contract_type_code": "Contract_Type__c",
        "contract_value": "Contract_Value__c", "legal_entity_code": "Legal_Entity__c",
        "not_to_exceed": "Not_To_Exceed__c", "billed_in_advance": "Billed_In_Advance__c", "po_number": "PO_Number__c",
        "po_amount": "PO_Amount__c", "agreed_discount": "Agreed_Discount__c", "pass_through": "Pass_Through__c",
    },
    "Change_Request__c": {
        "opportunity_ref": "Opportunity__c", "amount": "Amount__c", "status_code": "Status__c",
        "approved_on": "Approved_On__c", "description": "Description__c",
        "services_before": "Services_Before__c", "budget_before": "Budget_Before__c",
        "billing_before": "Billing_Before__c", "order_before": "Order_Before__c",
        "planned_end_before": "Planned_End_Before__c", "planned_end_after": "Planned_End_After__c",
    },
}  # fmt: skip


@dataclass(frozen=True)
class OrgSchema:
    """The objects of one org. No two firms call their own fields alike."""

    objects: Mapping[str, SObject]

    def find(self, name: str) -> SObject | None:
        """The object of that name, whatever its case."""
        return self.objects.get(name) or next(
            (known for known in self.objects.values() if known.name.lower() == name.lower()), None
        )

    @cached_property
    def tables(self) -> Mapping[str, Mapping[str, str]]:
        """The store tables behind the objects."""
        return MappingProxyType(
            {
                name: {known.name: SQLITE_TYPES.get(known.type, "text") for known in sobject.fields.values()}
                for name, sobject in self.objects.items()
            }
        )


def names_of(custom_fields: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Per object: our name of an own field -> the name the estate maps, where it is another one."""
    found: dict[str, dict[str, str]] = {}
    for object_name, meanings in _MEANINGS.items():
        by_meaning = {stable: vendor for vendor, stable in custom_fields.get(object_name, {}).items()}
        found[object_name] = {
            ours: by_meaning[stable]
            for stable, ours in meanings.items()
            if by_meaning.get(stable, ours) != ours
        }
    return found


def schema_for(custom_fields: Mapping[str, Mapping[str, str]]) -> OrgSchema:
    """The org whose own fields have the names that its entry in the estate maps."""
    names = names_of(custom_fields)
    return OrgSchema(
        MappingProxyType(
            {
                name: _object(
                    name, [replace(f, name=names.get(name, {}).get(f.name, f.name)) for f in listed]
                )
                for name, listed in _FIELDS.items()
            }
        )
    )


STANDARD = schema_for({})
TABLES = STANDARD.tables
INDEXES = MappingProxyType({name: (("SystemModstamp", "Id"),) for name in _FIELDS})
