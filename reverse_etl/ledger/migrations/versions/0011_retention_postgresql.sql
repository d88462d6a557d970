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

DROP TRIGGER audit_chain_only_grows ON audit_chain

DROP TRIGGER correction_no_delete ON correction

CREATE FUNCTION concord_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence + 1 AND NEW.start_sequence = OLD.start_sequence AND NEW.start_hash = OLD.start_hash) OR (NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence AND NEW.end_hash = OLD.end_hash AND NEW.start_sequence > OLD.start_sequence AND EXISTS (SELECT 1 FROM audit_event WHERE sequence = OLD.end_sequence AND event = 'ledger_archived') AND EXISTS (SELECT 1 FROM audit_event WHERE sequence = NEW.start_sequence AND hash = NEW.start_hash)) THEN RETURN NEW; END IF; RAISE EXCEPTION 'append-only: change refused on audit_chain'; END $$

CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE ON audit_chain FOR EACH ROW EXECUTE FUNCTION concord_audit_chain()

CREATE FUNCTION concord_correction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.state NOT IN ('verified', 'rejected', 'expired', 'superseded', 'rolled_back') OR OLD.last_event_sequence > COALESCE((SELECT start_sequence FROM audit_chain), 0) THEN RAISE EXCEPTION 'delete refused on correction'; END IF; RETURN OLD; END $$

CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction FOR EACH ROW EXECUTE FUNCTION concord_correction()
