"""A run, or a day, that would let too much through by itself stops and asks, and says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from config.schema import Caps
from reverse_etl.caps import Volume, why_stopped
from tests.reverse_etl.factories import charge_row, sync_row

CAPS = Caps(
    automatic_count=3, automatic_amount=Decimal(1000), automatic_count_per_day=5,
    automatic_amount_per_day=Decimal(2000),
)  # fmt: skip


def row(number, money="100"):
    return sync_row(target_record_id=f"006{number}", amount_at_risk_rc=money)


@pytest.mark.parametrize(
    ("run", "today", "words"),
    [
        ((3, "1000"), (0, "0"), None),
        ((4, "1"), (0, "0"), "this run would let 4 through by itself; its cap is 3"),
        ((1, "1000.01"), (0, "0"), "1000.01"),
        ((2, "10"), (3, "0"), None),
        ((3, "10"), (3, "0"), "6 would have gone through by themselves today; the cap is 5 a day"),
        ((1, "1000"), (1, "1000"), None),
        ((1, "1000"), (1, "1000.01"), "2000.01"),
        ((0, "0"), (99, "99999"), None),
    ],
)
def test_caps_hold_to_the_last_one_and_to_the_cent(run, today, words):
    reason = why_stopped(
        CAPS,
        Volume(count=run[0], money=Decimal(run[1])),
        Volume(count=today[0], money=Decimal(today[1])),
    )
    assert (reason is None) if words is None else (words in reason)


def test_no_cap_per_day_is_none():
    caps = Caps(automatic_count=3, automatic_amount=Decimal(1000))
    assert (
        why_stopped(caps, Volume(count=1, money=Decimal(1)), Volume(count=999, money=Decimal(9**9))) is None
    )


def test_the_day_is_counted_from_the_ledger_and_begins_anew(make_outbox, clock):
    outbox = make_outbox(caps=CAPS.model_dump())
    assert len(outbox.propose([row(1), row(2), row(3)]).approved) == 3
    clock.now += timedelta(hours=1)
    held = outbox.propose([row(4), row(5), row(6), charge_row()])
    assert (held.held_by_cap, held.approved, len(held.proposed)) == (True, [], 4)
    items = {item.target_record_id: item for item in outbox.list()}
    assert "6 would have gone through by themselves today" in items["0064"].state_reason
    assert (items["0064"].mode, items["0064"].approver_roles) == ("approval", ("controller",))
    assert "cap" not in items["501"].state_reason
    clock.now += timedelta(days=1)
    assert len(outbox.propose([row(7), row(8)]).approved) == 2


def test_money_of_the_day_counts_whatever_its_sign(make_outbox, clock):
    outbox = make_outbox(caps=CAPS.model_dump())
    assert len(outbox.propose([row(1, "-1000")]).approved) == 1
    clock.now += timedelta(hours=1)
    assert len(outbox.propose([row(2, "1000")]).approved) == 1
    assert outbox.propose([row(3, "0.01")]).held_by_cap


def test_the_day_is_that_of_the_firm(outbox):
    governance = outbox.policy.__class__(
        outbox.policy.policy, outbox.policy.ownership, time_zone="America/New_York"
    )
    moment = datetime(2026, 7, 1, 3, 30, tzinfo=UTC)
    assert governance.day_start(moment).astimezone(UTC) == datetime(2026, 6, 30, 4, 0, tzinfo=UTC)


def test_a_capped_correction_goes_on_when_a_person_says_so(make_outbox):
    outbox = make_outbox(caps={"automatic_count": 0, "automatic_amount": "0"})
    new = outbox.propose([row(1)]).proposed[0]
    assert outbox.approve(new, "carla", ["controller"]).state == "approved"
