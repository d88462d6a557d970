CREATE TABLE identity_decision (
	decision_id VARCHAR(40) NOT NULL,
	record_key VARCHAR(200) NOT NULL,
	target_key VARCHAR(200) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	method VARCHAR(40) NOT NULL,
	score VARCHAR(24) NOT NULL,
	linked_from TIMESTAMP WITH TIME ZONE,
	actor VARCHAR(120) NOT NULL,
	reason TEXT NOT NULL,
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	ended_by VARCHAR(120),
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (decision_id),
	CONSTRAINT ck_identity_decision_kind CHECK (kind IN ('accepted', 'rejected', 'ended'))
)

CREATE INDEX ix_identity_decision_pair ON identity_decision (record_key, target_key)
