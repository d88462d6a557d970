CREATE TABLE correction (
	correction_id VARCHAR(40) NOT NULL,
	sequence INTEGER NOT NULL,
	kind VARCHAR(16) NOT NULL,
	correction_key VARCHAR(400) NOT NULL,
	content_hash VARCHAR(64) NOT NULL,
	check_id VARCHAR(16) NOT NULL,
	operation VARCHAR(16) NOT NULL,
	target_system VARCHAR(40) NOT NULL,
	target_instance VARCHAR(80) NOT NULL,
	target_object VARCHAR(80) NOT NULL,
	target_record_id VARCHAR(120),
	record_key VARCHAR(440) NOT NULL,
	created_record_id VARCHAR(120),
	rank INTEGER NOT NULL,
	depends_on VARCHAR(40),
	state VARCHAR(16) NOT NULL,
	state_class VARCHAR(60),
	state_reason TEXT,
	reason TEXT NOT NULL,
	amount_at_risk NUMERIC(18, 4),
	currency VARCHAR(3),
	amount_at_risk_rc NUMERIC(18, 4),
	legal_entity_id VARCHAR(80),
	business_unit_id VARCHAR(80),
	customer_id VARCHAR(120),
	customer_name TEXT,
	project_id VARCHAR(120),
	project_name TEXT,
	evidence TEXT,
	source_loaded_at TIMESTAMP WITH TIME ZONE,
	mode VARCHAR(16) NOT NULL,
	approver_roles TEXT NOT NULL,
	approvals_needed INTEGER NOT NULL,
	approval_round INTEGER NOT NULL,
	policy_version VARCHAR(40) NOT NULL,
	idempotency_key VARCHAR(80) NOT NULL,
	attempts INTEGER NOT NULL,
	proposed_by VARCHAR(120) NOT NULL,
	proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	due_at TIMESTAMP WITH TIME ZONE,
	decided_at TIMESTAMP WITH TIME ZONE,
	delivered_at TIMESTAMP WITH TIME ZONE,
	verified_at TIMESTAMP WITH TIME ZONE,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	claimed_from VARCHAR(16),
	lease_token VARCHAR(40),
	lease_worker VARCHAR(160),
	lease_until TIMESTAMP WITH TIME ZONE,
	rolls_back_id VARCHAR(40),
	supersedes_id VARCHAR(40),
	superseded_by_id VARCHAR(40),
	last_event_sequence INTEGER NOT NULL,
	PRIMARY KEY (correction_id),
	CONSTRAINT ck_correction_state CHECK (state IN ('proposed', 'approved', 'in_flight', 'delivered', 'verified', 'rejected', 'expired', 'superseded', 'in_doubt', 'conflicted', 'dead_lettered', 'rolled_back')),
	CONSTRAINT ck_correction_operation CHECK (operation IN ('update', 'create')),
	CONSTRAINT ck_correction_mode CHECK (mode IN ('automatic', 'approval', 'forbidden')),
	CONSTRAINT ck_correction_lease CHECK ((state = 'in_flight') = (lease_token IS NOT NULL)),
	UNIQUE (sequence),
	UNIQUE (idempotency_key)
)

CREATE INDEX ix_correction_key ON correction (correction_key, sequence)

CREATE INDEX ix_correction_state ON correction (state, rank, sequence)

CREATE UNIQUE INDEX ux_correction_in_flight ON correction (target_instance, target_object, record_key) WHERE state IN ('in_flight', 'in_doubt')

CREATE UNIQUE INDEX ux_correction_open ON correction (correction_key) WHERE state IN ('proposed', 'approved', 'in_flight', 'in_doubt', 'delivered')

CREATE TABLE approval (
	correction_id VARCHAR(40) NOT NULL,
	approval_round INTEGER NOT NULL,
	actor VARCHAR(120) NOT NULL,
	roles TEXT NOT NULL,
	decision VARCHAR(16) NOT NULL,
	note TEXT NOT NULL,
	content_hash VARCHAR(64) NOT NULL,
	decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
	PRIMARY KEY (correction_id, approval_round, actor),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id)
)

CREATE TABLE attempt (
	correction_id VARCHAR(40) NOT NULL,
	number INTEGER NOT NULL,
	lease_token VARCHAR(40) NOT NULL,
	worker VARCHAR(160) NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	finished_at TIMESTAMP WITH TIME ZONE,
	is_intent BOOLEAN NOT NULL,
	is_acknowledged BOOLEAN NOT NULL,
	outcome VARCHAR(40),
	error_class VARCHAR(60),
	error_text TEXT,
	version_before VARCHAR(200),
	version_after VARCHAR(200),
	PRIMARY KEY (correction_id, number),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id)
)

CREATE TABLE audit_event (
	sequence INTEGER NOT NULL,
	occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
	correction_id VARCHAR(40),
	event VARCHAR(40) NOT NULL,
	from_state VARCHAR(16),
	to_state VARCHAR(16),
	actor VARCHAR(160) NOT NULL,
	reason TEXT,
	policy_version VARCHAR(40),
	detail TEXT NOT NULL,
	previous_hash VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	PRIMARY KEY (sequence),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id),
	UNIQUE (previous_hash),
	UNIQUE (hash)
)

CREATE INDEX ix_audit_event_correction ON audit_event (correction_id, sequence)

CREATE TABLE correction_change (
	correction_id VARCHAR(40) NOT NULL,
	field VARCHAR(120) NOT NULL,
	finding_id VARCHAR(80),
	value_type VARCHAR(16) NOT NULL,
	expected_value TEXT,
	new_value TEXT,
	before_value TEXT,
	is_before_known BOOLEAN NOT NULL,
	PRIMARY KEY (correction_id, field),
	FOREIGN KEY(correction_id) REFERENCES correction (correction_id)
)

CREATE INDEX ix_correction_change_finding ON correction_change (finding_id)

CREATE FUNCTION concord_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% refused on %', TG_ARGV[0], TG_TABLE_NAME; END $$

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION concord_refuse('append-only: change')

CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION concord_refuse('append-only: truncate')

CREATE TRIGGER correction_legal_state BEFORE UPDATE OF state ON correction FOR EACH ROW WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ('proposed>approved', 'proposed>expired', 'proposed>rejected', 'proposed>superseded', 'approved>expired', 'approved>in_flight', 'approved>rejected', 'approved>superseded', 'in_flight>approved', 'in_flight>conflicted', 'in_flight>dead_lettered', 'in_flight>delivered', 'in_flight>in_doubt', 'in_doubt>in_flight', 'delivered>rolled_back', 'delivered>superseded', 'delivered>verified', 'verified>rolled_back', 'conflicted>rejected', 'conflicted>superseded', 'dead_lettered>approved', 'dead_lettered>rejected', 'dead_lettered>superseded')) EXECUTE FUNCTION concord_refuse('illegal transition')

CREATE TRIGGER correction_no_delete BEFORE DELETE ON correction FOR EACH ROW EXECUTE FUNCTION concord_refuse('delete')
