"""Storing measurements, and finding those that answer requests."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from pydantic_core import to_json
from sqlalchemy import Connection, func, insert, select

from edgemeter.measurement import Interval, Validity
from edgemeter.wire.requests import Estimate
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.tables import devices, target_revisions, targets
from edgemeter_server.instants import instant
from edgemeter_server.jobs.tables import specs
from edgemeter_server.measurements import codec
from edgemeter_server.measurements.codec import Stored
from edgemeter_server.measurements.interning import intern
from edgemeter_server.measurements.new import NewMeasurement as NewMeasurement
from edgemeter_server.measurements.tables import measurement_layers, measurement_samples, measurements

How = Literal["measured", "stored"]
_CHUNK = 1000  #: of parameters in one statement


def store(connection: Connection, new: NewMeasurement, now_us: int) -> int:
    return store_many(connection, [new], now_us)[0]


def store_many(connection: Connection, news: Sequence[NewMeasurement], now_us: int) -> list[int]:
    """The new rows' ids, in the order of `news`. A few statements, however many there are.

    Raises IntegrityError for a second accepted measurement of a job, and a second other one of an attempt.
    """
    if not news:
        return []
    encoded = codec.encode_all([new.measurement for new in news])
    contexts = _contexts(news)
    interned = intern(connection, {*contexts, *(stored.batch for stored in encoded)})
    rows = [
        _row(new, stored, now_us) | {"context_id": interned[context], "batch_id": interned[stored.batch]}
        for new, stored, context in zip(news, encoded, contexts, strict=True)
    ]
    # Nothing promises that rows come back in the order in which they were given.
    by_attempt = {row.attempt_id: row.id for row in connection.execute(_INSERT, rows)}
    ids = [by_attempt[new.attempt_id] for new in news]
    _store_apart(connection, ids, encoded, now_us)
    return ids


_INSERT = insert(measurements).returning(measurements.c.attempt_id, measurements.c.id)


def answer(
    connection: Connection, artifact_id: int, target_id: int, spec_id: int, revisions: Collection[int]
) -> int | None:
    """The newest valid accepted measurement of these, made by one of `revisions` of the target."""
    newest = select(func.max(measurements.c.id)).where(
        measurements.c.artifact_id == artifact_id,
        measurements.c.target_id == target_id,
        measurements.c.spec_id == spec_id,
        measurements.c.revision_id.in_(revisions),
        measurements.c.valid,
        measurements.c.accepted,
    )
    return connection.execute(newest).scalar()


def estimates(
    connection: Connection, ids: Collection[int], *, how_by_id: Mapping[int, How]
) -> dict[int, Estimate]:
    """By measurement id. A failed measurement has no estimate."""
    wanted = list(ids)
    chunks = (wanted[at : at + _CHUNK] for at in range(0, len(wanted), _CHUNK))
    rows = (
        row for chunk in chunks for row in connection.execute(_ESTIMATES.where(measurements.c.id.in_(chunk)))
    )
    return {row.id: _estimate(row, how_by_id[row.id]) for row in rows}


_ESTIMATES = (
    select(
        measurements.c.id,
        measurements.c.latency_ms,
        measurements.c.low_ms,
        measurements.c.high_ms,
        measurements.c.detail,
        measurements.c.created_us,
        artifacts.c.sha256,
        specs.c.protocol,
        targets.c.slug.label("target"),
        target_revisions.c.number,
        devices.c.slug.label("device"),
    )
    .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
    .join(specs, specs.c.id == measurements.c.spec_id)
    .join(targets, targets.c.id == measurements.c.target_id)
    .join(target_revisions, target_revisions.c.id == measurements.c.revision_id)
    .join(devices, devices.c.id == measurements.c.device_id)
    .where(measurements.c.latency_ms.is_not(None))
)


def _estimate(row: Any, how: How) -> Estimate:
    detail = codec.read_detail(row.detail, row.sha256)
    level = detail["latency"]["interval"]["level"]
    return Estimate(
        latency_ms=row.latency_ms,
        interval=Interval(low_ms=row.low_ms, high_ms=row.high_ms, level=level),
        validity=Validity.model_validate(detail["validity"]),
        protocol=row.protocol,
        how=how,
        measurement_id=row.id,
        target=row.target,
        revision=row.number,
        device=row.device,
        measured_at=instant(row.created_us),
    )


def _row(new: NewMeasurement, stored: Stored, now_us: int) -> dict[str, Any]:
    measurement = new.measurement
    return {
        "job_id": new.job_id,
        "attempt_id": new.attempt_id,
        "artifact_id": new.artifact_id,
        "target_id": new.target_id,
        "revision_id": new.revision_id,
        "spec_id": new.spec_id,
        "device_id": new.device_id,
        "created_us": now_us,
        "accepted": new.accepted,
        "valid": measurement.status == "ok"
        and measurement.latency is not None
        and measurement.validity.valid,
        "failure_kind": measurement.failure.kind.value if measurement.failure else "",
        "latency_ms": stored.latency_ms,
        "low_ms": stored.low_ms,
        "high_ms": stored.high_ms,
        "detail": stored.detail,
    }


def _contexts(news: Sequence[NewMeasurement]) -> list[bytes]:
    """Written once for all that came in one report."""
    written: dict[tuple[int, str, int], bytes] = {}
    for new in news:
        if (key := _context_key(new)) not in written:
            said = {"provenance": new.provenance, "agent_version": new.agent_version, "seed": new.seed}
            written[key] = to_json(said, inf_nan_mode="constants")
    return [written[_context_key(new)] for new in news]


def _context_key(new: NewMeasurement) -> tuple[int, str, int]:
    return id(new.provenance), new.agent_version, new.seed


def _store_apart(connection: Connection, ids: Sequence[int], encoded: Sequence[Stored], now_us: int) -> None:
    samples = [
        {"measurement_id": id_, "created_us": now_us, "content": stored.samples}
        for id_, stored in zip(ids, encoded, strict=True)
        if stored.samples is not None
    ]
    layers = [
        {"measurement_id": id_, "content": stored.layers}
        for id_, stored in zip(ids, encoded, strict=True)
        if stored.layers is not None
    ]
    for table, rows in ((measurement_samples, samples), (measurement_layers, layers)):
        if rows:
            connection.execute(insert(table), rows)
