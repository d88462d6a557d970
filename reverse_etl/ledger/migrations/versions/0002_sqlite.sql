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

DROP TRIGGER audit_event_no_delete

CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event WHEN OLD.sequence > COALESCE((SELECT start_sequence FROM audit_chain), 0) BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END

CREATE TRIGGER audit_event_in_order BEFORE INSERT ON audit_event WHEN NOT EXISTS (SELECT 1 FROM audit_chain WHERE end_sequence = NEW.sequence - 1 AND end_hash = NEW.previous_hash) OR EXISTS (SELECT 1 FROM audit_event WHERE hash = NEW.hash) BEGIN SELECT RAISE(ABORT, 'audit_event is append-only: an event follows the last one'); END

CREATE TRIGGER audit_event_moves_end AFTER INSERT ON audit_event BEGIN UPDATE audit_chain SET end_sequence = NEW.sequence, end_hash = NEW.hash; END

CREATE TRIGGER audit_chain_only_grows BEFORE UPDATE ON audit_chain WHEN NOT ((NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence + 1 AND NEW.start_sequence = OLD.start_sequence AND NEW.start_hash = OLD.start_hash) OR (NEW.id = OLD.id AND NEW.end_sequence = OLD.end_sequence AND NEW.end_hash = OLD.end_hash AND NEW.start_sequence > OLD.start_sequence)) BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END

CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END

CREATE TRIGGER audit_chain_no_second BEFORE INSERT ON audit_chain WHEN EXISTS (SELECT 1 FROM audit_chain) BEGIN SELECT RAISE(ABORT, 'audit_chain only grows'); END
