"""Ground truth of what hangs together (C03): companies of contract and project, paths to the top parent."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5

from sandbox.firm.days import moment
from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import KANTATA, NETSUITE
from sandbox.firm.ids import Ids
from sandbox.firm.plants_hierarchy import ring_customers
from sandbox.firm.project_kantata import BILLED_OUT_AFTER
from sandbox.firm.world import World

_COMPANY = ("c03_contract_company", "c03_erp_company")


def structure_truth(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """What must be found about companies that sell and companies that own each other."""
    for project in world.projects.values():
        if project.story in _COMPANY and moment(project.end + BILLED_OUT_AFTER, 7) > world.as_of:
            own = ids.workspace(project.key)
            yield Discrepancy(
                "C03", f"{KANTATA}:workspace:{own}|legal_entity", "", project.story, None, None,
                f"sold by {project.entity}", [record(KANTATA, "workspaces", own)], severity="S2",
            )  # fmt: skip
    for account in (a for a in world.crm_accounts if a.story == "c03_parent_crm"):
        own = ids.crm_account(account)
        yield _own_parent(account.crm, own, account.story, [record(account.crm, "Account", own)])
    for key in ring_customers(world.erp_parents):
        customer = world.customers[key]
        erp = ids.erp_customer(customer.accounts[0].key)
        yield _own_parent(
            customer.crm, ids.account(customer.number), "c03_parent_erp", [record(NETSUITE, "customer", erp)]
        )


def _own_parent(crm: str, account: str, kind: str, records: list[dict[str, str]]) -> Discrepancy:
    """The customer is named after the CRM account that anchors it."""
    anchor = md5(f"1|{crm}:account:{account}".encode(), usedforsecurity=False).hexdigest()
    return Discrepancy(
        "C03",
        f"cus_{anchor}|parent",
        "",
        kind,
        None,
        None,
        "its own parent in the end",
        records,
        severity="S3",
    )
