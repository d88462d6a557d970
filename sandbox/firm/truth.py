"""Ground truth: every discrepancy that Concord must find in this world, and nothing else. Only tests read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.firm.days import first_of_month
from sandbox.firm.discrepancy import Discrepancy
from sandbox.firm.discrepancy import record as _record
from sandbox.firm.group import BAMBOOHR, KANTATA, NETSUITE, UNITS, money
from sandbox.firm.ids import Ids
from sandbox.firm.plants_money import MISDATED, time_line
from sandbox.firm.plants_tax import STORY
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.project_kantata import group_id
from sandbox.firm.project_salesforce import erp_fields
from sandbox.firm.projects import Deal, Project
from sandbox.firm.rates import rate_on
from sandbox.firm.scenarios import RATE_FAULTS
from sandbox.firm.timesheets import TimeEntry
from sandbox.firm.truth_books import books_truth
from sandbox.firm.truth_contracts import contract_truth
from sandbox.firm.truth_master import master_data
from sandbox.firm.truth_overbook import overbooking_truth
from sandbox.firm.truth_structure import structure_truth
from sandbox.firm.truth_time import time_truth
from sandbox.firm.world import World

Mirror = Mapping[str, Mapping[str, Any]]
#: CRM field of each mirrored value.
MIRRORED = {
    "open_amount": "ERP_Open_Amount__c",
    "overdue_bucket": "ERP_Overdue_Bucket__c",
    "disputed": "ERP_Disputed__c",
    "last_payment_date": "ERP_Last_Payment_Date__c",
}


def ground_truth(world: World, ids: Ids, mirror: Mirror | None = None) -> list[Discrepancy]:
    """Expected findings. `mirror` gives the CRM's ERP fields as they stand now, by opportunity id.

    Without it they are taken as they were filled at the start.
    """
    found = [
        *_won_without_project(world, ids), *_projects_without_deal(world, ids), *_customer_drift(world, ids),
        *_unbilled(world, ids), *_outside_window(world, ids), *_unpriced(world, ids), *_milestones(world, ids),
        *_invoices(world, ids), *_mirror(world, ids, mirror), *_credit_holds(world, ids), *_leavers(world, ids),
        *_missing_numbers(world, ids), *contract_truth(world, ids), *time_truth(world, ids), *books_truth(world, ids),
        *master_data(world, ids), *overbooking_truth(world, ids), *structure_truth(world, ids),
    ]  # fmt: skip
    return sorted(found, key=lambda d: (d.check_id, d.matching_key, d.period))


def _won_without_project(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for deal in world.deals:
        if deal.story in ("c01_none", "c01_archived"):
            own, crm = ids.opportunities[deal.key], ids.crm(deal.key)
            yield Discrepancy(
                "C01", f"{crm}:{own}", "", deal.story, money(deal.services, deal.currency), deal.currency,
                "won deal without a living project", [_record(crm, "Opportunity", own)],
            )  # fmt: skip


def _projects_without_deal(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for project in world.projects.values():
        if project.story in ("c01_no_deal", "c01_open_deal"):
            own = ids.workspace(project.key)
            yield Discrepancy(
                "C01", f"project:{KANTATA}:{own}", "", project.story, money(project.price, project.currency),
                project.currency, "chargeable project without a won deal", [_record(KANTATA, "workspaces", own)],
            )  # fmt: skip


def _customer_drift(world: World, ids: Ids) -> Iterator[Discrepancy]:
    waiting = {item.project.account.customer for item in world.receivables if not item.is_posted(world.as_of)}
    for customer in (c for c in world.customers.values() if c.story == STORY):
        erp = ids.erp_customer(customer.accounts[0].key)
        yield Discrepancy(
            "C03", f"{NETSUITE}:customer:{erp}|tax_id_check", "", STORY, None, None,
            f"check digit of {customer.tax_id}", [_record(NETSUITE, "customer", erp)],
            severity="S1" if customer.key in waiting else "S2",
        )  # fmt: skip
    for (system, key, attribute), value in world.customer_drift.items():
        if attribute == "credit_hold":
            continue
        customer = world.customers[key]
        if system == "salesforce":
            instance, name, own = customer.crm, "account", ids.account(customer.number)
        else:
            instance, name, own = KANTATA, "workspace_group", group_id(customer)
        erp = ids.erp_customer(customer.accounts[0].key)
        yield Discrepancy(
            "C03", f"{instance}:{name}:{own}|{attribute}", "", f"{system}_{attribute}", None, None,
            f"copy shows {value!r}", [_record(NETSUITE, "customer", erp), _record(instance, name, own)],
            severity=("S1" if key in waiting else "S2") if attribute == "tax_id" else None,
        )  # fmt: skip


def _credit_holds(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for _, key, attribute in world.customer_drift:
        if attribute == "credit_hold":
            customer = world.customers[key]
            own = ids.account(customer.number)
            yield Discrepancy(
                "B05", f"{customer.crm}:Account:{own}|credit_hold", "", "credit_hold", None, None,
                "CRM shows the opposite of the ERP", [_record(customer.crm, "Account", own)],
            )  # fmt: skip


def _worth(entries: list[TimeEntry], project: Project, *, estimate: bool = False) -> str:
    rates = [rate_on("standard", project.currency, e.role, e.day) if estimate else e.rate for e in entries]
    return money(
        sum(e.minutes * rate // 60 for e, rate in zip(entries, rates, strict=True)), project.currency
    )


def _live(world: World) -> Iterator[TimeEntry]:
    return (e for e in world.entries if e.is_there(world.as_of))


def _approved(world: World, entry: TimeEntry) -> bool:
    return entry.billable and entry.approved_at is not None and entry.approved_at <= world.as_of


def _unbilled(world: World, ids: Ids) -> Iterator[Discrepancy]:
    groups: dict[tuple[str, str], list[TimeEntry]] = {}
    for entry in _live(world):
        month = f"{entry.day:%Y-%m}"
        if _approved(world, entry) and (
            f"{entry.project}|{month}" in world.plants.forgotten or entry.story == "unbilled"
        ):
            groups.setdefault((entry.project, month), []).append(entry)
    for (key, month), entries in groups.items():
        project, own = world.projects[key], ids.workspace(key)
        kind = "unbilled_month" if f"{key}|{month}" in world.plants.forgotten else "unbilled_entries"
        yield Discrepancy(
            "T01", f"{KANTATA}:{own}", month, kind, _worth(entries, project), project.currency,
            f"{len(entries)} entries", [_record(KANTATA, "time_entries", ids.entries[e.key]) for e in entries],
        )  # fmt: skip


def _outside_window(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for entry in _live(world):
        if entry.story.startswith("t03_") and entry.story != "t03_fresh":
            project, own = world.projects[entry.project], ids.entries[entry.key]
            yield Discrepancy(
                "T03", f"{KANTATA}:{own}", "", entry.story, _worth([entry], project), project.currency,
                f"work on {entry.day} outside the window of {project.code}",
                [_record(KANTATA, "time_entries", own), _record(KANTATA, "workspaces", ids.workspace(project.key))],
            )  # fmt: skip


def _is_unpriced(project: Project, role: str) -> bool:
    if project.story in ("r01_no_role", "r01_zero_rate"):
        return role == project.team[0].person.role
    return project.story in RATE_FAULTS


def _unpriced(world: World, ids: Ids) -> Iterator[Discrepancy]:
    groups: dict[tuple[str, str, str], list[TimeEntry]] = {}
    for entry in _live(world):
        project = world.projects.get(entry.project)
        if project and _approved(world, entry) and _is_unpriced(project, entry.role):
            groups.setdefault((entry.project, entry.role, f"{first_of_month(entry.day):%Y-%m}"), []).append(
                entry
            )
    for (key, role, month), entries in groups.items():
        project = world.projects[key]
        yield Discrepancy(
            "R01", f"{KANTATA}:{ids.workspace(key)}|{KANTATA}:{ids.role(role)}", month, project.story,
            _worth(entries, project, estimate=True), project.currency, f"{len(entries)} entries of {role}; estimated",
            [_record(KANTATA, "time_entries", ids.entries[e.key]) for e in entries],
        )  # fmt: skip


def _milestones(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for project in world.projects.values():
        for milestone in project.milestones:
            if milestone.hold:
                own = ids.milestone(milestone.key)
                charge = ids.charges[f"CH-{milestone.key}"]
                yield Discrepancy(
                    "B01", f"{KANTATA}:{own}", "", project.story, money(milestone.amount, project.currency),
                    project.currency, f"accepted on {milestone.accepted}",
                    [_record(KANTATA, "stories", own), _record(NETSUITE, "charge", charge)],
                )  # fmt: skip


def _invoices(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for item in world.receivables:
        if item.invoice.story == MISDATED:
            line, currency = time_line(item.invoice), item.project.currency
            yield Discrepancy(
                "B03", f"{KANTATA}:{ids.workspace(item.project.key)}|{currency}", f"{line.service_start:%Y-%m}",
                MISDATED, money(line.amount, currency), currency, "hours of the month after",
                [_record(NETSUITE, "transaction", ids.transactions[item.invoice.key])],
            )  # fmt: skip
        elif item.invoice.story.startswith("b03_"):
            own = ids.transactions[item.invoice.key]
            extra = item.invoice.header_error or sum(
                ln.amount for ln in item.invoice.lines if not ln.reference
            )
            kind = item.invoice.story if item.invoice.posted_at else "b03_draft_extra"
            yield Discrepancy(
                "B03", f"{NETSUITE}:{own}", "", kind, money(abs(extra), item.project.currency), item.project.currency,
                "not explained by time, expenses, milestones or agreed extras", [_record(NETSUITE, "transaction", own)],
            )  # fmt: skip


def _mirror(world: World, ids: Ids, mirror: Mirror | None) -> Iterator[Discrepancy]:
    for deal in world.deals:
        standing = world.standing(deal, world.as_of)
        if standing is None or not deal.won or deal.closed_at > world.as_of:
            continue
        if deal.story == "x02_currency":  # what is open in another currency says nothing of the deal's
            continue
        own = ids.opportunities[deal.key]
        shown = mirror[own] if mirror is not None else erp_fields(world, deal)
        paid = standing.last_payment.isoformat() if standing.last_payment else None
        minor = int(Decimal(shown["ERP_Open_Amount__c"] or 0) * UNITS[deal.currency])
        pairs = {
            "open_amount": (minor, standing.open_amount),
            "overdue_bucket": (shown["ERP_Overdue_Bucket__c"] or None, standing.bucket),
            "disputed": (bool(shown["ERP_Disputed__c"]), standing.disputed),
            "last_payment_date": (shown["ERP_Last_Payment_Date__c"] or None, paid),
        }
        for name, (crm, erp) in pairs.items():
            if crm != erp:
                yield _drifted(world, ids, deal, name, crm, erp)


def _drifted(world: World, ids: Ids, deal: Deal, name: str, crm: Any, erp: Any) -> Discrepancy:
    own, instance = ids.opportunities[deal.key], ids.crm(deal.key)
    amount = money(abs(crm - erp), deal.currency) if name == "open_amount" else None
    kind = "planted" if (deal.key, name) in world.deal_drift else "drift"
    return Discrepancy(
        "B05", f"{instance}:{own}|{name}", "", f"{kind}_{name}", amount, deal.currency if amount else None,
        f"CRM {crm!r}, ERP {erp!r}", [_record(instance, "Opportunity", own)],
    )  # fmt: skip


def _leavers(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for booking in world.plants.bookings:
        own = ids.bookings[booking.key]
        yield Discrepancy(
            "H01", f"{KANTATA}:{own}", "", booking.person.story, None, None,
            f"{booking.person.name} left on {booking.person.termination}",
            [
                _record(BAMBOOHR, "employee", employee_id(booking.person)),
                _record(KANTATA, "workspace_allocations", own),
            ],
        )  # fmt: skip
    for entry in _live(world):
        if entry.story == "h01_time":
            own, project = ids.entries[entry.key], world.projects[entry.project]
            yield Discrepancy(
                "H01", f"time:{KANTATA}:{own}", "", "late_time", _worth([entry], project), project.currency,
                f"{entry.person.name} left on {entry.person.termination}", [_record(KANTATA, "time_entries", own)],
            )  # fmt: skip
    for person in world.people:
        if person.story == "not_disabled":
            own = ids.user(person.number)
            yield Discrepancy(
                "H01", f"user:{KANTATA}:{own}", "", "not_disabled", None, None,
                f"{person.name} left on {person.termination}", [_record(KANTATA, "users", own)],
            )  # fmt: skip


def _missing_numbers(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for entity, number, item in ids.invoice_numbers[1]:
        kind = "deleted_draft" if world.gaps[item.invoice.key] else "gap"
        yield Discrepancy("X03", f"invoice_sequence:{entity}:{number}", "", kind, None, None,
                          "no document carries this number", [])  # fmt: skip
