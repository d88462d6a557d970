CREATE TABLE inbox_message (
	message_key VARCHAR(64) NOT NULL,
	sequence INTEGER NOT NULL,
	instance VARCHAR(80) NOT NULL,
	message_id VARCHAR(200) NOT NULL,
	object VARCHAR(80) NOT NULL,
	record_ids TEXT NOT NULL,
	body TEXT NOT NULL,
	state VARCHAR(16) NOT NULL,
	sync_run VARCHAR(80),
	repeats INTEGER NOT NULL,
	received_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (message_key),
	CONSTRAINT ck_inbox_message_state CHECK (state IN ('received', 'synced')),
	UNIQUE (sequence)
)

CREATE INDEX ix_inbox_message_waiting ON inbox_message (instance, state, sequence)

CREATE TABLE inbox_refusal (
	instance VARCHAR(80) NOT NULL,
	error_class VARCHAR(60) NOT NULL,
	refused INTEGER NOT NULL,
	last_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (instance, error_class)
)

CREATE TABLE inbox_feed (
	instance VARCHAR(80) NOT NULL,
	read_until VARCHAR(32) NOT NULL,
	PRIMARY KEY (instance)
)
