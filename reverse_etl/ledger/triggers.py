"""Triggers of the ledger: the audit trail only grows, and a state changes only as the state machine allows."""

from __future__ import annotations

import sqlalchemy as sa

from reverse_etl.models import TRANSITIONS

_PAIRS = ", ".join(f"'{old}>{new}'" for old, following in TRANSITIONS.items() for new in sorted(following))
_ILLEGAL = f"OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({_PAIRS})"

SQLITE = (
    "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
    "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
    "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    f"CREATE TRIGGER correction_legal_state BEFORE UPDATE OF state ON correction WHEN {_ILLEGAL} "
    "BEGIN SELECT RAISE(ABORT, 'illegal transition of a correction'); END",
    "CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction "
    "BEGIN SELECT RAISE(ABORT, 'a correction is never deleted'); END",
)

POSTGRESQL = (
    "CREATE FUNCTION concord_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% refused on %', TG_ARGV[0], TG_TABLE_NAME; END $$",
    "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION concord_refuse('append-only: change')",
    "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION concord_refuse('append-only: truncate')",
    f"CREATE TRIGGER correction_legal_state BEFORE UPDATE OF state ON correction FOR EACH ROW WHEN ({_ILLEGAL}) "
    "EXECUTE FUNCTION concord_refuse('illegal transition')",
    "CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction "
    "FOR EACH ROW EXECUTE FUNCTION concord_refuse('delete')",
)


def create_triggers(connection: sa.Connection) -> None:
    """Create the triggers of this database's dialect."""
    statements = POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE
    for statement in statements:
        connection.execute(sa.DDL(statement.replace("%", "%%")))
