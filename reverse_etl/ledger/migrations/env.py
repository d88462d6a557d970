"""Runs migrations on the connection that `reverse_etl.ledger.migrate` hands over."""

from alembic import context

from reverse_etl.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
