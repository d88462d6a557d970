"""The canonical marts on hand-written rows, read as any consumer reads them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.dbt.group import hand_made_group
from tests.dbt.warehouse import Warehouse

pytestmark = pytest.mark.slow


def test_record_numbers_of_two_erps_are_not_mixed_up(group: Warehouse) -> None:
    """Both ERPs have a customer 501 and both PSAs a client 3; names tell which one a reference means."""
    members = group.rows(
        "select string_agg(customer_account_id, ' ' order by customer_account_id) "
        "from canonical.dim_customer_account group by customer_id order by 1"
    )
    assert members == [
        ("crm:account:001A erp_us:customer:501 psa_us:workspace_group:3",),
        ("crm:account:001B",),  # nothing but its name speaks for it, and that is not enough
        ("erp_de:customer:501 psa_de:workspace_group:3",),
    ]


def test_projects_find_the_job_and_deal_of_their_own_company(group: Warehouse) -> None:
    projects = group.rows(
        "select project_id, erp_instance, project_code, opportunity_id, legal_entity_id, contract_type "
        "from canonical.dim_project order by 1"
    )
    assert projects == [
        ("psa_de:10", "erp_de", "P-erp_de", "crm:006B", "DE", "time_and_materials"),
        ("psa_us:10", "erp_us", "P-erp_us", "crm:006A", "US", "time_and_materials"),
    ]


def test_people_are_joined_by_mail_and_never_by_name(group: Warehouse) -> None:
    people = group.rows(
        "select resource_id, psa_instance, employment_status, is_contractor, link_method "
        "from canonical.dim_resource order by 1"
    )
    assert people == [
        ("hr:42", "psa_us", "active", False, "email"),
        ("psa_de:7", "psa_de", "unknown", True, None),
    ]


def test_contacts_belong_to_the_customer_of_their_account(group: Warehouse) -> None:
    """A deleted account or superior leaves the contact without one; a deleted contact is gone."""
    contacts = group.rows(
        "select contact_id, customer_account_id, customers.crm_account_id, full_name, email, job_title, "
        "reports_to_contact_id, owner_name from canonical.dim_contact as contacts "
        "left join canonical.dim_customer as customers on contacts.customer_id = customers.customer_id order by 1"
    )
    acme = ("crm:account:001A", "001A")
    assert contacts == [
        ("crm:003A", *acme, "Lee", None, None, None, "Ada Seller"),
        ("crm:003B", *acme, "Bo Diaz", "bo.diaz@acme.example", "Controller", "crm:003A", None),
        ("crm:003C", None, None, "Kim", None, None, None, None),
        ("crm:003E", None, None, "Private", None, None, None, None),
    ]


def test_a_person_holds_a_skill_once(group: Warehouse) -> None:
    """Two users of one person are one resource with the higher level; a skill out of the catalogue keeps its name."""
    skills = group.rows(
        "select resource_id, skill_id, skill_name, skill_level, max_level, held_since::text "
        "from canonical.dim_resource_skill order by 1, 2"
    )
    assert skills == [
        ("hr:42", "psa_us:1", "SQL us", 3, 5, "2024-05-31"),
        ("hr:42", "psa_us:9", "COBOL", 4, 5, "2023-01-09"),
        ("psa_de:7", "psa_de:1", "SQL de", 3, 5, "2024-05-31"),
    ]


def test_money_is_exact(group: Warehouse) -> None:
    """100 minutes at 99.99 is 166.65 and not a float near it; the invoice is split into net and tax."""
    assert (
        group.rows("select hours, bill_amount from canonical.fct_time_entry")
        == [(Decimal("1.6667"), Decimal("166.6500"))] * 2
    )
    assert group.rows(
        "select invoice_status, net_amount, tax_amount, gross_amount, net_amount_fc, project_id "
        "from canonical.fct_invoice where instance = 'erp_us'"
    ) == [
        (
            "open",
            Decimal("100.0000"),
            Decimal("19.0000"),
            Decimal("119.0000"),
            Decimal("100.0000"),
            "psa_us:10",
        )
    ]


def test_an_unmapped_code_is_shown_and_not_guessed(group: Warehouse) -> None:
    unmapped = group.rows(
        "select instance, field, vendor_value, record_count from intermediate.int_unmapped_codes"
    )
    assert unmapped == [("crm", "business_unit", "Mars", 1)]
    assert group.rows(
        "select business_unit_id from canonical.dim_customer where crm_account_id = '001B'"
    ) == [(None,)]


def test_the_order_of_landing_does_not_matter(
    group: Warehouse, new_warehouse: Callable[[str], Warehouse]
) -> None:
    backwards = new_warehouse("backwards")
    backwards.fill({name: list(rows)[::-1] for name, rows in hand_made_group().items()})
    backwards.build()
    assert backwards.fingerprint() == group.fingerprint()


def test_a_build_without_as_of_says_what_is_missing(group: Warehouse) -> None:
    done = group.dbt("compile", "--select", "dim_calendar_day", as_of=None)
    assert done.returncode != 0
    assert "as_of is missing" in done.stdout + done.stderr
