"""Ground truth of contracts: values that disagree, and changes that were not carried through or worked on too early."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.firm.contract_cases import C05_STORIES, C06_STORIES, EARLY_STORIES
from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import KANTATA, NETSUITE, money
from sandbox.firm.ids import PODS, Ids
from sandbox.firm.projects import ChangeRequest, Project
from sandbox.firm.world import World
from sandbox.simulators.salesforce.ids import make_id


def contract_truth(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """Expected findings of C05 and C06."""
    for project in world.projects.values():
        if project.story in C05_STORIES:
            yield _value(world, ids, project)
    for change in world.changes:
        if change.story in C06_STORIES:
            yield _not_carried(ids, change)
        if change.story in EARLY_STORIES:
            yield _early(world, ids, change)


def _value(world: World, ids: Ids, project: Project) -> Discrepancy:
    deal = str(project.deal)
    number, crm = ids.sf_contracts[f"K-{deal}"], ids.crm(deal)
    own = make_id("Contract", number, PODS[crm])
    changes = [c for c in world.changes if c.project == project.key]
    signed = project.price + sum(c.amount for c in changes if c.approved_at)
    shown = project.price + project.psa_error + sum(c.moves("budget", world.as_of) for c in changes)
    scheduled = sum(c.amount for c in world.billed.charges if c.project == project.key)
    apart = [abs(shown - signed)]
    if project.contract_type != "time_and_materials":
        apart += [abs(scheduled - signed), abs(scheduled - shown)]
    return Discrepancy(
        "C05", f"{crm}:{own}", "", project.story, money(max(apart), project.currency), project.currency,
        f"CRM {signed}, PSA {shown}, ERP {scheduled}",
        [record(crm, "Contract", own), record(KANTATA, "workspaces", ids.workspace(project.key)),
         record(NETSUITE, "job", ids.job(project.key))],
    )  # fmt: skip


def _not_carried(ids: Ids, change: ChangeRequest) -> Discrepancy:
    own, crm = ids.changes[change.key], ids.crm(change.deal)
    return Discrepancy(
        "C06", f"{crm}:{own}", "", change.story, money(abs(change.amount), change.currency), change.currency,
        f"legs that nobody carried: {', '.join(sorted(change.lacks | change.halved))}",
        [record(crm, "Change_Request__c", own)],
    )  # fmt: skip


def _early(world: World, ids: Ids, change: ChangeRequest) -> Discrepancy:
    own, crm = ids.changes[change.key], ids.crm(change.deal)
    entries = [e for e in world.entries if e.project == change.project]
    worth = sum(e.minutes * e.rate // 60 for e in entries)
    return Discrepancy(
        "C06", f"early:{crm}:{own}", "", change.story, money(worth, change.currency), change.currency,
        f"{len(entries)} entries before approval",
        [record(crm, "Change_Request__c", own),
         *(record(KANTATA, "time_entries", ids.entries[e.key]) for e in entries)],
    )  # fmt: skip
