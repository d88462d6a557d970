"""What wakes a read, and what a read has answered: messages wait until a read that began after them succeeds."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from reverse_etl.inbox import store
from reverse_etl.ledger import reading, writing


def waiting(engine: sa.Engine) -> list[store.Waiting]:
    """Instances with messages that no read has answered."""
    with reading(engine) as connection:
        return store.waiting(connection)


def answered(engine: sa.Engine, instance: str, started_at: datetime, run_id: str) -> int:
    """A read of the instance that began at `started_at` has succeeded; returns how many messages it answered."""
    with writing(engine) as connection:
        return store.settle(connection, instance, started_at, run_id)
