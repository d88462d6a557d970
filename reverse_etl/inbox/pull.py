"""Messages that are fetched, not posted: Kantata's feed of subscribed events goes through the same inbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from config.clock import Clock
from config.paths import Home
from config.schema import Config, Instance
from connectors import kantata
from connectors.webhooks import Change
from reverse_etl.inbox import store
from reverse_etl.ledger import reading, writing
from reverse_etl.ledger.schema import inbox_feed
from reverse_etl.outbox import wall_clock
from reverse_etl.values import canonical_json

# The feed is late by minutes and out of order; what comes twice is dropped by its id.
OVERLAP = timedelta(minutes=15)
FIRST_LOOK = timedelta(hours=1)
"""How far the first look goes back: what is older, the hourly read has seen."""
SUBJECTS = (
    "workspace", "workspace_group", "story", "time_entry", "expense", "invoice", "billing_milestone",
    "workspace_allocation", "workspace_resource", "account_membership",
)  # fmt: skip
EVENT_TYPES = tuple(f"{subject}:{verb}" for subject in SUBJECTS for verb in ("created", "updated", "deleted"))


def pulled_instances(config: Config) -> list[Instance]:
    """Instances with a feed to fetch."""
    return [
        one
        for one in config.instances
        if one.system == "kantata" and one.options.get("subscribed_events") is True
    ]


def pull(
    engine: sa.Engine,
    instance: Instance,
    home: Home,
    environ: Mapping[str, str],
    *,
    clock: Clock,
    wall: Clock = wall_clock,
) -> int:
    """Fetch what the feed holds since the last time into the inbox; returns how many messages were new.

    `clock` tells the vendor's day, `wall` real time, in which messages wait for a read. Raises a connector's error
    when the feed cannot be read; nothing is lost, the next pull starts from the same place.
    """
    client = kantata.connect(instance, environ=environ, budget_dir=home.budget, clock=clock)
    now = clock()
    with reading(engine) as connection:
        query = sa.select(inbox_feed.c.read_until).where(inbox_feed.c.instance == instance.name)
        position = connection.execute(query).scalar()
    since = position - OVERLAP if position else now - FIRST_LOOK
    fresh = 0
    for page in client.events(EVENT_TYPES, since):
        with writing(engine) as connection:
            for row in page:
                body = canonical_json(dict(row))
                fresh += store.keep(connection, instance.name, [_change(row)], body, wall())
    with writing(engine) as connection:
        connection.execute(inbox_feed.delete().where(inbox_feed.c.instance == instance.name))
        connection.execute(inbox_feed.insert().values(instance=instance.name, read_until=now))
    return fresh


def _change(row: Mapping[str, Any]) -> Change:
    subject, _, _ = str(row["event_type"]).partition(":")
    return Change(message_id=str(row["id"]), object=subject, record_ids=(str(row["subject_id"]),))
