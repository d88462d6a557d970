"""Property: late, repeated, re-batched and deleted rows end in the same table as rows read in order."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config.paths import Home
from ingestion.extract import Tombstone
from ingestion.runner import sync_instance
from ingestion.tables import Table, fields
from tests.ingestion.scripted import START, ManualClock, Script, config_with, scripted_system

OVERLAP = timedelta(hours=3)
NOTE = Table(
    "note",
    ("id",),
    fields("Id!", "Text", "At:ts!"),
    cursor="at",
    overlap=OVERLAP,
    deletes="deleted_feed",
)


def stamp(minute: int) -> datetime:
    return START - timedelta(hours=2) + timedelta(minutes=minute)


@st.composite
def histories(draw):
    """Per record: distinct moments of versions, and perhaps a deletion after or between them."""
    records = {}
    for number in range(draw(st.integers(1, 4))):
        moments = sorted(draw(st.sets(st.integers(0, 100), min_size=1, max_size=4)))
        deleted = draw(st.none() | st.integers(0, 101).filter(lambda at, taken=moments: at not in taken))
        records[f"n{number}"] = (moments, deleted)
    return records


@st.composite
def deliveries(draw):
    """The same history delivered in some order, in some batches, some of it more than once."""
    records = draw(histories())
    events = [
        (record, at, kind)
        for record, (moments, deleted) in records.items()
        for kind, ats in (("version", moments), ("deleted", [deleted] if deleted is not None else []))
        for at in ats
    ]
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    shuffled = draw(st.permutations(events + again))
    cuts = sorted(draw(st.sets(st.integers(1, len(shuffled)), max_size=2)))
    batches = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    return records, [batch for batch in batches if batch]


def load(home: Home, batches) -> None:
    cfg = config_with("one")
    for batch in batches:
        rows = [
            {"Id": record, "Text": f"{record} at {at}", "At": stamp(at).isoformat()}
            for record, at, kind in batch
            if kind == "version"
        ]
        stones = [
            Tombstone(object="note", record_id=record, deleted_at=stamp(at), origin="deleted_feed")
            for record, at, kind in batch
            if kind == "deleted"
        ]
        middle = len(rows) // 2
        script = Script(pages={"note": [rows[:middle], rows[middle:]]}, tombstones=stones)
        sync_instance(cfg, "one", home=home, clock=ManualClock(), systems=scripted_system(script, NOTE))


def living(home: Home) -> list[tuple[str, str]]:
    """Rows as staging sees them: dead when the tombstone was loaded with or after the row."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(
            "select r.id, r.text from raw_files.note r left join raw_files.tombstone t "
            "on t._instance = r._instance and t.object = 'note' and t.record_id = r.id "
            "where t.record_id is null or t._loaded_at < r._loaded_at order by 1"
        ).fetchall()


def expected(records) -> list[tuple[str, str]]:
    return sorted(
        (record, f"{record} at {moments[-1]}")
        for record, (moments, deleted) in records.items()
        if deleted is None or deleted < moments[-1]
    )


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(deliveries())
@example(({"n0": ([41, 75], 91)}, [[("n0", 91, "deleted")], [("n0", 75, "version"), ("n0", 41, "version")]]))
def test_any_order_and_batching_ends_in_the_same_table(delivery):
    records, batches = delivery
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        load(home, batches)
        assert living(home) == expected(records)
