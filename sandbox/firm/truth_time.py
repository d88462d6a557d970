"""Ground truth of the checks on time, rates and people: cost rates (R03), double billing (T02), wrong prices (R02)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sandbox.firm.discrepancy import Discrepancy, record
from sandbox.firm.group import BAMBOOHR, KANTATA, NETSUITE, money
from sandbox.firm.ids import Ids
from sandbox.firm.pay import FAULTS
from sandbox.firm.plants_double import ENTRY_STORY
from sandbox.firm.project_bamboohr import employee_id
from sandbox.firm.rates import rate_on
from sandbox.firm.scenarios import WRONG_RATES
from sandbox.firm.truth_close import open_at_close
from sandbox.firm.world import World

_REASONS = dict(zip(FAULTS, ("missing", "late", "zero", "stale", "psa_missing", "psa_differs"), strict=True))


def time_truth(world: World, ids: Ids) -> Iterator[Discrepancy]:
    """What must be found about time, rates and people."""
    yield from _cost_rates(world)
    yield from _doubles(world, ids)
    yield from _wrong_rates(world, ids)
    yield from _wrong_currency(world, ids)
    yield from open_at_close(world, ids)


def _cost_rates(world: World) -> Iterator[Discrepancy]:
    for person in world.people:
        fault = world.payroll.faults.get(person.key)
        if fault:
            own = employee_id(person)
            yield Discrepancy(
                "R03", f"{BAMBOOHR}:{own}|{_REASONS[fault]}", "", fault, None, None,
                "cost rate of a person who books time", [record(BAMBOOHR, "employee", own)],
            )  # fmt: skip


def _doubles(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for item in world.receivables:
        first = world.doubles.first.get(item.invoice.key)
        if first:
            own = ids.transactions[item.invoice.key]
            yield Discrepancy(
                "T02", f"{NETSUITE}:{own}", "", item.invoice.story, money(item.invoice.net, item.project.currency),
                item.project.currency, "bills what another living invoice bills",
                [record(NETSUITE, "transaction", own), record(NETSUITE, "transaction", ids.transactions[first])],
            )  # fmt: skip
    for entry in world.entries:
        if entry.story == ENTRY_STORY and entry.created_at <= world.as_of:
            own, currency = ids.entries[entry.key], world.projects[entry.project].currency
            yield Discrepancy(
                "T02", f"time:{KANTATA}:{own}", "", ENTRY_STORY, money(entry.minutes * entry.rate // 60, currency),
                currency, "the same hours under another id", [record(KANTATA, "time_entries", own)],
            )  # fmt: skip


def _wrong_currency(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for item in world.receivables:
        if item.project.story != "r02_currency":
            continue
        own = ids.transactions[item.invoice.key]
        for person, role in sorted({ln.reference[1:] for ln in item.invoice.lines if ln.source == "time"}):
            yield Discrepancy(
                "R02", f"{NETSUITE}:{own}|{ids.user(int(person[1:]))}|{ids.role(role)}", "", item.project.story, None,
                None, f"billed in {item.currency}, the card is in {item.project.currency}",
                [record(NETSUITE, "transaction", own)], severity="S2",
            )  # fmt: skip


def _wrong_rates(world: World, ids: Ids) -> Iterator[Discrepancy]:
    for item in world.receivables:
        if item.project.story not in WRONG_RATES:
            continue
        own, currency = ids.transactions[item.invoice.key], item.project.currency
        apart: dict[str, int] = defaultdict(int)
        for line in item.invoice.lines:
            if line.source == "time":
                _, person, role = line.reference
                right = rate_on(item.project.card, currency, role, line.service_start)
                reference = f"{ids.user(int(person[1:]))}|{ids.role(role)}"
                apart[reference] += (line.minutes or 0) * ((line.rate or 0) - right) // 60
        for reference, minor in apart.items():
            yield Discrepancy(
                "R02", f"{NETSUITE}:{own}|{reference}", "", item.project.story, money(abs(minor), currency), currency,
                "billed at another rate than the card's", [record(NETSUITE, "transaction", own)],
            )  # fmt: skip
