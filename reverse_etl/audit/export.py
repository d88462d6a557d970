"""The chain for outsiders."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from reverse_etl.audit.chain import HASHED, events, moment_text
from reverse_etl.values import canonical_json


def export(engine: sa.Engine) -> Iterator[str]:
    """The chain as JSON lines. An outsider verifies it with SHA-256 over the canonical JSON of each line
    without its ``hash`` (``detail`` as text), starting from 64 zeros."""
    for event in events(engine):
        facts = {name: getattr(event, name) for name in (*HASHED, "hash")}
        facts["occurred_at"] = moment_text(event.occurred_at)
        facts["detail"] = canonical_json(dict(event.detail))
        yield canonical_json(facts)
