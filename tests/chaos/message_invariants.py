"""What must hold for events and webhooks after every run. Each function yields words about what broke."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from reverse_etl.events import log
from reverse_etl.inbox.answering import waiting
from reverse_etl.ledger import reading
from reverse_etl.ledger.schema import inbox_message
from tests.chaos.machines import SUBSCRIPTIONS
from tests.chaos.simulation import Run


def subscribers_hear_everything_in_order(run: Run) -> Iterator[str]:
    """Each event reaches each subscriber of its type at least once, and the first time in the order of its subject."""
    with reading(run.outbox.engine) as connection:
        events = log.find(connection, limit=1_000_000)
    for wanted in SUBSCRIPTIONS:
        heard = [one for one in run.heard if one[0] == wanted.name]
        expected = {e.event_id for e in events if e.type.startswith(wanted.types[0][:-1])}
        missed = expected - {event_id for _, event_id, _, _ in heard}
        if missed:
            yield f"{wanted.name} never heard {len(missed)} of {len(expected)} events"
        first: dict[str, tuple[str, int]] = {}
        for _, event_id, subject, sequence in heard:
            first.setdefault(event_id, (subject, sequence))
        by_subject: dict[str, list[int]] = {}
        for subject, sequence in first.values():
            by_subject.setdefault(subject, []).append(sequence)
        yield from (
            f"{wanted.name} heard of {subject} in the order {places}"
            for subject, places in by_subject.items()
            if places != sorted(places)
        )


def no_webhook_is_lost(run: Run) -> Iterator[str]:
    """Each message is kept once, and answered by a read of its instance that began after what it tells of."""
    m = inbox_message
    with reading(run.outbox.engine) as connection:
        rows = connection.execute(sa.select(m.c.instance, m.c.message_id, m.c.sync_run)).all()
    kept = [row.message_id for row in rows]
    wanted = [f"{v.instance}-{c.index}" for v in run.firm.vendors.values() for c in v.history]
    if sorted(kept) != sorted(wanted):
        yield f"{len(wanted)} messages were sent, {len(kept)} are kept"
    for row in rows:
        index = int(row.message_id.rpartition("-")[2])
        if row.sync_run is None:
            yield f"{row.message_id} woke no read that succeeded"
        elif run.reads_began[row.sync_run] < index:
            yield f"{row.message_id} is answered by {row.sync_run}, which had not seen it"
    yield from (f"{one.instance} is still waiting for a read" for one in waiting(run.outbox.engine))
