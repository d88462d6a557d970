"""What somebody with the keys to the database can do: drop the triggers and change what they like."""

from __future__ import annotations

from reverse_etl.ledger.schema import audit_chain, audit_event

DROP = {
    "sqlite": [
        "DROP TRIGGER audit_event_no_update",
        "DROP TRIGGER audit_event_no_delete",
        "DROP TRIGGER audit_event_in_order",
        "DROP TRIGGER audit_event_moves_end",
        "DROP TRIGGER audit_chain_only_grows",
        "DROP TRIGGER audit_chain_no_delete",
        "DROP TRIGGER audit_chain_no_second",
    ],
    "postgresql": [
        "ALTER TABLE audit_event DISABLE TRIGGER USER",
        "ALTER TABLE audit_chain DISABLE TRIGGER USER",
    ],
}


def run(engine, *statements):
    """Run raw SQL in one transaction."""
    with engine.connect() as connection, connection.begin():
        for statement in statements:
            connection.exec_driver_sql(statement)


def drop_triggers(engine):
    run(engine, *DROP[engine.dialect.name])


class Original:
    """The audit tables as they were, to be put back after every example."""

    def __init__(self, engine):
        self.engine = engine
        with engine.connect() as connection:
            self.events = [dict(r) for r in connection.execute(audit_event.select()).mappings()]
            self.chain = [dict(r) for r in connection.execute(audit_chain.select()).mappings()]
        self.events.sort(key=lambda row: row["sequence"])

    def write(self, events):
        """Make the table hold exactly these rows."""
        with self.engine.connect() as connection, connection.begin():
            connection.execute(audit_event.delete())
            connection.execute(audit_event.insert(), events)

    def restore(self):
        self.write(self.events)
        with self.engine.connect() as connection, connection.begin():
            connection.execute(audit_chain.delete())
            connection.execute(audit_chain.insert(), self.chain)
