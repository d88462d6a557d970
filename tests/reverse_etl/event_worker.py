"""A delivery run in a process of its own: made to be killed."""

from __future__ import annotations

import sys

from config.schema import EventDelivery, Subscription
from reverse_etl.events.deliver import deliver
from reverse_etl.ledger import open_ledger
from reverse_etl.outbox import wall_clock

SECRET = "a secret of the tests"


def main(ledger_url: str, url: str) -> None:
    wanted = Subscription(name="data", url=url, types=["concord.*"], secret="EVENTS_SECRET")
    settings = EventDelivery(max_attempts=3, timeout_seconds=20)
    deliver(open_ledger(ledger_url), [wanted], {"EVENTS_SECRET": SECRET}, settings=settings, wall=wall_clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
