"""measurements, measurement_samples, measurement_layers, interned."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    text,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: JSON that many measurements have in common, zstd-compressed, found by its SHA-256.
interned = Table(
    "interned",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

#: Never updated but for `accepted`; a correction is another measurement.
#: `detail` holds what is in the document and in no column, see codec.py.
measurements = Table(
    "measurements",
    metadata,
    Column("id", Key, primary_key=True),
    Column("job_id", Key, ForeignKey("jobs.id"), nullable=False),
    Column("attempt_id", Key, ForeignKey("attempts.id"), nullable=False, unique=True),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), nullable=False),
    Column("target_id", Key, ForeignKey("targets.id"), nullable=False),
    Column("revision_id", Key, ForeignKey("target_revisions.id"), nullable=False),
    Column("spec_id", Key, ForeignKey("specs.id"), nullable=False),
    Column("device_id", Key, ForeignKey("devices.id"), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("valid", Boolean, nullable=False),
    Column("failure_kind", String(32)),
    Column("latency_ms", Float),
    Column("low_ms", Float),
    Column("high_ms", Float),
    Column("context_id", Key, ForeignKey("interned.id"), nullable=False),  #: provenance and agent version
    Column("conditions_id", Key, ForeignKey("interned.id"), nullable=False),  #: of its visits, execution
    Column("detail", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
_ACCEPTED = text("accepted")
Index(
    "uq_measurements_accepted_job_id",
    measurements.c.job_id,
    unique=True,
    sqlite_where=_ACCEPTED,
    postgresql_where=_ACCEPTED,
)
#: Finds the newest valid measurement that answers a request.
Index(
    "ix_measurements_answer",
    measurements.c.artifact_id,
    measurements.c.target_id,
    measurements.c.spec_id,
    measurements.c.id,
    sqlite_where=text("valid AND accepted"),
    postgresql_where=text("valid AND accepted"),
)

#: Raw ordered samples of all visits, see codec.py; taken by retention, which leaves quantiles in their place.
#: On PostgreSQL partitioned by month of `created_us`, so that old months are dropped whole.
measurement_samples = Table(
    "measurement_samples",
    metadata,
    Column("measurement_id", Key, primary_key=True, autoincrement=False),
    Column("created_us", Microseconds, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (created_us)",
)

measurement_layers = Table(
    "measurement_layers",
    metadata,
    Column("measurement_id", Key, ForeignKey("measurements.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
