"""How far the anchors of each target are off their reference, as its newest measurement says."""

from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.tables import targets
from edgemeter_server.measurements import codec, interning
from edgemeter_server.measurements.tables import interned, measurement_samples, measurements

#: Told of targets among so many newest measurements: what is older tells nothing of today.
LATEST: Final = 1000


def drift_by_target(connection: Connection) -> dict[str, float]:
    """By slug; targets without a reference are left out, and so are failures."""
    drifts = {row.slug: _drift(row) for row in connection.execute(_newest())}
    return {slug: drift for slug, drift in drifts.items() if drift is not None}


def _newest() -> Select[Any]:
    latest = (
        select(measurements.c.id, measurements.c.target_id)
        .where(measurements.c.latency_ms.is_not(None))
        .order_by(measurements.c.id.desc())
        .limit(LATEST)
        .subquery()
    )
    return (
        select(measurements, targets.c.slug, artifacts.c.sha256)
        .add_columns(interned.c.content.label("batch"), measurement_samples.c.content.label("samples"))
        .join(targets, targets.c.id == measurements.c.target_id)
        .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
        .join(interned, interned.c.id == measurements.c.batch_id)
        # Where retention has taken the samples, there is nothing of today either.
        .join(measurement_samples, measurement_samples.c.measurement_id == measurements.c.id)
        .where(measurements.c.id.in_(select(func.max(latest.c.id)).group_by(latest.c.target_id)))
    )


def _drift(row: Row[*tuple[Any, ...]]) -> float | None:
    stored = codec.Stored(
        latency_ms=row.latency_ms,
        low_ms=row.low_ms,
        high_ms=row.high_ms,
        detail=row.detail,
        batch=interning.read(row.batch),
        samples=row.samples,
        layers=None,
    )
    latency = codec.decode(stored, row.sha256).latency
    return None if latency is None else latency.drift
