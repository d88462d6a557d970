CREATE TABLE finding (
	finding_id VARCHAR(80) NOT NULL,
	check_id VARCHAR(16) NOT NULL,
	rule_version VARCHAR(16),
	matching_key TEXT NOT NULL,
	period VARCHAR(16) NOT NULL,
	severity VARCHAR(4) NOT NULL,
	title TEXT NOT NULL,
	owner_role VARCHAR(80) NOT NULL,
	business_unit_id VARCHAR(80),
	legal_entity_id VARCHAR(80),
	amount_at_risk NUMERIC(18, 4),
	currency VARCHAR(3),
	amount_at_risk_fc NUMERIC(18, 4),
	functional_currency VARCHAR(3),
	amount_at_risk_rc NUMERIC(18, 4),
	reporting_currency VARCHAR(3),
	finding_state VARCHAR(16) NOT NULL,
	is_open BOOLEAN NOT NULL,
	state_since TIMESTAMP WITH TIME ZONE NOT NULL,
	first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	closed_at TIMESTAMP WITH TIME ZONE,
	closed_by VARCHAR(16),
	hours_to_resolve NUMERIC(18, 4),
	times_reopened INTEGER NOT NULL,
	times_recurred INTEGER NOT NULL,
	truth_values TEXT,
	other_values TEXT,
	truth_modified_at TIMESTAMP WITH TIME ZONE,
	other_modified_at TIMESTAMP WITH TIME ZONE,
	truth_loaded_at TIMESTAMP WITH TIME ZONE,
	other_loaded_at TIMESTAMP WITH TIME ZONE,
	source_loaded_at TIMESTAMP WITH TIME ZONE,
	PRIMARY KEY (finding_id),
	CONSTRAINT ck_finding_state CHECK (finding_state IN ('open', 'acknowledged', 'proposed', 'approved', 'applied', 'verified', 'closed', 'waived', 'reopened'))
)

CREATE INDEX ix_finding_check ON finding (check_id, finding_state)

CREATE TABLE finding_decision (
	decision_id VARCHAR(40) NOT NULL,
	finding_id VARCHAR(80) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	reason_class VARCHAR(16),
	reason TEXT NOT NULL,
	actor VARCHAR(120) NOT NULL,
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	ended_at TIMESTAMP WITH TIME ZONE,
	ended_by VARCHAR(120),
	event_sequence INTEGER NOT NULL,
	PRIMARY KEY (decision_id),
	CONSTRAINT ck_finding_decision_kind CHECK (kind IN ('acknowledged', 'waived')),
	CONSTRAINT ck_finding_decision_waiver CHECK ((kind = 'waived') = (expires_at IS NOT NULL AND reason_class IN ('accepted', 'rule_wrong')))
)

CREATE INDEX ix_finding_decision_finding ON finding_decision (finding_id, decided_at)
