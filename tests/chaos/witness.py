"""A ledger whose database keeps by itself what it went through, so that the code that is judged is not the witness."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from reverse_etl.ledger import open_ledger

WITNESS = (
    "CREATE TABLE witness_state (number INTEGER PRIMARY KEY, correction_id TEXT, from_state TEXT, to_state TEXT)",
    "CREATE TABLE witness_money (correction_id TEXT PRIMARY KEY, amount TEXT)",
    "CREATE TRIGGER witness_insert AFTER INSERT ON correction BEGIN "
    "INSERT INTO witness_state (correction_id, to_state) VALUES (NEW.correction_id, NEW.state); "
    "INSERT INTO witness_money VALUES (NEW.correction_id, NEW.amount_at_risk_rc); END",
    "CREATE TABLE witness_step (number INTEGER PRIMARY KEY, saga_key TEXT, step_id TEXT, from_state TEXT, "
    "to_state TEXT)",
    "CREATE TRIGGER witness_saga_step AFTER UPDATE ON saga_step WHEN OLD.state <> NEW.state BEGIN "
    "INSERT INTO witness_step (saga_key, step_id, from_state, to_state) "
    "VALUES (NEW.saga_key, NEW.step_id, OLD.state, NEW.state); END",
    "CREATE TRIGGER witness_update AFTER UPDATE ON correction WHEN OLD.state <> NEW.state BEGIN "
    "INSERT INTO witness_state (correction_id, from_state, to_state) "
    "VALUES (NEW.correction_id, OLD.state, NEW.state); END",
)


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ledger-template-"))
    engine = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    with engine.connect() as connection, connection.begin():
        for statement in WITNESS:
            connection.exec_driver_sql(statement)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    return folder / "ledger.db"


@contextmanager
def witnessed_ledger() -> Iterator[sa.Engine]:
    """A new ledger in memory where there is a memory disk: a thousand commits should not wait for a disk each."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copyfile(_template(), path)
        engine = open_ledger(f"sqlite:///{path}")
        try:
            yield engine
        finally:
            engine.dispose()
