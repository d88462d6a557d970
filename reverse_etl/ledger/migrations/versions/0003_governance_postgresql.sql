ALTER TABLE approval ADD COLUMN on_behalf_of VARCHAR(120)

CREATE TABLE kill_switch (
	check_id VARCHAR(16) NOT NULL,
	is_on BOOLEAN NOT NULL,
	actor VARCHAR(120) NOT NULL,
	reason TEXT NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (check_id)
)

CREATE TABLE delegation (
	delegation_id VARCHAR(40) NOT NULL,
	from_actor VARCHAR(120) NOT NULL,
	to_actor VARCHAR(120) NOT NULL,
	role VARCHAR(80) NOT NULL,
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
	valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
	reason TEXT NOT NULL,
	revoked_at TIMESTAMP WITH TIME ZONE,
	revoked_by VARCHAR(120),
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (delegation_id),
	CONSTRAINT ck_delegation_period CHECK (valid_from < valid_until)
)

CREATE INDEX ix_delegation_to_actor ON delegation (to_actor, valid_until)

CREATE TABLE waiver (
	waiver_id VARCHAR(40) NOT NULL,
	correction_id VARCHAR(40) NOT NULL,
	correction_key VARCHAR(400) NOT NULL,
	actor VARCHAR(120) NOT NULL,
	reason TEXT NOT NULL,
	granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	ended_by VARCHAR(120),
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (waiver_id),
	CONSTRAINT ck_waiver_period CHECK (granted_at < expires_at),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id)
)

CREATE INDEX ix_waiver_key ON waiver (correction_key, expires_at)

CREATE TABLE escalation (
	correction_id VARCHAR(40) NOT NULL,
	step INTEGER NOT NULL,
	roles TEXT NOT NULL,
	escalated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (correction_id, step),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id)
)
