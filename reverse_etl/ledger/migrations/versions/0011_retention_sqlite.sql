CREATE TABLE archived_event (
	event_id VARCHAR(64) NOT NULL,
	PRIMARY KEY (event_id)
)

CREATE TABLE archived_correction (
	correction_id VARCHAR(40) NOT NULL,
	correction_key VARCHAR(400) NOT NULL,
	PRIMARY KEY (correction_id)
)

CREATE INDEX ix_archived_correction_key ON archived_correction (correction_key)

DROP TRIGGER audit_chain_only_grows

DROP TRIGGER correction_no_delete

CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE ON audit_chain WHEN NOT ((NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence + 1 AND NEW.start_sequence = OLD.start_sequence AND NEW.start_hash = OLD.start_hash) OR (NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence AND NEW.end_hash = OLD.end_hash AND NEW.start_sequence > OLD.start_sequence AND EXISTS (SELECT 1 FROM audit_event WHERE sequence = OLD.end_sequence AND event = 'ledger_archived') AND EXISTS (SELECT 1 FROM audit_event WHERE sequence = NEW.start_sequence AND hash = NEW.start_hash))) BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END

CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction WHEN OLD.state NOT IN ('verified', 'rejected', 'expired', 'superseded', 'rolled_back') OR OLD.last_event_sequence > COALESCE((SELECT start_sequence FROM audit_chain), 0) BEGIN SELECT RAISE(ABORT, 'a correction is never deleted before its events are archived'); END
