"""Time passes in the firm: what was stays as it was, and only what happened reaches the stores."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config import load_config
from sandbox.clock import read_clock
from sandbox.firm.days import stamp
from sandbox.firm.estate import STAMPS, advance_firm, create_firm, project
from sandbox.firm.group import KANTATA, KESTREL, NETSUITE, SALESFORCE
from sandbox.firm.ids import Ids
from sandbox.firm.spec import FirmSpec
from sandbox.firm.world import build_world
from sandbox.simulators import kantata, netsuite, salesforce

AS_OF = datetime(2026, 6, 30, 18, tzinfo=UTC)
SPEC = FirmSpec(1, 60, 12, AS_OF)
KEYS = {
    "transactionline": ("transaction", "id"),
    "transactionaccountingline": ("transaction", "transactionline", "accountingbook"),
    "nexttransactionlinelink": ("previousdoc", "nextdoc", "linktype"),
    "deletedrecord": ("recordid", "recordtypeid"),
    "entityaddress": ("nkey",),
    "customeraddressbook": ("internalid",),
    "time_off_day": ("request_id", "employee_id", "ymd"),
}


def keyed(name: str, rows: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    fields = KEYS.get(name) or (("Id",) if "Id" in rows[0] else ("id",))
    found = {tuple(row[field] for field in fields): row for row in rows}
    assert len(found) == len(rows), f"{name}: a key appears twice"
    return found


def fields_of(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(database) as connection:
        return connection.execute(sql).fetchall()


def projected(as_of: datetime) -> dict[str, Any]:
    world = build_world(SPEC, as_of)
    return project(world, Ids(world))


def in_the_words_of_the_group(rows: dict[str, Any], crm: str) -> dict[str, Any]:
    names = salesforce.names_of(load_config().instance(crm).custom_fields)
    return {
        name: [
            {{v: k for k, v in names.get(name, {}).items()}.get(f, f): v for f, v in row.items()}
            for row in listed
        ]
        for name, listed in rows.items()
    }


@pytest.fixture(scope="module")
def worlds() -> tuple[dict[str, Any], dict[str, Any]]:
    return projected(AS_OF), projected(AS_OF + timedelta(days=7))


@pytest.fixture(scope="module")
def much_later() -> dict[str, Any]:
    return projected(AS_OF + timedelta(days=400))


def test_the_same_inputs_give_the_same_rows(worlds: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert projected(AS_OF) == worlds[0]


def test_every_change_of_a_week_carries_a_stamp_of_that_week(
    worlds: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """A change with an old stamp would never be seen by an incremental read."""
    unseen = []
    for instance, objects in worlds[1].items():
        for name, rows in objects.items():
            if not rows:
                continue
            before = keyed(name, worlds[0][instance][name]) if worlds[0][instance][name] else {}
            cursors = [field for field in STAMPS if field in rows[0]]
            for key, row in keyed(name, rows).items():
                if (
                    cursors
                    and row != before.get(key)
                    and not stamp(AS_OF) < row[cursors[0]] <= stamp(AS_OF + timedelta(days=7))
                ):
                    unseen.append((instance, name, row, before.get(key)))
    assert unseen[:5] == []


def test_only_time_entries_and_mistaken_receipts_disappear(
    worlds: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    gone = {
        name
        for instance, objects in worlds[0].items()
        for name, rows in objects.items()
        if rows and keyed(name, rows).keys() - keyed(name, worlds[1][instance][name]).keys()
    }
    assert gone - {"transaction"} == {"time_entries"}


def test_what_lies_ahead_never_changes_what_was() -> None:
    """A later world is an earlier one with more in it: same facts, same ids, same planted errors."""
    early, late = build_world(SPEC, AS_OF), build_world(SPEC, AS_OF + timedelta(days=100))
    assert early.entries == [entry for entry in late.entries if entry.created_at <= AS_OF]
    assert early.expenses == [expense for expense in late.expenses if expense.created_at <= AS_OF]
    assert early.deals == [deal for deal in late.deals if deal.created_at <= AS_OF]
    assert [r for r in late.receivables if r.invoice.created_at <= AS_OF] == early.receivables
    assert (early.customer_drift, early.deal_drift, early.gaps) == (
        late.customer_drift,
        late.deal_drift,
        late.gaps,
    )
    assert early.plants == late.plants
    assert early.overbooking == late.overbooking
    assert early.task_plans.cases == late.task_plans.cases
    assert early.task_plans.estimated == late.task_plans.estimated
    old, new = Ids(early), Ids(late)
    for known, later in (
        (old.entries, new.entries),
        (old.transactions, new.transactions),
        (old.bookings, new.bookings),
    ):
        assert known.items() <= later.items()
    assert old.invoice_numbers[0].items() <= new.invoice_numbers[0].items()


@pytest.mark.parametrize(
    ("instance", "module"), [(SALESFORCE, salesforce), (NETSUITE, netsuite), (KANTATA, kantata)]
)
def test_rows_fit_the_simulators_tables(
    worlds: tuple[dict[str, Any], dict[str, Any]], instance: str, module: Any
) -> None:
    for name, rows in worlds[0][instance].items():
        assert name in module.TABLES, name
        for row in rows[:50]:
            assert row.keys() <= module.TABLES[name].keys(), name


def test_rows_fit_the_org_whose_fields_have_other_names(
    worlds: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    tables = salesforce.schema_for(load_config().instance(KESTREL).custom_fields).tables
    for name, rows in worlds[0][KESTREL].items():
        assert rows, name
        assert all(row.keys() <= tables[name].keys() for row in rows), name
    assert "Legal_Name__c" not in tables["Account"]


def test_every_account_has_a_contact_and_time_brings_and_takes_some(
    worlds: tuple[dict[str, Any], dict[str, Any]], much_later: dict[str, Any]
) -> None:
    for crm in (SALESFORCE, KESTREL):
        accounts, people = worlds[0][crm]["Account"], worlds[0][crm]["Contact"]
        assert {row["AccountId"] for row in people} == {row["Id"] for row in accounts}
        assert {row["Id"] for row in people} < {row["Id"] for row in much_later[crm]["Contact"]}
    assert _deleted(worlds[0]) < _deleted(much_later)


def _deleted(world: dict[str, Any]) -> set[str]:
    return {row["Id"] for crm in (SALESFORCE, KESTREL) for row in world[crm]["Contact"] if row["IsDeleted"]}


def test_who_joined_has_skills_and_reviews_raise_them(
    worlds: tuple[dict[str, Any], dict[str, Any]], much_later: dict[str, Any]
) -> None:
    now = keyed("skill_memberships", worlds[0][KANTATA]["skill_memberships"])
    later = keyed("skill_memberships", much_later[KANTATA]["skill_memberships"])
    assert len({row["user_id"] for row in now.values()}) >= 0.95 * len(worlds[0][KANTATA]["users"])
    assert len({(row["user_id"], row["skill_id"]) for row in now.values()}) == len(now)
    raised = [later[key]["level"] - row["level"] for key, row in now.items()]
    assert set(raised) == {0, 1}
    assert all(1 <= row["level"] <= row["max_level"] for row in later.values())


def test_no_two_crms_share_an_id(worlds: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for name, rows in worlds[1][KESTREL].items():
        assert not {row["Id"] for row in rows} & {row["Id"] for row in worlds[1][SALESFORCE][name]}, name


@pytest.mark.parametrize("crm", [SALESFORCE, KESTREL])
def test_every_reference_points_at_a_row(worlds: tuple[dict[str, Any], dict[str, Any]], crm: str) -> None:
    ka, ns = (worlds[1][name] for name in (KANTATA, NETSUITE))
    sf = in_the_words_of_the_group(worlds[1][crm], crm)
    links = [
        (ka, "time_entries", "workspace_id", "workspaces"), (ka, "time_entries", "story_id", "stories"),
        (ka, "time_entries", "user_id", "users"), (ka, "time_entries", "invoice_id", "invoices"),
        (ka, "time_entries", "active_submission_id", "timesheet_submissions"), (ka, "expenses", "user_id", "users"),
        (ka, "workspaces", "rate_card_id", "rate_cards"), (ka, "stories", "workspace_id", "workspaces"),
        (ka, "workspaces", "primary_workspace_group_id", "workspace_groups"),
        (ka, "workspace_allocations", "workspace_resource_id", "workspace_resources"),
        (ka, "assignments", "story_id", "stories"), (ka, "assignments", "assignee_id", "users"),
        (ka, "workspace_resources", "user_id", "users"), (ka, "billing_milestones", "invoice_id", "invoices"),
        (ns, "transaction", "entity", "customer"), (ns, "transaction", "postingperiod", "accountingperiod"),
        (ns, "transactionline", "transaction", "transaction"), (ns, "transactionline", "entity", "job"),
        (ns, "job", "parent", "customer"), (ns, "charge", "project", "job"), (ns, "charge", "invoice", "transaction"),
        (ns, "transaction", "custbody_kantata_invoice_id", "ka:invoices"), (ns, "job", "externalid", "ka:workspaces"),
        (ns, "transactionaccountingline", "transaction", "transaction"),
        (ns, "transactionaccountingline", "account", "account"),
        (ns, "charge", "externalid", "ka:stories"), (ns, "nexttransactionlinelink", "nextdoc", "transaction"),
        (ka, "skill_memberships", "user_id", "users"), (ka, "skill_memberships", "skill_id", "skills"),
        (sf, "Contact", "AccountId", "Account"), (sf, "Contact", "ReportsToId", "Contact"),
        (sf, "Contact", "OwnerId", "User"),
        (sf, "Opportunity", "AccountId", "Account"), (sf, "Opportunity", "OwnerId", "User"),
        (sf, "Contract", "Opportunity__c", "Opportunity"), (sf, "Change_Request__c", "Opportunity__c", "Opportunity"),
        (sf, "Opportunity", "Kantata_Workspace_Id__c", "ka:workspaces"),
        (sf, "Account", "NetSuite_Customer_Id__c", "ns:customer"),
    ]  # fmt: skip
    for system, name, field, target in links:
        place = {"ka": ka, "ns": ns}.get(target.partition(":")[0], system)
        ids = {row.get("id", row.get("Id")) for row in place[target.rpartition(":")[2]]}
        if (name, field) == ("charge", "externalid"):  # a line bills a milestone or a change
            ids |= {
                row["Id"] for name in (SALESFORCE, KESTREL) for row in worlds[1][name]["Change_Request__c"]
            }
        missing = {row[field] for row in system[name] if row.get(field)} - ids
        assert not missing, f"{name}.{field}: {sorted(missing)[:5]}"


def test_corrections_survive_while_time_passes(tmp_path: Path) -> None:
    create_firm(tmp_path, SPEC)
    truth = json.loads((tmp_path / "ground_truth.json").read_text())
    booking = next(d for d in truth if d["kind"] == "late_allocation")["records"][1]["id"]
    drift = next(d for d in truth if d["kind"] == "planted_open_amount")["records"][0]["id"]
    with sqlite3.connect(tmp_path / f"{KANTATA}.db") as connection:
        connection.execute(
            "update workspace_allocations set end_date = '2026-06-01' where id = ?", (booking,)
        )
    with sqlite3.connect(tmp_path / f"{SALESFORCE}.db") as connection:
        connection.execute("update Opportunity set ERP_Open_Amount__c = '1.00' where Id = ?", (drift,))
    entries = fields_of(tmp_path / f"{KANTATA}.db", "select id from time_entries")

    changes = advance_firm(tmp_path, 7)

    assert fields_of(
        tmp_path / f"{KANTATA}.db", f"select end_date from workspace_allocations where id = '{booking}'"
    ) == [("2026-06-01",)]
    assert fields_of(
        tmp_path / f"{SALESFORCE}.db", f"select ERP_Open_Amount__c from Opportunity where Id = '{drift}'"
    ) == [("1.00",)]
    left = fields_of(tmp_path / f"{KANTATA}.db", "select id from time_entries")
    deleted = {row[0] for row in entries} - {row[0] for row in left}
    told = fields_of(
        tmp_path / f"{KANTATA}.db",
        "select subject_id from subscribed_events where event_type = 'time_entry:deleted'",
    )
    assert deleted == {row[0] for row in told} != set()
    assert changes.inserted[f"{KANTATA}.time_entries"] > 100
    assert changes.updated[f"{KANTATA}.time_entries"] > 100
    assert changes.inserted[f"{NETSUITE}.transaction"] > 5
    assert abs(read_clock(tmp_path / "clock.json") - AS_OF - timedelta(days=7)) < timedelta(minutes=5)
    after = json.loads((tmp_path / "ground_truth.json").read_text())
    assert any(d["kind"].startswith("drift_") for d in after)


def test_time_needs_a_firm_and_moves_forward(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="sandbox init"):
        advance_firm(tmp_path, 7)
    with pytest.raises(ValueError, match="forward"):
        advance_firm(tmp_path, 0)


def test_too_small_a_firm_is_refused() -> None:
    with pytest.raises(ValueError, match="40 or more"):
        FirmSpec(1, 10, 18, AS_OF)
