BEGIN TRANSACTION;
CREATE TABLE agent_sessions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	device_id INTEGER NOT NULL, 
	token_id INTEGER NOT NULL, 
	agent_version VARCHAR(200) NOT NULL, 
	protocol_version INTEGER NOT NULL, 
	opened_us BIGINT NOT NULL, 
	seen_us BIGINT NOT NULL, 
	closed_us BIGINT, 
	CONSTRAINT fk_agent_sessions_device_id FOREIGN KEY(device_id) REFERENCES devices (id), 
	CONSTRAINT fk_agent_sessions_token_id FOREIGN KEY(token_id) REFERENCES tokens (id)
);
INSERT INTO "agent_sessions" VALUES(1,1,1,'agent_version 1',1,1790000000000001,1790000000000001,1790000000000001);
INSERT INTO "agent_sessions" VALUES(2,2,2,'agent_version 2',2,1790000000000002,1790000000000002,1790000000000002);
INSERT INTO "agent_sessions" VALUES(3,3,3,'agent_version 3',3,1790000000000003,1790000000000003,1790000000000003);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE artifact_usage (
	project_id INTEGER NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	CONSTRAINT pk_artifact_usage PRIMARY KEY (project_id), 
	CONSTRAINT fk_artifact_usage_project_id FOREIGN KEY(project_id) REFERENCES projects (id)
);
INSERT INTO "artifact_usage" VALUES(1,1);
INSERT INTO "artifact_usage" VALUES(2,2);
INSERT INTO "artifact_usage" VALUES(3,3);
CREATE TABLE artifacts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sha256 BLOB NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	format VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	created_us BIGINT NOT NULL, 
	touched_us BIGINT NOT NULL, 
	features TEXT, 
	refused TEXT, 
	CONSTRAINT uq_artifacts_sha256 UNIQUE (sha256)
);
INSERT INTO "artifacts" VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101',1,'format 1','state 1',1790000000000001,1790000000000001,'features 1','refused 1');
INSERT INTO "artifacts" VALUES(2,X'0202020202020202020202020202020202020202020202020202020202020202',2,'format 2','state 2',1790000000000002,1790000000000002,'features 2','refused 2');
INSERT INTO "artifacts" VALUES(3,X'0303030303030303030303030303030303030303030303030303030303030303',3,'format 3','state 3',1790000000000003,1790000000000003,'features 3','refused 3');
CREATE TABLE attempts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	job_id INTEGER NOT NULL, 
	session_id INTEGER NOT NULL, 
	device_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	claim_id BLOB NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	started_us BIGINT NOT NULL, 
	expires_us BIGINT NOT NULL, 
	ended_us BIGINT, 
	charged VARCHAR(8), 
	failure TEXT, 
	CONSTRAINT fk_attempts_device_id FOREIGN KEY(device_id) REFERENCES devices (id), 
	CONSTRAINT fk_attempts_job_id FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT fk_attempts_revision_id FOREIGN KEY(revision_id) REFERENCES target_revisions (id), 
	CONSTRAINT fk_attempts_session_id FOREIGN KEY(session_id) REFERENCES agent_sessions (id), 
	CONSTRAINT uq_attempts_job_id_number UNIQUE (job_id, number)
);
INSERT INTO "attempts" VALUES(1,1,1,1,1,X'01010101010101010101010101010101',1,'state 1',1790000000000001,1790000000000001,1790000000000001,'harged 1','failure 1');
INSERT INTO "attempts" VALUES(2,2,2,2,2,X'02020202020202020202020202020202',2,'state 2',1790000000000002,1790000000000002,1790000000000002,'harged 2','failure 2');
INSERT INTO "attempts" VALUES(3,3,3,3,3,X'03030303030303030303030303030303',3,'state 3',1790000000000003,1790000000000003,1790000000000003,'harged 3','failure 3');
CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at_us BIGINT NOT NULL, 
	token_id INTEGER, 
	device_id INTEGER, 
	action VARCHAR(64) NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT fk_audit_device_id FOREIGN KEY(device_id) REFERENCES devices (id), 
	CONSTRAINT fk_audit_token_id FOREIGN KEY(token_id) REFERENCES tokens (id)
);
INSERT INTO "audit" VALUES(1,1790000000000001,1,1,'action 1','detail 1');
INSERT INTO "audit" VALUES(2,1790000000000002,2,2,'action 2','detail 2');
INSERT INTO "audit" VALUES(3,1790000000000003,3,3,'action 3','detail 3');
CREATE TABLE device_targets (
	device_id INTEGER NOT NULL, 
	target_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	session_id INTEGER NOT NULL, 
	approved_us BIGINT, 
	CONSTRAINT pk_device_targets PRIMARY KEY (device_id, target_id), 
	CONSTRAINT fk_device_targets_device_id FOREIGN KEY(device_id) REFERENCES devices (id), 
	CONSTRAINT fk_device_targets_revision_id FOREIGN KEY(revision_id) REFERENCES target_revisions (id), 
	CONSTRAINT fk_device_targets_session_id FOREIGN KEY(session_id) REFERENCES agent_sessions (id), 
	CONSTRAINT fk_device_targets_target_id FOREIGN KEY(target_id) REFERENCES targets (id)
);
INSERT INTO "device_targets" VALUES(1,1,1,1,1790000000000001);
INSERT INTO "device_targets" VALUES(2,2,2,2,1790000000000002);
INSERT INTO "device_targets" VALUES(3,3,3,3,1790000000000003);
CREATE TABLE devices (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	slug VARCHAR(160) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	description TEXT NOT NULL, 
	health VARCHAR(16) NOT NULL, 
	health_reason TEXT NOT NULL, 
	strikes INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT uq_devices_slug UNIQUE (slug)
);
INSERT INTO "devices" VALUES(1,'slug 1','name 1','description 1','health 1','health_reason 1',1,1790000000000001);
INSERT INTO "devices" VALUES(2,'slug 2','name 2','description 2','health 2','health_reason 2',2,1790000000000002);
INSERT INTO "devices" VALUES(3,'slug 3','name 3','description 3','health 3','health_reason 3',3,1790000000000003);
CREATE TABLE idempotency_keys (
	token_id INTEGER NOT NULL, 
	"key" VARCHAR(200) NOT NULL, 
	message_digest BLOB NOT NULL, 
	first_request_id INTEGER NOT NULL, 
	requests INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (token_id, "key"), 
	CONSTRAINT fk_idempotency_keys_token_id FOREIGN KEY(token_id) REFERENCES tokens (id)
);
INSERT INTO "idempotency_keys" VALUES(1,'key 1',X'0101010101010101010101010101010101010101010101010101010101010101',1,1,1790000000000001);
INSERT INTO "idempotency_keys" VALUES(2,'key 2',X'0202020202020202020202020202020202020202020202020202020202020202',2,2,1790000000000002);
INSERT INTO "idempotency_keys" VALUES(3,'key 3',X'0303030303030303030303030303030303030303030303030303030303030303',3,3,1790000000000003);
CREATE TABLE installation (
	id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT pk_installation PRIMARY KEY (id), 
	CONSTRAINT ck_installation_one_row CHECK (id = 1)
);
INSERT INTO "installation" VALUES(1,1,1795258841519089);
CREATE TABLE interned (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	digest BLOB NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT uq_interned_digest UNIQUE (digest)
);
INSERT INTO "interned" VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101',X'01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO "interned" VALUES(2,X'0202020202020202020202020202020202020202020202020202020202020202',X'02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO "interned" VALUES(3,X'0303030303030303030303030303030303030303030303030303030303030303',X'03030303030303030303030303030303030303030303030303030303030303030303030303030303');
CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	project_id INTEGER NOT NULL, 
	artifact_id INTEGER NOT NULL, 
	target_id INTEGER NOT NULL, 
	spec_id INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	priority INTEGER NOT NULL, 
	wanted INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	tries INTEGER NOT NULL, 
	not_before_us BIGINT NOT NULL, 
	deadline_us BIGINT, 
	created_us BIGINT NOT NULL, 
	ended_us BIGINT, 
	failure TEXT, 
	CONSTRAINT fk_jobs_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifacts (id), 
	CONSTRAINT fk_jobs_project_id FOREIGN KEY(project_id) REFERENCES projects (id), 
	CONSTRAINT fk_jobs_spec_id FOREIGN KEY(spec_id) REFERENCES specs (id), 
	CONSTRAINT fk_jobs_target_id FOREIGN KEY(target_id) REFERENCES targets (id)
);
INSERT INTO "jobs" VALUES(1,1,1,1,1,'state 1',1,1,1,1,1790000000000001,1790000000000001,1790000000000001,1790000000000001,'failure 1');
INSERT INTO "jobs" VALUES(2,2,2,2,2,'state 2',2,2,2,2,1790000000000002,1790000000000002,1790000000000002,1790000000000002,'failure 2');
INSERT INTO "jobs" VALUES(3,3,3,3,3,'state 3',3,3,3,3,1790000000000003,1790000000000003,1790000000000003,1790000000000003,'failure 3');
CREATE TABLE measurement_layers (
	measurement_id INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT pk_measurement_layers PRIMARY KEY (measurement_id), 
	CONSTRAINT fk_measurement_layers_measurement_id FOREIGN KEY(measurement_id) REFERENCES measurements (id)
);
INSERT INTO "measurement_layers" VALUES(1,X'01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO "measurement_layers" VALUES(2,X'02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO "measurement_layers" VALUES(3,X'03030303030303030303030303030303030303030303030303030303030303030303030303030303');
CREATE TABLE measurement_quantiles (
	measurement_id INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT pk_measurement_quantiles PRIMARY KEY (measurement_id), 
	CONSTRAINT fk_measurement_quantiles_measurement_id FOREIGN KEY(measurement_id) REFERENCES measurements (id)
);
INSERT INTO "measurement_quantiles" VALUES(1,X'01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO "measurement_quantiles" VALUES(2,X'02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO "measurement_quantiles" VALUES(3,X'03030303030303030303030303030303030303030303030303030303030303030303030303030303');
CREATE TABLE measurement_samples (
	measurement_id INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT pk_measurement_samples PRIMARY KEY (measurement_id, created_us)
);
INSERT INTO "measurement_samples" VALUES(1,1790000000000001,X'01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO "measurement_samples" VALUES(2,1790000000000002,X'02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO "measurement_samples" VALUES(3,1790000000000003,X'03030303030303030303030303030303030303030303030303030303030303030303030303030303');
CREATE TABLE measurements (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	job_id INTEGER NOT NULL, 
	attempt_id INTEGER NOT NULL, 
	artifact_id INTEGER NOT NULL, 
	created_us BIGINT NOT NULL, 
	latency_ms FLOAT, 
	low_ms FLOAT, 
	high_ms FLOAT, 
	target_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	spec_id INTEGER NOT NULL, 
	device_id INTEGER NOT NULL, 
	context_id INTEGER NOT NULL, 
	batch_id INTEGER NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	valid BOOLEAN NOT NULL, 
	failure_kind VARCHAR(32) NOT NULL, 
	detail BLOB NOT NULL, 
	CONSTRAINT fk_measurements_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifacts (id), 
	CONSTRAINT fk_measurements_attempt_id FOREIGN KEY(attempt_id) REFERENCES attempts (id), 
	CONSTRAINT fk_measurements_batch_id FOREIGN KEY(batch_id) REFERENCES interned (id), 
	CONSTRAINT fk_measurements_context_id FOREIGN KEY(context_id) REFERENCES interned (id), 
	CONSTRAINT fk_measurements_device_id FOREIGN KEY(device_id) REFERENCES devices (id), 
	CONSTRAINT fk_measurements_job_id FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT fk_measurements_revision_id FOREIGN KEY(revision_id) REFERENCES target_revisions (id), 
	CONSTRAINT fk_measurements_spec_id FOREIGN KEY(spec_id) REFERENCES specs (id), 
	CONSTRAINT fk_measurements_target_id FOREIGN KEY(target_id) REFERENCES targets (id), 
	CONSTRAINT uq_measurements_attempt_id UNIQUE (attempt_id)
);
INSERT INTO "measurements" VALUES(1,1,1,1,1790000000000001,0.5,0.5,0.5,1,1,1,1,1,1,1,1,'failure_kind 1',X'01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO "measurements" VALUES(2,2,2,2,1790000000000002,1.0,1.0,1.0,2,2,2,2,2,2,1,1,'failure_kind 2',X'02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO "measurements" VALUES(3,3,3,3,1790000000000003,1.5,1.5,1.5,3,3,3,3,3,3,1,1,'failure_kind 3',X'03030303030303030303030303030303030303030303030303030303030303030303030303030303');
CREATE TABLE project_artifacts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	project_id INTEGER NOT NULL, 
	artifact_id INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT fk_project_artifacts_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifacts (id), 
	CONSTRAINT fk_project_artifacts_project_id FOREIGN KEY(project_id) REFERENCES projects (id), 
	CONSTRAINT uq_project_artifacts_project_id_artifact_id UNIQUE (project_id, artifact_id)
);
INSERT INTO "project_artifacts" VALUES(1,1,1,'name 1',1790000000000001);
INSERT INTO "project_artifacts" VALUES(2,2,2,'name 2',1790000000000002);
INSERT INTO "project_artifacts" VALUES(3,3,3,'name 3',1790000000000003);
CREATE TABLE projects (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	slug VARCHAR(160) NOT NULL, 
	private BOOLEAN NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT uq_projects_slug UNIQUE (slug)
);
INSERT INTO "projects" VALUES(1,'slug 1',1,1790000000000001);
INSERT INTO "projects" VALUES(2,'slug 2',1,1790000000000002);
INSERT INTO "projects" VALUES(3,'slug 3',1,1790000000000003);
CREATE TABLE requests (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	project_id INTEGER NOT NULL, 
	token_id INTEGER NOT NULL, 
	job_id INTEGER, 
	measurement_id INTEGER, 
	artifact_id INTEGER NOT NULL, 
	target_id INTEGER NOT NULL, 
	spec_id INTEGER NOT NULL, 
	label VARCHAR(200), 
	created_us BIGINT NOT NULL, 
	cancelled_us BIGINT, 
	CONSTRAINT fk_requests_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifacts (id), 
	CONSTRAINT fk_requests_job_id FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT fk_requests_measurement_id FOREIGN KEY(measurement_id) REFERENCES measurements (id), 
	CONSTRAINT fk_requests_project_id FOREIGN KEY(project_id) REFERENCES projects (id), 
	CONSTRAINT fk_requests_spec_id FOREIGN KEY(spec_id) REFERENCES specs (id), 
	CONSTRAINT fk_requests_target_id FOREIGN KEY(target_id) REFERENCES targets (id), 
	CONSTRAINT fk_requests_token_id FOREIGN KEY(token_id) REFERENCES tokens (id)
);
INSERT INTO "requests" VALUES(1,1,1,1,1,1,1,1,'label 1',1790000000000001,1790000000000001);
INSERT INTO "requests" VALUES(2,2,2,2,2,2,2,2,'label 2',1790000000000002,1790000000000002);
INSERT INTO "requests" VALUES(3,3,3,3,3,3,3,3,'label 3',1790000000000003,1790000000000003);
CREATE TABLE specs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	digest BLOB NOT NULL, 
	document TEXT NOT NULL, 
	protocol VARCHAR(200) NOT NULL, 
	protocol_digest BLOB NOT NULL, 
	CONSTRAINT uq_specs_digest UNIQUE (digest)
);
INSERT INTO "specs" VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101','document 1','protocol 1',X'0101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO "specs" VALUES(2,X'0202020202020202020202020202020202020202020202020202020202020202','document 2','protocol 2',X'0202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO "specs" VALUES(3,X'0303030303030303030303030303030303030303030303030303030303030303','document 3','protocol 3',X'0303030303030303030303030303030303030303030303030303030303030303');
CREATE TABLE target_revisions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	target_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	fingerprint_digest BLOB NOT NULL, 
	fingerprint TEXT NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT fk_target_revisions_target_id FOREIGN KEY(target_id) REFERENCES targets (id), 
	CONSTRAINT uq_target_revisions_target_id_fingerprint_digest UNIQUE (target_id, fingerprint_digest), 
	CONSTRAINT uq_target_revisions_target_id_number UNIQUE (target_id, number)
);
INSERT INTO "target_revisions" VALUES(1,1,1,X'0101010101010101010101010101010101010101010101010101010101010101','fingerprint 1',1790000000000001);
INSERT INTO "target_revisions" VALUES(2,2,2,X'0202020202020202020202020202020202020202020202020202020202020202','fingerprint 2',1790000000000002);
INSERT INTO "target_revisions" VALUES(3,3,3,X'0303030303030303030303030303030303030303030303030303030303030303','fingerprint 3',1790000000000003);
CREATE TABLE targets (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	slug VARCHAR(160) NOT NULL, 
	document TEXT NOT NULL, 
	formats VARCHAR(64) NOT NULL, 
	created_us BIGINT NOT NULL, 
	CONSTRAINT uq_targets_slug UNIQUE (slug)
);
INSERT INTO "targets" VALUES(1,'slug 1','document 1','formats 1',1790000000000001);
INSERT INTO "targets" VALUES(2,'slug 2','document 2','formats 2',1790000000000002);
INSERT INTO "targets" VALUES(3,'slug 3','document 3','formats 3',1790000000000003);
CREATE TABLE tokens (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	digest BLOB NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	project_id INTEGER, 
	device_id INTEGER, 
	device_slug VARCHAR(160), 
	created_us BIGINT NOT NULL, 
	expires_us BIGINT, 
	revoked_us BIGINT, 
	last_used_us BIGINT, 
	CONSTRAINT fk_tokens_device_id FOREIGN KEY(device_id) REFERENCES devices (id), 
	CONSTRAINT fk_tokens_project_id FOREIGN KEY(project_id) REFERENCES projects (id), 
	CONSTRAINT uq_tokens_digest UNIQUE (digest)
);
INSERT INTO "tokens" VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101','name 1','role 1',1,1,'device_slug 1',1790000000000001,1790000000000001,1790000000000001,1790000000000001);
INSERT INTO "tokens" VALUES(2,X'0202020202020202020202020202020202020202020202020202020202020202','name 2','role 2',2,2,'device_slug 2',1790000000000002,1790000000000002,1790000000000002,1790000000000002);
INSERT INTO "tokens" VALUES(3,X'0303030303030303030303030303030303030303030303030303030303030303','name 3','role 3',3,3,'device_slug 3',1790000000000003,1790000000000003,1790000000000003,1790000000000003);
CREATE INDEX ix_artifacts_unread ON artifacts (id) WHERE state = 'stored' AND features IS NULL AND refused IS NULL;
CREATE INDEX ix_jobs_deadline ON jobs (deadline_us) WHERE deadline_us IS NOT NULL AND state IN ('pending', 'running');
CREATE INDEX ix_jobs_open_project_id ON jobs (project_id) WHERE state IN ('pending', 'running');
CREATE INDEX ix_jobs_pending ON jobs (target_id, priority DESC, id) WHERE state = 'pending';
CREATE UNIQUE INDEX uq_jobs_open ON jobs (artifact_id, target_id, spec_id) WHERE state IN ('pending', 'running');
CREATE INDEX ix_project_artifacts_artifact_id ON project_artifacts (artifact_id);
CREATE INDEX ix_project_artifacts_project_id_id ON project_artifacts (project_id, id);
CREATE INDEX ix_tokens_device_id ON tokens (device_id);
CREATE UNIQUE INDEX uq_agent_sessions_live_device_id ON agent_sessions (device_id) WHERE closed_us IS NULL;
CREATE INDEX ix_audit_device_id ON audit (device_id);
CREATE INDEX ix_idempotency_keys_created_us ON idempotency_keys (created_us);
CREATE INDEX ix_attempts_live_expires_us ON attempts (expires_us) WHERE state = 'live';
CREATE INDEX ix_attempts_live_session_id ON attempts (session_id, claim_id) WHERE state = 'live';
CREATE UNIQUE INDEX uq_attempts_live_job_id ON attempts (job_id) WHERE state = 'live';
CREATE INDEX ix_device_targets_target_id ON device_targets (target_id);
CREATE INDEX ix_measurements_batch_id ON measurements (batch_id);
CREATE INDEX ix_measurements_context_id ON measurements (context_id);
CREATE INDEX ix_measurements_target_id_artifact_id ON measurements (target_id, artifact_id);
CREATE UNIQUE INDEX uq_measurements_accepted_job_id ON measurements (job_id) WHERE accepted;
CREATE INDEX ix_requests_job_id ON requests (job_id);
CREATE INDEX ix_requests_project_id_id ON requests (project_id, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('artifacts',3);
INSERT INTO "sqlite_sequence" VALUES('devices',3);
INSERT INTO "sqlite_sequence" VALUES('interned',3);
INSERT INTO "sqlite_sequence" VALUES('projects',3);
INSERT INTO "sqlite_sequence" VALUES('specs',3);
INSERT INTO "sqlite_sequence" VALUES('targets',3);
INSERT INTO "sqlite_sequence" VALUES('jobs',3);
INSERT INTO "sqlite_sequence" VALUES('project_artifacts',3);
INSERT INTO "sqlite_sequence" VALUES('target_revisions',3);
INSERT INTO "sqlite_sequence" VALUES('tokens',3);
INSERT INTO "sqlite_sequence" VALUES('agent_sessions',3);
INSERT INTO "sqlite_sequence" VALUES('audit',3);
INSERT INTO "sqlite_sequence" VALUES('attempts',3);
INSERT INTO "sqlite_sequence" VALUES('measurements',3);
INSERT INTO "sqlite_sequence" VALUES('requests',3);
COMMIT;
