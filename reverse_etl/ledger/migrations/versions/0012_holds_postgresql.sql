CREATE TABLE check_hold (
	check_id VARCHAR(16) NOT NULL,
	reason TEXT NOT NULL,
	held_at TIMESTAMP WITH TIME ZONE NOT NULL,
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (check_id)
)
