"""Ground truth of master data: clients without a living ERP customer (C02), accounts held twice (C04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sandbox.firm.crm_accounts import CrmAccount
from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import KANTATA, NETSUITE
from sandbox.firm.ids import Ids
from sandbox.firm.world import World


def master_data(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """What C02 and C04 must find."""
    yield from _without_customer(world, ids)
    yield from _held_twice(world, ids)


def _without_customer(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for project in world.projects.values():
        if project.story in ("c02_no_customer", "c02_blocked"):
            own = ids.workspace(project.key)
            records = [record(KANTATA, "workspaces", own)]
            if project.story == "c02_blocked":
                records.append(record(NETSUITE, "customer", ids.erp_customer(project.account.key)))
            yield Discrepancy(
                "C02", f"{KANTATA}:{own}", "", project.story, None, None, "no ERP customer to bill", records
            )


def _held_twice(world: World, ids: Ids) -> Iterator[Discrepancy]:
    groups: dict[str, list[CrmAccount]] = defaultdict(list)
    for account in world.crm_accounts:
        if account.story.startswith("c04_"):
            groups[account.group].append(account)
    for listed in groups.values():
        keys = [f"{account.crm}:account:{ids.crm_account(account)}" for account in listed]
        records = [record(a.crm, "Account", ids.crm_account(a)) for a in listed]
        if listed[0].of is not None:
            client = listed[0].of
            keys.append(f"{client.crm}:account:{ids.account(client.number)}")
            records.append(record(client.crm, "Account", ids.account(client.number)))
        kind = listed[0].story
        beginning = "review" if kind == "c04_chain" else "accounts"
        yield Discrepancy(
            "C04", f"{beginning}:{min(keys)}", "", kind, None, None, f"{len(keys)} accounts", records
        )
