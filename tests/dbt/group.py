"""A group small enough to check by hand: one CRM, two ERPs and two PSAs that share record numbers, one HR."""

from __future__ import annotations

from tests.dbt.warehouse import Rows

_MAPS = (
    ("salesforce", "legal_entity", "US01", "US"),
    ("salesforce", "legal_entity", "DE01", "DE"),
    ("salesforce", "contract_type", "Time & Materials", "time_and_materials"),
    ("kantata", "legal_entity", "us", "US"),
    ("kantata", "legal_entity", "de", "DE"),
    ("kantata", "contract_type", "TM", "time_and_materials"),
    ("kantata", "project_status", "on_track", "active"),
    ("netsuite", "invoice_status", "A", "open"),
    ("bamboohr", "legal_entity", "New York", "US"),
)


def _config() -> Rows:
    systems = {"crm": "salesforce", "erp_us": "netsuite", "erp_de": "netsuite", "psa_us": "kantata",
               "psa_de": "kantata", "hr": "bamboohr"}  # fmt: skip
    entity = {"fiscal_year_start_month": 1}
    return {
        "raw_config.instance": [{"name": name, "system": system} for name, system in systems.items()],
        "raw_config.firm": [{"name": "Group", "reporting_currency": "USD", "reporting_entity": "US"}],
        "raw_config.legal_entity": [
            {**entity, "id": "US", "name": "Group Inc", "country": "US", "currency": "USD", "calendar": "US",
             "erp_subsidiary_id": "2"},
            {**entity, "id": "DE", "name": "Group GmbH", "country": "DE", "currency": "EUR", "calendar": "DE"},
        ],
        "raw_config.value_map": [
            *({"system": s, "instance": "*", "field": f, "vendor_value": v, "canonical_value": c}
              for s, f, v, c in _MAPS),
            # the acquired ERP numbers its only company like the group's
            {"system": "netsuite", "instance": "erp_de", "field": "legal_entity", "vendor_value": "2",
             "canonical_value": "DE"},
        ],
    }  # fmt: skip


def _crm() -> Rows:
    account = {"_instance": "crm", "is_deleted": False, "currency_iso_code": "USD", "billing_country": "US"}
    deal = {"_instance": "crm", "is_deleted": False, "is_won": True, "is_closed": True, "psa_project_ref": "10",
            "contract_type_code": "Time & Materials", "currency_iso_code": "USD"}  # fmt: skip
    person = {"_instance": "crm", "is_deleted": False}
    return {
        "raw_salesforce.account": [
            {**account, "id": "001A", "name": "Acme", "legal_name": "Acme Inc.", "erp_customer_ref": "501"},
            {**account, "id": "001B", "name": "Bolt", "legal_name": "Bolt Ltd", "business_unit_code": "Mars"},
            {**account, "id": "001D", "name": "Gone", "legal_name": "Gone Inc", "is_deleted": True},
        ],
        "raw_salesforce.contact": [
            {**person, "id": "003A", "account_id": "001A", "last_name": "Lee", "owner_id": "005A"},
            {
                **person,
                "id": "003B",
                "account_id": "001A",
                "first_name": " Bo",
                "last_name": "Diaz ",
                "email": "Bo.Diaz@Acme.example ",
                "title": "Controller",
                "reports_to_id": "003A",
            },
            {**person, "id": "003C", "account_id": "001D", "last_name": "Kim", "reports_to_id": "003D"},
            {**person, "id": "003D", "account_id": "001B", "last_name": "Gone", "is_deleted": True},
            {**person, "id": "003E", "last_name": "Private"},
        ],
        "raw_salesforce.user": [{"_instance": "crm", "id": "005A", "name": "Ada Seller"}],
        "raw_salesforce.opportunity": [
            {**deal, "id": "006A", "account_id": "001A", "name": "A", "legal_entity_code": "US01"},
            {**deal, "id": "006B", "account_id": "001B", "name": "B", "legal_entity_code": "DE01"},
        ],
    }


def _erp() -> Rows:
    both: dict[str, list[dict[str, object]]] = {
        "raw_netsuite.currency": [], "raw_netsuite.subsidiary": [], "raw_netsuite.customer": [],
        "raw_netsuite.job": [], "raw_netsuite.transaction": [], "raw_netsuite.transactionline": [],
    }  # fmt: skip
    for instance, symbol, name in (("erp_us", "USD", "ACME Incorporated"), ("erp_de", "EUR", "Bolt Limited")):
        key = {"_instance": instance}
        both["raw_netsuite.currency"].append({**key, "id": "1", "symbol": symbol})
        both["raw_netsuite.subsidiary"].append({**key, "id": "2", "currency": "1"})
        both["raw_netsuite.customer"].append(
            {**key, "id": "501", "companyname": name, "currency": "1", "creditholdoverride": "AUTO"}
        )
        both["raw_netsuite.job"].append({**key, "id": "77", "entityid": f"P-{instance}", "subsidiary": "2"})
        both["raw_netsuite.transaction"].append(
            {**key, "id": "900", "tranid": "INV-1", "type": "CustInvc", "entity": "501", "currency": "1",
             "subsidiary": "2", "trandate": "2026-06-15", "exchangerate": "1", "status": "A",
             "foreigntotal": "119", "foreignamountunpaid": "119"}
        )  # fmt: skip
        line = {**key, "transaction": "900", "job": "77"}
        both["raw_netsuite.transactionline"] += [
            {**line, "id": "0", "mainline": True, "taxline": False, "foreignamount": "119"},
            {
                **line,
                "id": "1",
                "mainline": False,
                "taxline": False,
                "foreignamount": "-100",
                "source_type": "time",
            },
            {**line, "id": "2", "mainline": False, "taxline": True, "foreignamount": "-19"},
        ]
    return both


def _psa() -> Rows:
    tables: dict[str, list[dict[str, object]]] = {
        "raw_kantata.workspace": [], "raw_kantata.workspace_group": [], "raw_kantata.user": [],
        "raw_kantata.time_entry": [], "raw_kantata.external_reference": [], "raw_kantata.skill": [],
        "raw_kantata.skill_membership": [],
    }  # fmt: skip
    for instance, entity, name, currency in (
        ("psa_us", "us", "Acme, Inc", "USD"),
        ("psa_de", "de", "Bolt Ltd.", "EUR"),
    ):
        key = {"_instance": instance}
        tables["raw_kantata.workspace_group"].append({**key, "id": "3", "name": name, "legal_name": name})
        tables["raw_kantata.workspace"].append(
            {**key, "id": "10", "title": f"Project {entity}", "currency": currency, "currency_base_unit": 100,
             "legal_entity_code": entity, "contract_type_code": "TM", "status_key": "on_track",
             "stage": "project", "primary_workspace_group_id": "3"}
        )  # fmt: skip
        tables["raw_kantata.user"].append(
            {**key, "id": "7", "full_name": "Ann Lee", "email_address": f"Ann.{entity}@group.example"}
        )
        tables["raw_kantata.skill"].append({**key, "id": "1", "name": f"SQL {entity}", "max_level": 5})
        tables["raw_kantata.skill_membership"].append(
            {**key, "id": "1", "user_id": "7", "skill_id": "1", "cached_skill_name": "SQL", "level": 3,
             "max_level": 4, "created_at": "2024-05-31T23:30:00Z"}
        )  # fmt: skip
        tables["raw_kantata.time_entry"].append(
            {**key, "id": "1", "workspace_id": "10", "user_id": "7", "date_performed": "2026-06-10",
             "time_in_minutes": 100, "billable": True, "approved": True, "rate_in_cents": 9999,
             "currency": currency, "currency_base_unit": 100}
        )  # fmt: skip
        reference = {**key, "service_name": "netsuite"}
        tables["raw_kantata.external_reference"] += [
            {**reference, "id": "1", "service_model": "job", "service_model_ref": "77",
             "subject_type": "Workspace", "subject_id": "10"},
            {**reference, "id": "2", "service_model": "customer", "service_model_ref": "501",
             "subject_type": "WorkspaceGroup", "subject_id": "3"},
        ]  # fmt: skip
    ann = {"_instance": "psa_us", "cached_skill_name": "COBOL", "max_level": 5}
    tables["raw_kantata.user"].append(  # her second user in the same PSA
        {"_instance": "psa_us", "id": "8", "full_name": "A. Lee", "email_address": "ann.us@group.example"}
    )
    tables["raw_kantata.skill_membership"] += [
        {**ann, "id": "2", "user_id": "7", "skill_id": "9", "level": 2, "created_at": "2023-01-09T09:00:00Z"},
        {**ann, "id": "3", "user_id": "8", "skill_id": "9", "level": 4, "created_at": "2024-01-08T09:00:00Z"},
        {
            **ann,
            "id": "4",
            "user_id": "99",
            "skill_id": "9",
            "level": 5,
            "created_at": "2024-01-08T09:00:00Z",
        },
    ]
    return tables


def _hr() -> Rows:
    return {
        "raw_bamboohr.employee": [
            {"_instance": "hr", "id": "42", "display_name": "Ann Lee", "work_email": "ann.us@group.example",
             "status": "Active", "hire_date": "2020-01-06", "location": "New York",
             "standard_hours_per_week": "40"}
        ],
    }  # fmt: skip


def hand_made_group() -> Rows:
    """All rows of the group."""
    return {**_config(), **_crm(), **_erp(), **_psa(), **_hr()}
