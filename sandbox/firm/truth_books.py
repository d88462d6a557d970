"""Ground truth of the books: milestones billed early (B02), wrong company or period (B04), pairs (X01), rates (X02)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import ENTITIES, KANTATA, NETSUITE, money
from sandbox.firm.ids import Ids
from sandbox.firm.intercompany import cross_charges
from sandbox.firm.journals import provider_key
from sandbox.firm.project_kantata import accepted_at
from sandbox.firm.world import World

_FAULTS = {
    "b04_entity": ("B04", "entity", "issued by another company than the contract's"),
    "b04_period": ("B04", "period", "posted in another month than that of its date"),
    "b04_psa_draft": ("B04", "psa_draft", "posted, and still a draft in the delivery system"),
    "x02_rate": ("X02", "rate", "not the rate of the table"),
    "x02_conversion": ("X02", "conversion", "converted wrongly"),
}
#: A milestone billed early is worst where its revenue was recognised with it.
EARLY_SEVERITY = {"b02_early": "S3", "b02_recognised": "S1"}


def books_truth(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """What must be found in the books."""
    yield from _billed_early(world, ids)
    yield from _pairs(world, ids)
    yield from _other_currency(world, ids)
    for item in world.receivables:
        if item.invoice.story in _FAULTS:
            check, reason, note = _FAULTS[item.invoice.story]
            own, foreign = ids.transactions[item.invoice.key], check == "X02"
            yield Discrepancy(
                check, f"{NETSUITE}:{own}|{reason}", "", item.invoice.story,
                None if foreign else money(item.invoice.net, item.project.currency),
                ENTITIES[item.entity].currency if foreign else item.project.currency,
                note, [record(NETSUITE, "transaction", own)],
            )  # fmt: skip


def _other_currency(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for item in world.receivables:
        if item.project.story == "x02_currency" and item.is_posted(world.as_of):
            own = ids.transactions[item.invoice.key]
            yield Discrepancy(
                "X02", f"{NETSUITE}:{own}|currency", "", item.project.story, money(item.invoice.net, item.currency),
                item.currency, f"the contract is in {item.project.currency}", [record(NETSUITE, "transaction", own)],
            )  # fmt: skip


def _pairs(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for charge in cross_charges(world):
        if charge.fault:
            own = ids.transactions[provider_key(charge)]
            reason = charge.fault.removeprefix("x01_")
            yield Discrepancy(
                "X01", f"{NETSUITE}:{own}|{reason}", "", charge.fault, None, ENTITIES[charge.provider].currency,
                f"{charge.provider} lends to {charge.receiver}", [record(NETSUITE, "transaction", own)],
            )  # fmt: skip


def _billed_early(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for project in world.projects.values():
        if project.story not in EARLY_SEVERITY:
            continue
        for milestone in project.milestones:
            if milestone.billed_early and accepted_at(milestone) > world.as_of:
                own = ids.milestone(milestone.key)
                yield Discrepancy(
                    "B02", f"{KANTATA}:{own}", "", project.story, money(milestone.amount, project.currency),
                    project.currency, f"billed after {milestone.billed_early}, not accepted yet",
                    [record(KANTATA, "stories", own)], severity=EARLY_SEVERITY[project.story],
                )  # fmt: skip
