"""Jobs as they are told, with their attempts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select, true

from edgemeter.measurement import FailureDocument
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.requests import AttemptDocument, JobDocument, JobState
from edgemeter.wire.specs import JobSpec
from edgemeter_server.artifacts.repository import references, visible_to
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.tables import devices, targets
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant, instant_or_none
from edgemeter_server.jobs.request_documents import ACCEPTED
from edgemeter_server.jobs.tables import attempts, jobs, specs
from edgemeter_server.measurements.tables import measurements


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What a list shows; None: whatever it is."""

    state: JobState | None = None
    target: str | None = None
    artifact: str | None = None

    def condition(self) -> ColumnElement[bool]:
        artifact = None if self.artifact is None else bytes.fromhex(self.artifact)
        equal = ((jobs.c.state, self.state), (targets.c.slug, self.target), (artifacts.c.sha256, artifact))
        return and_(true(), *(column == value for column, value in equal if value is not None))


def listed(
    connection: Connection, caller: Caller, wanted: JobFilter, before_id: int, limit: int
) -> list[JobDocument]:
    """Newest first."""
    rows = _selection().where(visible_to(caller), wanted.condition(), jobs.c.id < before_id)
    found = connection.execute(rows.order_by(jobs.c.id.desc()).limit(limit)).all()
    return _documents(connection, caller, found)


def one(connection: Connection, caller: Caller, job_id: int) -> JobDocument:
    """Raises Refusal NOT_FOUND for what is absent or not visible."""
    row = connection.execute(_selection().where(visible_to(caller), jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no job {job_id}, or not yours")
    return _documents(connection, caller, [row])[0]


def _selection() -> Select[Any]:
    return (
        select(
            jobs, targets.c.slug.label("target"), specs.c.document, measurements.c.id.label("measurement_id")
        )
        .join(artifacts, artifacts.c.id == jobs.c.artifact_id)
        .join(targets, targets.c.id == jobs.c.target_id)
        .join(specs, specs.c.id == jobs.c.spec_id)
        .outerjoin(measurements, and_(measurements.c.job_id == jobs.c.id, ACCEPTED))
    )


def _documents(connection: Connection, caller: Caller, rows: Sequence[Row[Any]]) -> list[JobDocument]:
    files = references(connection, {row.artifact_id for row in rows}, project_id=caller.project_id)
    tried = _attempts(connection, [row.id for row in rows])
    return [
        JobDocument(
            id=row.id,
            artifact=files[row.artifact_id].sha256,
            name=files[row.artifact_id].name,
            target=row.target,
            spec=JobSpec.model_validate_json(row.document),
            state=JobState(row.state),
            priority=row.priority,
            created_at=instant(row.created_us),
            not_before=instant(row.not_before_us) if row.not_before_us > row.created_us else None,
            attempts=tuple(tried[row.id]),
            failure=_failure(row.failure),
            measurement_id=row.measurement_id,
        )
        for row in rows
    ]


def _attempts(connection: Connection, job_ids: Collection[int]) -> dict[int, list[AttemptDocument]]:
    found: defaultdict[int, list[AttemptDocument]] = defaultdict(list)
    rows = (
        select(attempts, devices.c.slug)
        .join(devices, devices.c.id == attempts.c.device_id)
        .where(attempts.c.job_id.in_(job_ids))
        .order_by(attempts.c.number)
    )
    for row in connection.execute(rows):
        found[row.job_id].append(
            AttemptDocument(
                id=row.id,
                number=row.number,
                device=row.slug,
                state=row.state,
                started_at=instant(row.started_us),
                ended_at=instant_or_none(row.ended_us),
                failure=_failure(row.failure),
                charged=row.charged,
            )
        )
    return found


def _failure(text: str | None) -> FailureDocument | None:
    return None if text is None else FailureDocument.model_validate_json(text)
