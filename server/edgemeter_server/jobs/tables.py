"""specs, requests, jobs, attempts."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: Interned `JobSpec`s: `document` is its JSON, `protocol_digest` that of the resolved protocol.
specs = Table(
    "specs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("protocol", String(200), nullable=False),
    Column("protocol_digest", LargeBinary(32), nullable=False),
    sqlite_autoincrement=True,
)

#: One network on one target under one spec. `project_id` is that of the request which made it, in whose
#: quota it counts; `tries` are the attempts charged to the job itself; `wanted` counts the requests that
#: are not cancelled. `state` is a JobState.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), nullable=False),
    Column("target_id", Key, ForeignKey("targets.id"), nullable=False),
    Column("spec_id", Key, ForeignKey("specs.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("not_before_us", Microseconds, nullable=False),
    Column("deadline_us", Microseconds),
    Column("created_us", Microseconds, nullable=False),
    Column("ended_us", Microseconds),
    Column("failure", Text),
    sqlite_autoincrement=True,
)
_PENDING = text("state = 'pending'")
_OPEN = text("state IN ('pending', 'running')")
#: The claim's index: its order is the order of claiming.
Index(
    "ix_jobs_pending",
    jobs.c.target_id,
    jobs.c.priority.desc(),
    jobs.c.id,
    sqlite_where=_PENDING,
    postgresql_where=_PENDING,
)
#: Identical requests share one job while it is open.
Index(
    "uq_jobs_open",
    jobs.c.artifact_id,
    jobs.c.target_id,
    jobs.c.spec_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
#: What a project's quota counts.
Index("ix_jobs_open_project_id", jobs.c.project_id, sqlite_where=_OPEN, postgresql_where=_OPEN)
_DEADLINE = text("deadline_us IS NOT NULL AND state IN ('pending', 'running')")
Index("ix_jobs_deadline", jobs.c.deadline_us, sqlite_where=_DEADLINE, postgresql_where=_DEADLINE)

#: Answered by `measurement_id` where it was stored already, else by its job.
requests = Table(
    "requests",
    metadata,
    Column("id", Key, primary_key=True),
    Column("project_id", Key, ForeignKey("projects.id"), nullable=False),
    Column("token_id", Key, ForeignKey("tokens.id"), nullable=False),
    Column("job_id", Key, ForeignKey("jobs.id"), index=True),
    Column("measurement_id", Key, ForeignKey("measurements.id")),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), nullable=False),
    Column("target_id", Key, ForeignKey("targets.id"), nullable=False),
    Column("spec_id", Key, ForeignKey("specs.id"), nullable=False),
    Column("label", String(200)),
    Column("created_us", Microseconds, nullable=False),
    Column("cancelled_us", Microseconds),
    sqlite_autoincrement=True,
)
Index("ix_requests_project_id_id", requests.c.project_id, requests.c.id)

#: An Idempotency-Key and what its first use created, kept for a day.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("token_id", Key, ForeignKey("tokens.id"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("message_digest", LargeBinary(32), nullable=False),
    Column("first_request_id", Key, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("created_us", Microseconds, nullable=False, index=True),
)

#: `state` is an AttemptState, `charged` a Charge. `revision_id` is what the session offered when it claimed.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("job_id", Key, ForeignKey("jobs.id"), nullable=False),
    Column("session_id", Key, ForeignKey("agent_sessions.id"), nullable=False),
    Column("device_id", Key, ForeignKey("devices.id"), nullable=False),
    Column("revision_id", Key, ForeignKey("target_revisions.id"), nullable=False),
    Column("claim_id", LargeBinary(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_us", Microseconds, nullable=False),
    Column("expires_us", Microseconds, nullable=False),
    Column("ended_us", Microseconds),
    Column("charged", String(8)),
    Column("failure", Text),
    UniqueConstraint("job_id", "number"),
    sqlite_autoincrement=True,
)
_LIVE = text("state = 'live'")
Index("uq_attempts_live_job_id", attempts.c.job_id, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)
Index(
    "ix_attempts_live_session_id",
    attempts.c.session_id,
    attempts.c.claim_id,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
Index("ix_attempts_live_expires_us", attempts.c.expires_us, sqlite_where=_LIVE, postgresql_where=_LIVE)
