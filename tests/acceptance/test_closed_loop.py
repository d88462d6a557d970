"""From finding to verified: each of the five corrections goes through the real loop on a served firm.

The story runs once: first read, decisions, a vendor value changed behind an approver's back, dispatch, second
read. The tests then look at what it left: in the vendors, in the ledger and in the published copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from orchestration.demo import Loop
from reverse_etl.audit import verify_chain
from reverse_etl.models import Correction, Filter, State
from reverse_etl.setup import open_published
from tests.support import Firm, running_firm

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("closed_loop")]

KINDS = {
    "B05": "salesforce.opportunity",
    "C03": "salesforce.account",
    "C01": "kantata.workspace",
    "H01": "kantata.workspace_allocation",
    "B01": "netsuite.charge",
}
ON_APPROVAL = ("C01", "H01", "B01")


@dataclass
class Story:
    """What happened, for the tests to look at."""

    firm: Firm
    loop: Loop
    proposed: dict[str, list[Correction]] = field(default_factory=dict)
    untouched: dict[str, Correction] = field(default_factory=dict)
    approved: dict[str, list[Correction]] = field(default_factory=dict)
    conflicting: Correction | None = None
    findings_before: frozenset[str] = frozenset()
    findings_after: frozenset[str] = frozenset()
    writes_before_approval: list[tuple[str, str]] = field(default_factory=list)

    def state_of(self, item: Correction) -> State:
        return self.loop.writeback.outbox.show(item.correction_id).correction.state


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with running_firm(tmp_path_factory.mktemp("loop"), people=60) as firm:
        os.environ["DAGSTER_HOME"] = str(firm.home.dagster)
        told = Story(firm, Loop.open())
        told.loop.turn("first read")
        _decide(told)
        told.loop.job("dispatch_job")
        told.loop.turn("second read")
        told.findings_after = open_published(firm.home).state().finding_ids
        yield told


def _decide(story: Story) -> None:
    outbox = story.loop.writeback.outbox
    story.findings_before = open_published(story.firm.home).state().finding_ids
    for check, target in KINDS.items():
        found = outbox.list(Filter(check_id=check, limit=10_000))
        story.proposed[check] = [item for item in found if item.target == target]
    story.writes_before_approval = _writes(story.firm)
    for check in ON_APPROVAL:
        waiting = [item for item in story.proposed[check] if item.state is State.PROPOSED]
        story.untouched[check], story.approved[check] = waiting[0], waiting[1:]
        for item in story.approved[check]:
            assert story.loop.writeback._approve(item)
    story.conflicting = story.approved["H01"].pop()
    story.firm.admin(
        story.conflicting.target_instance,
        "PATCH",
        f"/rows/workspace_allocations/{story.conflicting.target_record_id}",
        {"end_date": "2027-03-31", "minutes": 4242, "updated_at": "2026-06-30T18:00:00+00:00"},
    )


def _writes(firm: Firm) -> list[tuple[str, str]]:
    """Every call that could have changed a vendor, as (instance, path)."""
    reads = ("/oauth", "/query", "/jobs", "/auth", "/suiteql")
    return [
        (instance, call["path"])
        for instance in firm.servers
        for call in firm.admin(instance, "GET", "/calls")
        if call["method"] != "GET" and not any(part in call["path"] for part in reads)
    ]


@pytest.mark.parametrize("check", KINDS)
def test_the_finding_is_proposed(story: Story, check: str) -> None:
    assert story.proposed[check], f"no {check} correction was proposed"
    for item in story.proposed[check]:
        finding_ids = {change.finding_id for change in item.changes}
        assert finding_ids <= story.findings_before


def test_only_what_policy_lets_through_alone_was_written_before_anybody_decided(story: Story) -> None:
    automatic = {"account", "opportunity", "workspace_groups", "custom_field_values"}
    objects = {path.rstrip("/").split("/")[-2].lower() for _, path in story.writes_before_approval}
    objects |= {path.rstrip("/").split("/")[-1].lower() for _, path in story.writes_before_approval}
    assert story.writes_before_approval
    assert not objects & {"workspaces", "workspace_allocations", "charge"}
    assert objects & automatic


@pytest.mark.parametrize("check", KINDS)
def test_a_fresh_read_shows_no_finding_and_the_correction_is_verified(story: Story, check: str) -> None:
    done = story.approved.get(check) or [item for item in story.proposed[check] if item.mode == "automatic"]
    assert done
    for item in done:
        assert story.state_of(item) is State.VERIFIED, story.loop.writeback.outbox.show(item.correction_id)
        for change in item.changes:
            assert change.finding_id not in story.findings_after


@pytest.mark.parametrize("check", ON_APPROVAL)
def test_an_approval_never_given_writes_nothing(story: Story, check: str) -> None:
    item = story.untouched[check]
    assert story.state_of(item) is State.PROPOSED
    assert not story.loop.writeback.outbox.show(item.correction_id).attempts
    for change in item.changes:
        assert change.finding_id in story.findings_after


def test_a_value_changed_after_approval_stops_the_write(story: Story) -> None:
    item = story.conflicting
    assert item is not None
    assert story.state_of(item) in {State.CONFLICTED, State.SUPERSEDED}
    rows = story.firm.admin(item.target_instance, "GET", "/rows/workspace_allocations")
    row = next(row for row in rows if row["id"] == item.target_record_id)
    assert (row["end_date"], row["minutes"]) == ("2027-03-31", 4242)


def test_the_audit_chain_is_whole(story: Story) -> None:
    assert verify_chain(story.loop.writeback.outbox.engine).is_valid
