CREATE TABLE event (
	sequence INTEGER NOT NULL,
	event_id VARCHAR(64) NOT NULL,
	type VARCHAR(80) NOT NULL,
	source VARCHAR(120) NOT NULL,
	subject VARCHAR(240) NOT NULL,
	occurred_at VARCHAR(32) NOT NULL,
	recorded_at VARCHAR(32) NOT NULL,
	is_baseline BOOLEAN NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (sequence),
	UNIQUE (event_id)
)

CREATE INDEX ix_event_type ON event (type, sequence)

CREATE TABLE event_feed (
	type VARCHAR(80) NOT NULL,
	instance VARCHAR(80) NOT NULL,
	followed_since VARCHAR(32) NOT NULL,
	PRIMARY KEY (type, instance)
)

CREATE TABLE event_subscription (
	subscription VARCHAR(80) NOT NULL,
	position INTEGER NOT NULL,
	subscribed_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (subscription)
)

CREATE TABLE event_delivery (
	delivery_id INTEGER NOT NULL,
	subscription VARCHAR(80) NOT NULL,
	event_id VARCHAR(64) NOT NULL,
	subject VARCHAR(240) NOT NULL,
	state VARCHAR(16) NOT NULL,
	attempts INTEGER NOT NULL,
	due_at VARCHAR(32),
	lease_token VARCHAR(40),
	lease_until VARCHAR(32),
	delivered_at VARCHAR(32),
	error_class VARCHAR(60),
	error_text TEXT,
	PRIMARY KEY (delivery_id),
	CONSTRAINT ck_event_delivery_state CHECK (state IN ('pending', 'delivered', 'dead_lettered', 'dropped')),
	FOREIGN KEY(event_id) REFERENCES event (event_id)
)

CREATE INDEX ix_event_delivery_queue ON event_delivery (subscription, state, subject, delivery_id)

CREATE UNIQUE INDEX ux_event_delivery_unsettled ON event_delivery (subscription, event_id) WHERE state IN ('pending', 'dead_lettered')
