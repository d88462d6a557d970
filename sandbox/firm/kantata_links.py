"""External references and custom values: how other systems' ids and our own codes hang on Kantata records."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.firm.days import moment, stamp
from sandbox.firm.ids import Ids, rank
from sandbox.firm.kantata_changes import change_task
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.scenarios_master import NOT_IN_ERP
from sandbox.firm.world import World

Row = dict[str, Any]
Link = tuple[
    datetime, str, str, str, str, str
]  # made at, service, model, reference, subject type, subject id

FIELDS = (
    ("Workspace", "Practice", "string"), ("Workspace", "Business Unit", "string"),
    ("Workspace", "Legal Entity", "string"), ("Workspace", "Contract Type", "string"),
    ("Workspace", "Open For Time From", "date"), ("Workspace", "Open For Time To", "date"),
    ("Workspace", "Budget Hours", "number"), ("WorkspaceGroup", "Legal Name", "string"),
    ("WorkspaceGroup", "Payment Terms Days", "number"), ("Story", "Accepted On", "date"),
    ("Story", "Baseline Due Date", "date"),
)  # fmt: skip
_SETS = {"Workspace": "41", "WorkspaceGroup": "42", "Story": "43"}


def links(world: World, ids: Ids) -> dict[str, list[Row]]:
    """All external references."""
    found = [*_project_links(world, ids), *_client_links(world, ids), *_other_links(world, ids)]
    found += [
        (c.created_at, "salesforce", "Change_Request__c", ids.changes[c.key], "Story", change_task(ids, c))
        for c in world.changes
    ]
    found = [link for link in found if link[0] <= world.as_of]
    numbers = rank(((link[0], "|".join(link[1:])) for link in found), 60_001)
    return {
        "external_references": [
            {
                "id": numbers["|".join(link[1:])], "service_name": link[1], "service_model": link[2],
                "service_model_ref": link[3], "subject_type": link[4], "subject_id": link[5], "status": "successful",
                "last_synced_at": stamp(link[0]), "locked": False, "created_at": stamp(link[0]),
                "updated_at": stamp(link[0]),
            }
            for link in found
        ]
    }  # fmt: skip


def _project_links(world: World, ids: Ids) -> list[Link]:
    found: list[Link] = []
    for project in world.projects.values():
        workspace, at = ids.workspace(project.key), project.opened_at
        if project.deal and project.deal in ids.opportunities:
            found.append(
                (
                    at + timedelta(minutes=5),
                    "salesforce",
                    "Opportunity",
                    ids.opportunities[project.deal],
                    "Workspace",
                    workspace,
                )
            )
        if project.story not in NOT_IN_ERP:
            found.append(
                (at + timedelta(hours=2), "netsuite", "job", ids.job(project.key), "Workspace", workspace)
            )
    for charge in world.billed.charges:
        if charge.milestone and charge.key in ids.charges:
            story = ids.milestone(charge.milestone.key)
            found.append((charge.created_at, "netsuite", "charge", ids.charges[charge.key], "Story", story))
    return found


def _client_links(world: World, ids: Ids) -> list[Link]:
    found: list[Link] = []
    for customer in world.customers.values():
        group, at = str(2001 + customer.number), customer.created_at + timedelta(days=3, minutes=10)
        if customer.group_reference in ("both", "salesforce"):
            found.append((at, "salesforce", "Account", ids.account(customer.number), "WorkspaceGroup", group))
        if customer.group_reference in ("both", "netsuite"):
            own = ids.erp_customer(customer.accounts[0].key)
            found.append((at, "netsuite", "customer", own, "WorkspaceGroup", group))
    return found


def _other_links(world: World, ids: Ids) -> list[Link]:
    found: list[Link] = []
    for person in world.people:
        if person.has_reference:
            at = moment(person.hired - timedelta(days=7), 13, 5)
            found.append((at, "bamboohr", "employee", employee_id(person), "User", ids.user(person.number)))
    seen: set[str] = set()
    for item in world.receivables:
        psa = item.invoice.psa
        if psa and psa not in seen:
            seen.add(psa)
            at = item.invoice.created_at + timedelta(minutes=15)
            own = ids.transactions[item.invoice.key]
            found.append((at, "netsuite", "invoice", own, "Invoice", ids.psa_invoices[psa]))
    return found


def custom_values(world: World, values: list[tuple[str, str, str, Any, datetime]]) -> dict[str, list[Row]]:
    """Custom fields and the values on records."""
    born = stamp(moment(world.spec.start - timedelta(days=700), 8))
    stamps = {"created_at": born, "updated_at": born}
    field_ids = {(subject, name): str(51 + n) for n, (subject, name, _) in enumerate(FIELDS)}
    kinds = {(subject, name): kind for subject, name, kind in FIELDS}
    numbers = rank(((at, f"{subject}|{own}|{name}") for subject, own, name, _, at in values), 80_001)
    return {
        "custom_field_sets": [
            {"id": number, "name": f"{subject} fields", "subject_type": subject, **stamps}
            for subject, number in _SETS.items()
        ],
        "custom_fields": [
            {
                "id": field_ids[subject, name], "name": name, "custom_field_set_id": _SETS[subject], "value_type": kind,
                **stamps,
            }
            for subject, name, kind in FIELDS
        ],
        "custom_field_values": [
            {
                "id": numbers[f"{subject}|{own}|{name}"], "subject_type": subject, "subject_id": own,
                "custom_field_id": field_ids[subject, name], "custom_field_name": name, "value": str(value),
                "type": kinds[subject, name], "created_at": stamp(at), "updated_at": stamp(at),
            }
            for subject, own, name, value, at in values
        ],
    }  # fmt: skip
