CREATE TABLE saga (
	saga_key VARCHAR(200) NOT NULL,
	process_id VARCHAR(16) NOT NULL,
	process_name VARCHAR(80) NOT NULL,
	trigger_key VARCHAR(160) NOT NULL,
	title TEXT NOT NULL,
	state VARCHAR(16) NOT NULL,
	state_reason TEXT,
	facts TEXT NOT NULL,
	started_by VARCHAR(120) NOT NULL,
	started_at VARCHAR(32) NOT NULL,
	updated_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (saga_key),
	CONSTRAINT ck_saga_state CHECK (state IN ('refused', 'running', 'completed', 'verified', 'compensating', 'compensated', 'stuck'))
)

CREATE INDEX ix_saga_state ON saga (state, started_at)

CREATE TABLE saga_step (
	saga_key VARCHAR(200) NOT NULL,
	step_id VARCHAR(80) NOT NULL,
	position INTEGER NOT NULL,
	definition TEXT NOT NULL,
	facts TEXT NOT NULL,
	"after" TEXT NOT NULL,
	state VARCHAR(16) NOT NULL,
	state_reason TEXT,
	correction_id VARCHAR(40),
	undo_correction_id VARCHAR(40),
	result VARCHAR(200),
	updated_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (saga_key, step_id),
	CONSTRAINT ck_saga_step_state CHECK (state IN ('pending', 'open', 'done', 'skipped', 'failed', 'withdrawn', 'undo_open', 'undone', 'nothing_to_undo', 'undo_failed')),
	FOREIGN KEY(saga_key) REFERENCES saga (saga_key),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id),
	FOREIGN KEY(undo_correction_id) REFERENCES correction (correction_id)
)

CREATE INDEX ix_saga_step_correction ON saga_step (correction_id)

CREATE INDEX ix_saga_step_undo ON saga_step (undo_correction_id)
