CREATE TABLE audit_chain (
	id INTEGER NOT NULL,
	start_sequence INTEGER NOT NULL,
	start_hash VARCHAR(64) NOT NULL,
	end_sequence INTEGER NOT NULL,
	end_hash VARCHAR(64) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT ck_audit_chain_one CHECK (id = 1)
)

INSERT INTO audit_chain (id, start_sequence, start_hash, end_sequence, end_hash) SELECT 1, 0, '0000000000000000000000000000000000000000000000000000000000000000', COALESCE(max(sequence), 0), COALESCE((SELECT hash FROM audit_event ORDER BY sequence DESC LIMIT 1), '0000000000000000000000000000000000000000000000000000000000000000') FROM audit_event

DROP TRIGGER audit_event_append_only ON audit_event

CREATE FUNCTION concord_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' AND OLD.sequence <= COALESCE((SELECT start_sequence FROM audit_chain), 0) THEN RETURN OLD; END IF; IF TG_OP = 'INSERT' AND EXISTS (SELECT 1 FROM audit_chain WHERE end_sequence = NEW.sequence - 1 AND end_hash = NEW.previous_hash) THEN RETURN NEW; END IF; RAISE EXCEPTION 'append-only: % refused on audit_event', lower(TG_OP); END $$

CREATE FUNCTION concord_audit_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE audit_chain SET end_sequence = NEW.sequence, end_hash = NEW.hash; RETURN NULL; END $$

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION concord_audit_event()

CREATE TRIGGER audit_event_in_order BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION concord_audit_event()

CREATE TRIGGER audit_event_moves_end AFTER INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION concord_audit_end()

CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE ON audit_chain FOR EACH ROW WHEN (NOT ((NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence + 1 AND NEW.start_sequence = OLD.start_sequence AND NEW.start_hash = OLD.start_hash) OR (NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence AND NEW.end_hash = OLD.end_hash AND NEW.start_sequence > OLD.start_sequence))) EXECUTE FUNCTION concord_refuse('append-only: change')

CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain FOR EACH ROW EXECUTE FUNCTION concord_refuse('append-only: delete')

CREATE TRIGGER audit_chain_no_truncate BEFORE TRUNCATE ON audit_chain FOR EACH STATEMENT EXECUTE FUNCTION concord_refuse('append-only: truncate')
