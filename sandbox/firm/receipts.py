"""Receipts keyed in by mistake, and deleted the next day."""

from __future__ import annotations

from datetime import timedelta

from sandbox.firm.days import moment, monday_of
from sandbox.firm.receivables import Settlement
from sandbox.firm.world import World


def mistakes(world: World) -> list[Settlement]:
    """All of them by now; they are applied to no invoice."""
    found, week = [], monday_of(world.spec.start)
    while week <= world.as_of.date():
        for number in range(max(1, world.spec.people // 100)):
            key = f"MK-{week:%y%m%d}-{number}"
            at = moment(week + timedelta(days=2), 9, 30 + number % 30)
            if at <= world.as_of and world.chance.hit(0.7, key):
                amount = world.chance.between(900, 9000, "worth", key) * 100
                found.append(Settlement(key, None, "Payment", amount, at, at + timedelta(hours=26)))
        week += timedelta(days=7)
    return found
