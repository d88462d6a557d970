"""The world as Kantata shows it: people, clients, workspaces, plans and rate cards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sandbox.firm.changes import last_carried
from sandbox.firm.customers import Customer
from sandbox.firm.days import moment, monday_of, stamp
from sandbox.firm.group import BUSINESS_UNITS, CONTRACT_TYPES, ENTITIES, KANTATA, PRACTICES, ROLES, UNITS
from sandbox.firm.ids import Ids
from sandbox.firm.kantata_accounting import accounting
from sandbox.firm.kantata_bookings import bookings
from sandbox.firm.kantata_changes import change_tasks, planned_end, price_shown
from sandbox.firm.kantata_hours import hours
from sandbox.firm.kantata_links import custom_values, links
from sandbox.firm.kantata_rates import card_of, rate_cards
from sandbox.firm.kantata_skills import skills
from sandbox.firm.kantata_tasks import task_assignments
from sandbox.firm.pay import psa_cost
from sandbox.firm.people import Person
from sandbox.firm.plants_money import other_spelling
from sandbox.firm.plants_time import CLOSE_AFTER
from sandbox.firm.projects import PHASES, Milestone, Project
from sandbox.firm.rates import cost_on, rate_on
from sandbox.firm.timesheets import INTERNAL_TASKS
from sandbox.firm.world import World

Row = dict[str, Any]
INSTANCE = KANTATA
ACCOUNT = "5"
BILLED_OUT_AFTER = timedelta(days=45)


def project_kantata(world: World, ids: Ids) -> dict[str, list[Row]]:
    """Rows by collection, in API field names."""
    people = [p for p in world.people if _joined(p) <= world.as_of]
    projects = list(world.projects.values())
    resources, allocations = bookings(world, ids)
    return {
        "roles": [{"id": ids.role(name), "name": name, "deleted_at": None, **_born(world)} for name in ROLES],
        "users": [_user(world, ids, person) for person in people],
        "account_memberships": [_membership(world, ids, person) for person in people],
        "cost_rates": [row for person in people for row in _cost_rate(world, person)],
        "workspace_groups": [_group(world, customer) for customer in world.customers.values()],
        "workspaces": [*_internal(world, ids), *(_workspace(world, ids, p) for p in projects)],
        "stories": [
            *_internal_tasks(world, ids),
            *(row for p in projects for row in _stories(world, ids, p)),
            *change_tasks(world, ids),
        ],
        "billing_milestones": [_billing(world, ids, p, m) for p in projects for m in p.milestones],
        "workspace_resources": resources,
        "workspace_allocations": allocations,
        "assignments": task_assignments(world, ids, resources, allocations),
        **rate_cards(world, ids),
        **skills(world, ids, people),
        **hours(world, ids),
        **accounting(world, ids),
        **links(world, ids),
        **custom_values(world, _custom(world, ids, projects)),
        "subscribed_events": [],
    }


def _born(world: World) -> Row:
    at = stamp(moment(world.spec.start - timedelta(days=700), 8))
    return {"created_at": at, "updated_at": at}


def _joined(person: Person) -> datetime:
    return moment(person.hired - timedelta(days=7), 13)


def _user(world: World, ids: Ids, person: Person) -> Row:
    disabled = _disabled_at(world, person)
    changed = disabled or _enabled_again(world, person) or _joined(person)
    email = person.email if person.has_reference else person.email.title()
    return {
        "id": ids.user(person.number),
        "full_name": person.name,
        "email_address": email,
        "disabled": disabled is not None,
        "account_membership_id": str(6001 + person.number),
        "role_id": ids.role(person.role),
        "created_at": stamp(_joined(person)),
        "updated_at": stamp(changed),
    }


def _disabled_at(world: World, person: Person) -> datetime | None:
    """When the account was switched off; the planted ones never are."""
    if person.story == "not_disabled":
        return None
    last = person.span_at(world.as_of.date())[1]
    at = moment(last, 20) if last else None
    return at if at and at <= world.as_of else None


def _enabled_again(world: World, person: Person) -> datetime | None:
    again = [moment(start, 7) for start, _ in person.spans[1:] if moment(start, 7) <= world.as_of]
    return again[-1] if again else None


def _membership(world: World, ids: Ids, person: Person) -> Row:
    currency = ENTITIES[person.entity].currency
    disabled = _disabled_at(world, person)
    day = max(person.hired, world.spec.start)
    return {
        "id": str(6001 + person.number),
        "user_id": ids.user(person.number),
        "default_role_id": ids.role(person.role),
        "bill_rate_in_cents": rate_on("standard", currency, person.role, day),
        "cost_rate_in_cents": cost_on(currency, person.role, day),
        "billability_target": 20 if person.role == "Partner" else 75,
        "manager_id": ids.user(0) if person.number else None,
        "disabled_at": stamp(disabled) if disabled else None,
        "created_at": stamp(_joined(person)),
        "updated_at": stamp(disabled or _enabled_again(world, person) or _joined(person)),
    }


def _cost_rate(world: World, person: Person) -> list[Row]:
    """The copy of finance's rate: one per member and currency, without a date, changed on the day of a review."""
    known = psa_cost(world.payroll, person, world.as_of.date())
    if known is None:
        return []
    amount, since = known
    return [
        {
            "id": str(9001 + person.number), "account_membership_id": str(6001 + person.number),
            "currency": ENTITIES[person.entity].currency, "amount_in_subunits": amount, "in_use": True,
            "created_at": stamp(_joined(person)), "updated_at": stamp(moment(since, 6)),
        }
    ]  # fmt: skip


def group_id(customer: Customer) -> str:
    """Kantata client group of a customer."""
    return str(2001 + customer.number)


def _group(world: World, customer: Customer) -> Row:
    street = world.customer_drift.get(("kantata", customer.key, "billing_address"), customer.street)
    at = stamp(customer.created_at + timedelta(days=3))
    return {
        "id": group_id(customer),
        "name": customer.name,
        "email": f"office@{customer.short}.example",
        "address": f"{street}, {customer.city} {customer.postal_code}",
        "website": customer.website,
        "company": True,
        "created_at": at,
        "updated_at": at,
    }


def _status(world: World, project: Project) -> tuple[str, datetime]:
    """Status key and since when it stands."""
    now, start = world.as_of, moment(project.start, 7)
    closing = moment(project.end + BILLED_OUT_AFTER, 7)
    if project.archived_at and project.archived_at <= now:
        return "cancelled", project.archived_at
    if project.on_hold_from:
        return "on_hold", moment(project.on_hold_from, 9)
    if closing <= now:
        return "completed", closing
    if start > now:
        return "not_started", project.opened_at
    mood = world.chance.weighted([("on_track", 7), ("at_risk", 2), ("in_trouble", 1)], "status", project.key)
    return mood, start


def _progress(world: World, project: Project) -> tuple[int, datetime]:
    """Percent complete as of the last Monday."""
    monday = monday_of(world.as_of.date())
    if moment(monday, 7) > world.as_of:
        monday -= timedelta(days=7)
    day = min(max(monday, project.start), monday_of(project.end) + timedelta(days=7))
    share = (day - project.start).days / max(1, (project.end - project.start).days)
    return max(0, min(100, round(share * 100))), moment(day, 7)


def _workspace(world: World, ids: Ids, project: Project) -> Row:
    status, since = _status(world, project)
    percent, measured = _progress(world, project)
    archived = bool(project.archived_at and project.archived_at <= world.as_of)
    carried = last_carried(world.changes_of(project=project.key), ("budget", "plan"), world.as_of)
    changed = max(at for at in (project.opened_at, since, measured, carried) if at and at <= world.as_of)
    due = planned_end(world, project).isoformat()
    return {
        "id": ids.workspace(project.key),
        "title": project.name,
        "account_id": ACCOUNT,
        "currency": project.currency,
        "start_date": project.start.isoformat(),
        "due_date": due,
        "effective_due_date": due,
        "status_key": status,
        "stage": "project",
        "rate_card_id": card_of(world, project),
        "primary_workspace_group_id": group_id(world.customers[project.account.customer]),
        "primary_maven_id": ids.user(project.lead.number),
        "description": project.code,
        "archived": archived,
        "currency_base_unit": UNITS[project.currency],
        "price_in_cents": price_shown(world, project),
        "percentage_complete": percent,
        "change_orders_enabled": False,
        "budgeted": True,
        "created_at": stamp(project.opened_at),
        "updated_at": stamp(changed),
    }


def _internal(world: World, ids: Ids) -> list[Row]:
    """Work that no client pays for: one workspace per practice, and an old one in the archive."""
    names = [(f"internal:{p.id}", f"Internal - {p.salesforce}", False) for p in PRACTICES.values()]
    rows = []
    for key, title, archived in [*names, ("", "Internal - Intranet relaunch 2023", True)]:
        rows.append(
            {
                "id": ids.workspace(key) if key else "120", "title": title, "account_id": ACCOUNT, "currency": "USD",
                "start_date": None, "due_date": None, "effective_due_date": None,
                "status_key": "completed" if archived else "on_track", "stage": "project", "rate_card_id": None,
                "primary_workspace_group_id": None, "primary_maven_id": ids.user(0), "archived": archived,
                "currency_base_unit": 100, "price_in_cents": None, "percentage_complete": None,
                "change_orders_enabled": False, "budgeted": False, **_born(world),
            }
        )  # fmt: skip
    return rows


def _story(ids_: str, workspace: str, title: str, kind: str, **more: Any) -> Row:
    return {
        "id": ids_, "workspace_id": workspace, "parent_id": None, "title": title, "story_type": kind,
        "state": "started",
        "start_date": None, "due_date": None, "deleted_at": None, "percentage_complete": None, "billable": True,
        "fixed_fee": False, "archived": False, "budget_estimate_in_cents": None, "time_estimate_in_minutes": None,
    } | more  # fmt: skip


def _internal_tasks(world: World, ids: Ids) -> list[Row]:
    return [
        _story(
            ids.story(f"internal:{p}", order),
            ids.workspace(f"internal:{p}"),
            title,
            "task",
            billable=False,
            **_born(world),
        )
        for p in PRACTICES
        for order, title in enumerate(INTERNAL_TASKS)
    ]


def _stories(world: World, ids: Ids, project: Project) -> list[Row]:
    made = stamp(project.opened_at + timedelta(minutes=20))
    fixed = project.contract_type in ("milestone", "fixed_fee")
    rows = [
        _story(
            ids.story(project.key, order), ids.workspace(project.key), title, "task", fixed_fee=fixed,
            start_date=project.start.isoformat(), due_date=project.end.isoformat(),
            time_estimate_in_minutes=project.budget_hours * (20, 25, 45, 10)[order] * 60 // 100,
            created_at=made, updated_at=made,
        )
        for order, title in enumerate(PHASES)
    ]  # fmt: skip
    for milestone in project.milestones:
        accepted = accepted_at(milestone)
        done = accepted <= world.as_of
        rows.append(
            _story(
                ids.milestone(milestone.key), ids.workspace(project.key), milestone.title, "milestone", fixed_fee=True,
                state="completed" if done else "not started", due_date=milestone.due.isoformat(),
                percentage_complete=100 if done else 0, budget_estimate_in_cents=milestone.amount,
                created_at=made, updated_at=stamp(accepted) if done else made,
            )
        )  # fmt: skip
    return rows


def accepted_at(milestone: Milestone) -> datetime:
    """When the acceptance is entered."""
    return entered_at(milestone.accepted)


def entered_at(day: date) -> datetime:
    """When what was accepted on a day is entered."""
    return moment(day, 12, 30)


def _billing(world: World, ids: Ids, project: Project, milestone: Milestone) -> Row:
    made = project.opened_at + timedelta(minutes=25)
    invoice = f"PSA-I-{milestone.key}"
    at = world.billed.invoiced_at.get(milestone.key)
    return {
        "id": ids.milestone(milestone.key), "workspace_id": ids.workspace(project.key),
        "story_id": ids.milestone(milestone.key), "title": milestone.title,
        "date_to_invoice": milestone.due.isoformat(), "amount_in_cents": milestone.amount, "currency": project.currency,
        "invoice_id": ids.psa_invoices.get(invoice), "created_at": stamp(made), "updated_at": stamp(at or made),
    }  # fmt: skip


def _custom(world: World, ids: Ids, projects: list[Project]) -> list[tuple[str, str, str, Any, datetime]]:
    """(subject type, subject id, field, value, set at) of every custom value."""
    found: list[tuple[str, str, str, Any, datetime]] = []
    born = moment(world.spec.start - timedelta(days=700), 8)
    for practice in PRACTICES.values():
        workspace = ids.workspace(f"internal:{practice.id}")
        for name, value in (("Practice", practice.kantata), ("Business Unit", BUSINESS_UNITS[practice.unit].kantata),
                            ("Legal Entity", "MCG US")):  # fmt: skip
            found.append(("Workspace", workspace, name, value, born))
    for project in projects:
        for name, value in _project_values(project):
            found.append(("Workspace", ids.workspace(project.key), name, value, project.opened_at))
        for milestone in project.milestones:
            story, made = ids.milestone(milestone.key), project.opened_at + timedelta(minutes=30)
            found.append(("Story", story, "Baseline Due Date", milestone.baseline.isoformat(), made))
            if accepted_at(milestone) <= world.as_of:
                found.append(
                    ("Story", story, "Accepted On", milestone.accepted.isoformat(), accepted_at(milestone))
                )
    for customer in world.customers.values():
        at = customer.created_at + timedelta(days=3)
        copies: tuple[tuple[str, str, Any], ...] = (("Legal Name", "legal_name", other_spelling(customer)),
                                       ("Payment Terms Days", "payment_terms", customer.terms))  # fmt: skip
        for name, attribute, value in copies:
            shown = world.customer_drift.get(("kantata", customer.key, attribute), value)
            found.append(("WorkspaceGroup", group_id(customer), name, shown, at))
    return found


def _project_values(project: Project) -> list[tuple[str, Any]]:
    return [
        ("Practice", PRACTICES[project.practice].kantata),
        ("Business Unit", BUSINESS_UNITS[project.unit].kantata),
        ("Legal Entity", ENTITIES[project.entity].kantata),
        ("Contract Type", CONTRACT_TYPES[project.contract_type][1]),
        ("Open For Time From", project.start.isoformat()),
        ("Open For Time To", (project.end + CLOSE_AFTER).isoformat()),
        ("Budget Hours", project.budget_hours),
    ]
