"""Measurements as lists show them: filtered, newest first, only those of networks that the caller may see."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, exists, select

from edgemeter.measurement import Interval
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.measurements import MeasurementRow
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.repository import references, visible_to
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.devices.tables import devices, target_revisions, targets
from edgemeter_server.http.caller import Caller
from edgemeter_server.instants import instant
from edgemeter_server.jobs.tables import specs
from edgemeter_server.measurements.codec import read_detail
from edgemeter_server.measurements.tables import measurements

SHOWN = (
    select(
        measurements,
        artifacts.c.sha256,
        targets.c.slug.label("target"),
        target_revisions.c.number.label("revision"),
        devices.c.slug.label("device"),
        specs.c.protocol,
    )
    .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
    .join(targets, targets.c.id == measurements.c.target_id)
    .join(target_revisions, target_revisions.c.id == measurements.c.revision_id)
    .join(devices, devices.c.id == measurements.c.device_id)
    .join(specs, specs.c.id == measurements.c.spec_id)
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is None is not asked for. Slugs, a sha256, a protocol's name; what nobody has finds nothing."""

    target: str | None = None
    artifact: str | None = None
    device: str | None = None
    project: str | None = None
    protocol: str | None = None
    valid: bool | None = None
    accepted: bool | None = None


def listed(
    connection: Connection, caller: Caller, filters: Filters, before_id: int, limit: int
) -> Sequence[MeasurementRow]:
    """Raises Refusal NOT_FOUND for a project that the caller does not see."""
    chosen = SHOWN.where(measurements.c.id < before_id, visible_to(caller))
    for condition in _conditions(connection, caller, filters):
        chosen = chosen.where(condition)
    rows = connection.execute(chosen.order_by(measurements.c.id.desc()).limit(limit)).all()
    names = names_of(connection, caller, rows)
    return [row_document(row, names[row.artifact_id]) for row in rows]


def names_of(
    connection: Connection, caller: Caller, rows: Sequence[Row[Any]]
) -> dict[int, ArtifactReference]:
    return references(connection, {row.artifact_id for row in rows}, project_id=caller.project_id)


def row_document(row: Row[Any], artifact: ArtifactReference) -> MeasurementRow:
    return MeasurementRow(
        id=row.id,
        job_id=row.job_id,
        artifact=artifact.sha256,
        name=artifact.name,
        target=row.target,
        revision=row.revision,
        device=row.device,
        protocol=row.protocol,
        valid=row.valid,
        accepted=row.accepted,
        latency_ms=row.latency_ms,
        interval=_interval(row),
        failure_kind=row.failure_kind or None,
        measured_at=instant(row.created_us),
    )


def _conditions(connection: Connection, caller: Caller, filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.target is not None:
        yield measurements.c.target_id == _id(connection, targets.c.id, targets.c.slug == filters.target)
    if filters.artifact is not None:
        digest = bytes.fromhex(filters.artifact)
        yield measurements.c.artifact_id == _id(connection, artifacts.c.id, artifacts.c.sha256 == digest)
        # The index begins with the target: so it is asked once for each, and they are few.
        yield measurements.c.target_id.in_(select(targets.c.id))
    if filters.device is not None:
        yield measurements.c.device_id == _id(connection, devices.c.id, devices.c.slug == filters.device)
    if filters.project is not None:
        yield in_project(project_id(connection, caller, filters.project, writing=False))
    if filters.protocol is not None:
        yield specs.c.protocol == filters.protocol
    if filters.valid is not None:
        yield measurements.c.valid.is_(filters.valid)
    if filters.accepted is not None:
        yield measurements.c.accepted.is_(filters.accepted)


def _id(connection: Connection, column: ColumnElement[int], known_as: ColumnElement[bool]) -> int | None:
    """None, which no row's column is, for what there is not."""
    return connection.execute(select(column).where(known_as)).scalar()


def in_project(id_: int | BindParameter[int]) -> ColumnElement[bool]:
    return exists().where(
        project_artifacts.c.artifact_id == measurements.c.artifact_id, project_artifacts.c.project_id == id_
    )


def _interval(row: Row[Any]) -> Interval | None:
    if row.latency_ms is None:
        return None
    level = read_detail(row.detail, row.sha256)["latency"]["interval"]["level"]
    return Interval(low_ms=row.low_ms, high_ms=row.high_ms, level=level)
