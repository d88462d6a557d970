"""Triggers of the ledger: the audit trail only grows, what is archived leaves it only from its start, and a state
changes only as the state machine allows."""

from __future__ import annotations

import sqlalchemy as sa

from reverse_etl.models import SETTLED_STATES, TRANSITIONS

_PAIRS = ", ".join(f"'{old}>{new}'" for old, following in TRANSITIONS.items() for new in sorted(following))
_ILLEGAL = f"OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({_PAIRS})"

_GOES_ON = (
    "NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence + 1 AND NEW.start_sequence = OLD.start_sequence "
    "AND NEW.start_hash = OLD.start_hash"
)
# The start moves on only right after an event that archives, to an event that is there.
_STARTS_LATER = (
    "NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence AND NEW.end_hash = OLD.end_hash "
    "AND NEW.start_sequence > OLD.start_sequence AND EXISTS (SELECT 1 FROM audit_event "
    "WHERE sequence = OLD.end_sequence AND event = 'ledger_archived') AND EXISTS (SELECT 1 FROM audit_event "
    "WHERE sequence = NEW.start_sequence AND hash = NEW.start_hash)"
)
_GROWS = f"({_GOES_ON}) OR ({_STARTS_LATER})"
_SETTLED = f"({', '.join(repr(state.value) for state in SETTLED_STATES)})"
_KEPT = (  # nothing but constants is put in
    f"OLD.state NOT IN {_SETTLED} "  # noqa: S608
    "OR OLD.last_event_sequence > COALESCE((SELECT start_sequence FROM audit_chain), 0)"
)

SQLITE = (
    "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
    "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
    "WHEN OLD.sequence > COALESCE((SELECT start_sequence FROM audit_chain), 0) "
    "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    # REPLACE deletes without asking the delete trigger: an event may only take the place after the last one.
    "CREATE TRIGGER audit_event_in_order BEFORE INSERT ON audit_event WHEN NOT EXISTS (SELECT 1 FROM audit_chain "
    "WHERE end_sequence = NEW.sequence - 1 AND end_hash = NEW.previous_hash) "
    "OR EXISTS (SELECT 1 FROM audit_event WHERE hash = NEW.hash) "
    "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only: an event follows the last one'); END",
    "CREATE TRIGGER audit_event_moves_end AFTER INSERT ON audit_event "
    "BEGIN UPDATE audit_chain SET end_sequence = NEW.sequence, end_hash = NEW.hash; END",
    f"CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE ON audit_chain WHEN NOT ({_GROWS}) "
    "BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END",
    "CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain "
    "BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END",
    "CREATE TRIGGER audit_chain_no_second BEFORE INSERT ON audit_chain WHEN EXISTS (SELECT 1 FROM audit_chain) "
    "BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END",
    f"CREATE TRIGGER correction_legal_state BEFORE UPDATE OF state ON correction WHEN {_ILLEGAL} "
    "BEGIN SELECT RAISE(ABORT, 'illegal transition of a correction'); END",
    f"CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction WHEN {_KEPT} "
    "BEGIN SELECT RAISE(ABORT, 'a correction is never deleted before its events are archived'); END",
)

POSTGRESQL = (
    "CREATE FUNCTION concord_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% refused on %', TG_ARGV[0], TG_TABLE_NAME; END $$",
    "CREATE FUNCTION concord_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' AND OLD.sequence <= COALESCE((SELECT start_sequence FROM audit_chain), 0) "
    "THEN RETURN OLD; END IF; "
    "IF TG_OP = 'INSERT' AND EXISTS (SELECT 1 FROM audit_chain "
    "WHERE end_sequence = NEW.sequence - 1 AND end_hash = NEW.previous_hash) THEN RETURN NEW; END IF; "
    "RAISE EXCEPTION 'append-only: % refused on audit_event', lower(TG_OP); END $$",
    "CREATE FUNCTION concord_audit_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE audit_chain SET end_sequence = NEW.sequence, end_hash = NEW.hash; RETURN NULL; END $$",
    "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION concord_audit_event()",
    "CREATE TRIGGER audit_event_in_order BEFORE INSERT ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION concord_audit_event()",
    "CREATE TRIGGER audit_event_moves_end AFTER INSERT ON audit_event "
    "FOR EACH ROW EXECUTE FUNCTION concord_audit_end()",
    "CREATE FUNCTION concord_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {_GROWS} THEN RETURN NEW; END IF; "
    "RAISE EXCEPTION 'append-only: change refused on audit_chain'; END $$",
    "CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE ON audit_chain "
    "FOR EACH ROW EXECUTE FUNCTION concord_audit_chain()",
    "CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain "
    "FOR EACH ROW EXECUTE FUNCTION concord_refuse('append-only: delete')",
    "CREATE TRIGGER audit_chain_no_truncate BEFORE TRUNCATE ON audit_chain "
    "FOR EACH STATEMENT EXECUTE FUNCTION concord_refuse('append-only: truncate')",
    "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION concord_refuse('append-only: truncate')",
    f"CREATE TRIGGER correction_legal_state BEFORE UPDATE OF state ON correction FOR EACH ROW WHEN ({_ILLEGAL}) "
    "EXECUTE FUNCTION concord_refuse('illegal transition')",
    "CREATE FUNCTION concord_correction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {_KEPT} THEN RAISE EXCEPTION 'delete refused on correction'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction "
    "FOR EACH ROW EXECUTE FUNCTION concord_correction()",
)


def create_triggers(connection: sa.Connection) -> None:
    """Create the triggers of this database's dialect."""
    statements = POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE
    for statement in statements:
        connection.execute(sa.DDL(statement.replace("%", "%%")))
