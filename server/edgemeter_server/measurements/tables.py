"""measurements, measurement_samples, measurement_quantiles, measurement_layers, interned."""

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    event,
    text,
)

from edgemeter_server.database.metadata import Key, Microseconds, metadata

#: JSON that many measurements have in common, compressed, found by its SHA-256. See interning.py.
interned = Table(
    "interned",
    metadata,
    Column("id", Key, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

#: Never updated but for `accepted`; a correction is another measurement. What is in no column is in
#: `detail`, see codec.py. Targets, specs, devices and batches never come near 2**31, so that their ids
#: are four bytes here, and wide columns come first: nothing of a row is padding.
measurements = Table(
    "measurements",
    metadata,
    Column("id", Key, primary_key=True),
    Column("job_id", Key, ForeignKey("jobs.id"), nullable=False),
    Column("attempt_id", Key, ForeignKey("attempts.id"), nullable=False),
    Column("artifact_id", Key, ForeignKey("artifacts.id"), nullable=False),
    Column("created_us", Microseconds, nullable=False),
    Column("latency_ms", Float),
    Column("low_ms", Float),
    Column("high_ms", Float),
    Column("target_id", Integer, ForeignKey("targets.id"), nullable=False),
    Column("revision_id", Integer, ForeignKey("target_revisions.id"), nullable=False),
    Column("spec_id", Integer, ForeignKey("specs.id"), nullable=False),
    Column("device_id", Integer, ForeignKey("devices.id"), nullable=False),
    #: Provenance, agent version and seed: of one agent for days.
    Column("context_id", Integer, ForeignKey("interned.id"), nullable=False),
    #: Target, protocol and conditions: of the jobs that were measured together.
    Column("batch_id", Integer, ForeignKey("interned.id"), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("valid", Boolean, nullable=False),
    Column("failure_kind", String(32), nullable=False),  #: empty: none. A NULL would cost PostgreSQL 8 bytes
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
#: An attempt's measurement is found by its job where it was accepted, else by this. An index of all attempts
#: would take a twentieth of what PostgreSQL keeps.
_OTHERS = text("NOT accepted")
Index(
    "uq_measurements_other_attempt_id",
    measurements.c.attempt_id,
    unique=True,
    sqlite_where=_OTHERS,
    postgresql_where=_OTHERS,
)
#: Finds the measurement that answers a request, and all of a target. Of a network: see listing.py.
Index("ix_measurements_target_id_artifact_id", measurements.c.target_id, measurements.c.artifact_id)
#: Whether an interned row is still in use. They follow the order of storing: a block range index will do.
Index("ix_measurements_context_id", measurements.c.context_id, postgresql_using="brin")
Index("ix_measurements_batch_id", measurements.c.batch_id, postgresql_using="brin")

#: Raw ordered samples of all visits and the statistics of them, see samples.py.
#: On PostgreSQL partitioned by month of `created_us`, so that old months are dropped whole. Without a key:
#: there it would have to hold the instant as well, and take a third more.
measurement_samples = Table(
    "measurement_samples",
    metadata,
    Column("measurement_id", Key, nullable=False, index=True),
    Column("created_us", Microseconds, nullable=False),
    Column("content", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (created_us)",
)
#: For months that nobody made a partition for in time.
_OTHER_MONTHS = DDL(  # type: ignore[no-untyped-call]
    "CREATE TABLE measurement_samples_default PARTITION OF measurement_samples DEFAULT"
)
event.listen(measurement_samples, "after_create", _OTHER_MONTHS.execute_if(dialect="postgresql"))

#: What retention leaves of a measurement's samples, in the same form.
measurement_quantiles = Table(
    "measurement_quantiles",
    metadata,
    Column("measurement_id", Key, ForeignKey("measurements.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

measurement_layers = Table(
    "measurement_layers",
    metadata,
    Column("measurement_id", Key, ForeignKey("measurements.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)
