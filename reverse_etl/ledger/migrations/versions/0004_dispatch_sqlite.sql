ALTER TABLE correction DROP COLUMN depends_on

ALTER TABLE attempt ADD COLUMN run_id VARCHAR(40)

CREATE TABLE correction_dependency (
	correction_id VARCHAR(40) NOT NULL,
	depends_on_id VARCHAR(40) NOT NULL,
	until VARCHAR(16) NOT NULL,
	PRIMARY KEY (correction_id, depends_on_id),
	CONSTRAINT ck_correction_dependency_until CHECK (until IN ('delivered', 'verified')),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id)
)

CREATE TABLE instance_control (
	instance VARCHAR(80) NOT NULL,
	mode VARCHAR(16) NOT NULL,
	reason TEXT NOT NULL,
	actor VARCHAR(120) NOT NULL,
	changed_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (instance),
	CONSTRAINT ck_instance_control_mode CHECK (mode IN ('running', 'paused', 'draining'))
)

CREATE TABLE instance_health (
	instance VARCHAR(80) NOT NULL,
	failures INTEGER NOT NULL,
	refusals INTEGER NOT NULL,
	openings INTEGER NOT NULL,
	open_until VARCHAR(32),
	error_class VARCHAR(60),
	words TEXT,
	PRIMARY KEY (instance)
)

CREATE INDEX ix_attempt_run ON attempt (run_id)

CREATE INDEX ix_correction_dependency_on ON correction_dependency (depends_on_id)

CREATE INDEX ix_correction_record ON correction (target_instance, target_object, record_key, state)
