"""The tables of the first release.

Written for both databases at once; `tests/integration/server/migrations` compares the result with the models.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
US = sa.BigInteger()


def upgrade() -> None:
    _artifacts()
    _devices()
    _installation()
    _interned()
    _measurement_samples()
    _projects()
    _specs()
    _targets()
    _artifact_usage()
    _jobs()
    _project_artifacts()
    _target_revisions()
    _tokens()
    _agent_sessions()
    _audit()
    _idempotency_keys()
    _attempts()
    _device_targets()
    _measurements()
    _measurement_layers()
    _measurement_quantiles()
    _requests()
    _partition("measurement_samples")


def _artifacts() -> None:
    op.create_table(
        "artifacts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.Column("touched_us", US, nullable=False),
        sa.Column("features", sa.Text()),
        sa.Column("refused", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_artifacts"),
        sa.UniqueConstraint("sha256", name="uq_artifacts_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_artifacts_unread",
        "artifacts",
        ["id"],
        **_where("state = 'stored' AND features IS NULL AND refused IS NULL"),
    )


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(160), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("health", sa.String(16), nullable=False),
        sa.Column("health_reason", sa.Text(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("slug", name="uq_devices_slug"),
        sqlite_autoincrement=True,
    )


def _installation() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )


def _interned() -> None:
    op.create_table(
        "interned",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interned"),
        sa.UniqueConstraint("digest", name="uq_interned_digest"),
        sqlite_autoincrement=True,
    )


def _measurement_samples() -> None:
    op.create_table(
        "measurement_samples",
        sa.Column("measurement_id", KEY, autoincrement=False, nullable=False),
        sa.Column("created_us", US, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("measurement_id", "created_us", name="pk_measurement_samples"),
        postgresql_partition_by="RANGE (created_us)",
    )


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(160), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("slug", name="uq_projects_slug"),
        sqlite_autoincrement=True,
    )


def _specs() -> None:
    op.create_table(
        "specs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("protocol", sa.String(200), nullable=False),
        sa.Column("protocol_digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_specs"),
        sa.UniqueConstraint("digest", name="uq_specs_digest"),
        sqlite_autoincrement=True,
    )


def _targets() -> None:
    op.create_table(
        "targets",
        sa.Column("id", KEY, nullable=False),
        sa.Column("slug", sa.String(160), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("formats", sa.String(64), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.UniqueConstraint("slug", name="uq_targets_slug"),
        sqlite_autoincrement=True,
    )


def _artifact_usage() -> None:
    op.create_table(
        "artifact_usage",
        sa.Column("project_id", KEY, autoincrement=False, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_artifact_usage_project_id"),
        sa.PrimaryKeyConstraint("project_id", name="pk_artifact_usage"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("artifact_id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("spec_id", KEY, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before_us", US, nullable=False),
        sa.Column("deadline_us", US),
        sa.Column("created_us", US, nullable=False),
        sa.Column("ended_us", US),
        sa.Column("failure", sa.Text()),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_jobs_artifact_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_jobs_project_id"),
        sa.ForeignKeyConstraint(["spec_id"], ["specs.id"], name="fk_jobs_spec_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_jobs_target_id"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_jobs_deadline",
        "jobs",
        ["deadline_us"],
        **_where("deadline_us IS NOT NULL AND state IN ('pending', 'running')"),
    )
    op.create_index(
        "ix_jobs_open_project_id", "jobs", ["project_id"], **_where("state IN ('pending', 'running')")
    )
    op.create_index(
        "ix_jobs_pending",
        "jobs",
        ["target_id", sa.literal_column("priority DESC"), "id"],
        **_where("state = 'pending'"),
    )
    op.create_index(
        "uq_jobs_open",
        "jobs",
        ["artifact_id", "target_id", "spec_id"],
        unique=True,
        **_where("state IN ('pending', 'running')"),
    )


def _project_artifacts() -> None:
    op.create_table(
        "project_artifacts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("artifact_id", KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_project_artifacts_artifact_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_project_artifacts_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_project_artifacts"),
        sa.UniqueConstraint("project_id", "artifact_id", name="uq_project_artifacts_project_id_artifact_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_project_artifacts_artifact_id", "project_artifacts", ["artifact_id"])
    op.create_index("ix_project_artifacts_project_id_id", "project_artifacts", ["project_id", "id"])


def _target_revisions() -> None:
    op.create_table(
        "target_revisions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fingerprint_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_target_revisions_target_id"),
        sa.PrimaryKeyConstraint("id", name="pk_target_revisions"),
        sa.UniqueConstraint(
            "target_id", "fingerprint_digest", name="uq_target_revisions_target_id_fingerprint_digest"
        ),
        sa.UniqueConstraint("target_id", "number", name="uq_target_revisions_target_id_number"),
        sqlite_autoincrement=True,
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("project_id", KEY),
        sa.Column("device_id", KEY),
        sa.Column("device_slug", sa.String(160)),
        sa.Column("created_us", US, nullable=False),
        sa.Column("expires_us", US),
        sa.Column("revoked_us", US),
        sa.Column("last_used_us", US),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_tokens_device_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_tokens_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_tokens_device_id", "tokens", ["device_id"], postgresql_where=sa.text("device_id IS NOT NULL")
    )


def _agent_sessions() -> None:
    op.create_table(
        "agent_sessions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("device_id", KEY, nullable=False),
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("agent_version", sa.String(200), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("opened_us", US, nullable=False),
        sa.Column("seen_us", US, nullable=False),
        sa.Column("closed_us", US),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_agent_sessions_device_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_agent_sessions_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_agent_sessions"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_agent_sessions_live_device_id",
        "agent_sessions",
        ["device_id"],
        unique=True,
        **_where("closed_us IS NULL"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at_us", US, nullable=False),
        sa.Column("token_id", KEY),
        sa.Column("device_id", KEY),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_audit_device_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_audit_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_device_id", "audit", ["device_id"])


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("message_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("first_request_id", KEY, nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_idempotency_keys_token_id"),
        sa.PrimaryKeyConstraint("token_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_us", "idempotency_keys", ["created_us"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("job_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("device_id", KEY, nullable=False),
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("claim_id", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_us", US, nullable=False),
        sa.Column("expires_us", US, nullable=False),
        sa.Column("ended_us", US),
        sa.Column("charged", sa.String(8)),
        sa.Column("failure", sa.Text()),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_attempts_device_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_attempts_job_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["target_revisions.id"], name="fk_attempts_revision_id"),
        sa.ForeignKeyConstraint(["session_id"], ["agent_sessions.id"], name="fk_attempts_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("job_id", "number", name="uq_attempts_job_id_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempts_live_expires_us", "attempts", ["expires_us"], **_where("state = 'live'"))
    op.create_index(
        "ix_attempts_live_session_id", "attempts", ["session_id", "claim_id"], **_where("state = 'live'")
    )
    op.create_index(
        "uq_attempts_live_job_id", "attempts", ["job_id"], unique=True, **_where("state = 'live'")
    )


def _device_targets() -> None:
    op.create_table(
        "device_targets",
        sa.Column("device_id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("revision_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("approved_us", US),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_device_targets_device_id"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["target_revisions.id"], name="fk_device_targets_revision_id"
        ),
        sa.ForeignKeyConstraint(["session_id"], ["agent_sessions.id"], name="fk_device_targets_session_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_device_targets_target_id"),
        sa.PrimaryKeyConstraint("device_id", "target_id", name="pk_device_targets"),
    )
    op.create_index("ix_device_targets_target_id", "device_targets", ["target_id"])


def _measurements() -> None:
    op.create_table(
        "measurements",
        sa.Column("id", KEY, nullable=False),
        sa.Column("job_id", KEY, nullable=False),
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("artifact_id", KEY, nullable=False),
        sa.Column("created_us", US, nullable=False),
        sa.Column("latency_ms", sa.Float()),
        sa.Column("low_ms", sa.Float()),
        sa.Column("high_ms", sa.Float()),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("spec_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("failure_kind", sa.String(32), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_measurements_artifact_id"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_measurements_attempt_id"),
        sa.ForeignKeyConstraint(["batch_id"], ["interned.id"], name="fk_measurements_batch_id"),
        sa.ForeignKeyConstraint(["context_id"], ["interned.id"], name="fk_measurements_context_id"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name="fk_measurements_device_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_measurements_job_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["target_revisions.id"], name="fk_measurements_revision_id"),
        sa.ForeignKeyConstraint(["spec_id"], ["specs.id"], name="fk_measurements_spec_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_measurements_target_id"),
        sa.PrimaryKeyConstraint("id", name="pk_measurements"),
        sa.UniqueConstraint("attempt_id", name="uq_measurements_attempt_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_measurements_batch_id", "measurements", ["batch_id"], postgresql_using="brin")
    op.create_index("ix_measurements_context_id", "measurements", ["context_id"], postgresql_using="brin")
    op.create_index("ix_measurements_target_id_artifact_id", "measurements", ["target_id", "artifact_id"])
    op.create_index(
        "uq_measurements_accepted_job_id", "measurements", ["job_id"], unique=True, **_where("accepted")
    )


def _measurement_layers() -> None:
    op.create_table(
        "measurement_layers",
        sa.Column("measurement_id", KEY, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measurement_id"], ["measurements.id"], name="fk_measurement_layers_measurement_id"
        ),
        sa.PrimaryKeyConstraint("measurement_id", name="pk_measurement_layers"),
    )


def _measurement_quantiles() -> None:
    op.create_table(
        "measurement_quantiles",
        sa.Column("measurement_id", KEY, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["measurement_id"], ["measurements.id"], name="fk_measurement_quantiles_measurement_id"
        ),
        sa.PrimaryKeyConstraint("measurement_id", name="pk_measurement_quantiles"),
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("job_id", KEY),
        sa.Column("measurement_id", KEY),
        sa.Column("artifact_id", KEY, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("spec_id", KEY, nullable=False),
        sa.Column("label", sa.String(200)),
        sa.Column("created_us", US, nullable=False),
        sa.Column("cancelled_us", US),
        sa.ForeignKeyConstraint(["artifact_id"], ["artifacts.id"], name="fk_requests_artifact_id"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_requests_job_id"),
        sa.ForeignKeyConstraint(["measurement_id"], ["measurements.id"], name="fk_requests_measurement_id"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_requests_project_id"),
        sa.ForeignKeyConstraint(["spec_id"], ["specs.id"], name="fk_requests_spec_id"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_requests_target_id"),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name="fk_requests_token_id"),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_requests_job_id", "requests", ["job_id"])
    op.create_index("ix_requests_project_id_id", "requests", ["project_id", "id"])


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _partition(table: str) -> None:
    """Rows of months that have no partition of their own; those are made ahead by the service."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
