"""A migrated ledger is the ledger the code describes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from reverse_etl import audit
from reverse_etl.errors import LedgerError
from reverse_etl.ledger import MIGRATIONS, create_triggers, migrate, open_ledger, writing
from reverse_etl.ledger.schema import REVISION, audit_event, metadata


@pytest.fixture
def ledger_url(blueprints, database):
    """A database that holds no ledger yet."""
    return blueprints.empty(database)


def shape(engine):
    """Tables, columns, constraints, indexes and triggers as the database tells them."""
    found = {}
    inspector = sa.inspect(engine)
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        found[table] = {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": [f["constrained_columns"] for f in inspector.get_foreign_keys(table)],
            "unique": sorted(tuple(u["column_names"]) for u in inspector.get_unique_constraints(table)),
            "checks": sorted((c["name"], c["sqltext"]) for c in inspector.get_check_constraints(table)),
            "indexes": sorted(_index(i) for i in inspector.get_indexes(table)),
        }
    found["triggers"] = _triggers(engine)
    return found


def _index(index):
    options = sorted((name, str(value)) for name, value in index["dialect_options"].items())
    return (index["name"], tuple(index["column_names"]), bool(index["unique"]), str(options))


def _triggers(engine):
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    if engine.dialect.name == "postgresql":
        query = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_migrated_ledger_equals_a_fresh_one(ledger_url, tmp_path):
    migrated_engine = open_ledger(ledger_url)
    migrated = shape(migrated_engine)
    if migrated_engine.dialect.name == "sqlite":
        fresh = sa.create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    else:
        fresh = sa.create_engine(ledger_url, isolation_level="AUTOCOMMIT")
        with fresh.connect() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    migrated_engine.dispose()
    metadata.create_all(fresh)
    with fresh.connect() as connection, connection.begin():
        create_triggers(connection)
    assert shape(fresh) == migrated
    assert len(migrated["triggers"]) >= 9
    fresh.dispose()


def test_the_code_expects_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_a_chain_written_before_a_migration_is_whole_after_it(ledger_url, tmp_path, clock):
    written = open_ledger(f"sqlite:///{tmp_path / 'written.db'}")
    for day in range(3):
        with writing(written) as connection:
            audit.append(connection, occurred_at=clock() + timedelta(days=day), event="noted", actor="pat")
    with written.connect() as connection:
        rows = [dict(row) for row in connection.execute(audit_event.select()).mappings()]
    engine = sa.create_engine(ledger_url)
    migrate(engine, "0001")
    with writing(engine) as connection:
        connection.execute(audit_event.insert(), rows)
    engine.dispose()
    engine = open_ledger(ledger_url)
    with writing(engine) as connection:
        audit.append(connection, occurred_at=clock(), event="noted", actor="pat")
    report = audit.verify_chain(engine)
    assert (report.is_valid, report.events) == (True, 4), report.problems
    engine.dispose()
    written.dispose()


def test_opening_twice_changes_nothing(ledger_url):
    open_ledger(ledger_url).dispose()
    open_ledger(ledger_url).dispose()


def test_a_ledger_of_a_newer_version_is_refused(ledger_url):
    engine = open_ledger(ledger_url)
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(LedgerError, match="version of Concord"):
        open_ledger(ledger_url)


def test_a_ledger_of_another_kind_is_refused():
    with pytest.raises(LedgerError, match="CONCORD_LEDGER_URL"):
        open_ledger("duckdb:///x")


def test_a_ledger_that_cannot_be_reached_says_so_and_hides_the_password():
    with pytest.raises(LedgerError) as caught:
        open_ledger("postgresql+psycopg2://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)
