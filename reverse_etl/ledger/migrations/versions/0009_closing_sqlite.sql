CREATE TABLE close_month (
	legal_entity_id VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	round INTEGER NOT NULL,
	state VARCHAR(16) NOT NULL,
	evidence_hash VARCHAR(64) NOT NULL,
	as_of VARCHAR(32) NOT NULL,
	frozen_at VARCHAR(32) NOT NULL,
	frozen_by VARCHAR(120) NOT NULL,
	reopened_at VARCHAR(32),
	reopened_by VARCHAR(120),
	reopen_reason TEXT,
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (legal_entity_id, month, round),
	CONSTRAINT ck_close_month_state CHECK (state IN ('frozen', 'reopened'))
)

CREATE TABLE close_sign_off (
	legal_entity_id VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	round INTEGER NOT NULL,
	role VARCHAR(80) NOT NULL,
	actor VARCHAR(120) NOT NULL,
	evidence_hash VARCHAR(64) NOT NULL,
	note TEXT NOT NULL,
	signed_at VARCHAR(32) NOT NULL,
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (legal_entity_id, month, round, role)
)

CREATE TABLE close_evidence (
	legal_entity_id VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	round INTEGER NOT NULL,
	evidence_hash VARCHAR(64) NOT NULL,
	check_id VARCHAR(16) NOT NULL,
	outcome VARCHAR(16) NOT NULL,
	reason TEXT,
	rule_version VARCHAR(16),
	query_version VARCHAR(64),
	findings INTEGER NOT NULL,
	blocking INTEGER NOT NULL,
	amount_at_risk_rc VARCHAR(32),
	rows_hash VARCHAR(64) NOT NULL,
	source_loaded_at VARCHAR(32),
	taken_at VARCHAR(32) NOT NULL,
	PRIMARY KEY (legal_entity_id, month, round, evidence_hash, check_id),
	CONSTRAINT ck_close_evidence_outcome CHECK (outcome IN ('evaluated', 'not_evaluated', 'missing'))
)

CREATE TABLE close_figure (
	legal_entity_id VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	round INTEGER NOT NULL,
	metric VARCHAR(80) NOT NULL,
	unit VARCHAR(16) NOT NULL,
	value VARCHAR(32),
	PRIMARY KEY (legal_entity_id, month, round, metric)
)

CREATE TABLE close_item (
	legal_entity_id VARCHAR(80) NOT NULL,
	month DATE NOT NULL,
	round INTEGER NOT NULL,
	item_kind VARCHAR(16) NOT NULL,
	item_id VARCHAR(160) NOT NULL,
	item_date DATE,
	quantity VARCHAR(32),
	rate VARCHAR(32),
	amount VARCHAR(32),
	currency VARCHAR(3),
	is_counted BOOLEAN NOT NULL,
	item_status VARCHAR(40),
	item_hash VARCHAR(64) NOT NULL,
	PRIMARY KEY (legal_entity_id, month, round, item_kind, item_id)
)
