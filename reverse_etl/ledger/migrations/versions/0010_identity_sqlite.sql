CREATE TABLE identity_decision (
	decision_id VARCHAR(40) NOT NULL,
	record_key VARCHAR(200) NOT NULL,
	target_key VARCHAR(200) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	method VARCHAR(40) NOT NULL,
	score VARCHAR(24) NOT NULL,
	linked_from VARCHAR(32),
	actor VARCHAR(120) NOT NULL,
	reason TEXT NOT NULL,
	decided_at VARCHAR(32) NOT NULL,
	ended_at VARCHAR(32),
	ended_by VARCHAR(120),
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (decision_id),
	CONSTRAINT ck_identity_decision_kind CHECK (kind IN ('accepted', 'rejected', 'ended'))
)

CREATE INDEX ix_identity_decision_pair ON identity_decision (record_key, target_key)
