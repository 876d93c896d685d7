"""Requests as they are told: what was asked for, and what became of it."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal_column, or_, select

from edgemeter.measurement import FailureDocument
from edgemeter.wire.requests import Estimate, JobState, RequestDocument, RequestState
from edgemeter.wire.specs import JobSpec
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.devices.tables import targets
from edgemeter_server.instants import instant, instant_or_none
from edgemeter_server.jobs.claims import PENDING
from edgemeter_server.jobs.tables import jobs, requests, specs
from edgemeter_server.measurements.repository import estimates
from edgemeter_server.measurements.tables import measurements

MOST_AHEAD = 1000  #: beyond, nobody counts
ENDED = frozenset({RequestState.DONE, RequestState.FAILED, RequestState.CANCELLED})

_STATES = {
    JobState.PENDING: RequestState.WAITING,
    JobState.RUNNING: RequestState.RUNNING,
    JobState.DONE: RequestState.DONE,
    JobState.FAILED: RequestState.FAILED,
    JobState.CANCELLED: RequestState.CANCELLED,
}
_OF_JOB = {request: job for job, request in _STATES.items()}
#: A literal, as in the partial index that serves it.
ACCEPTED: ColumnElement[bool] = literal_column("measurements.accepted")


def selection() -> Select[Any]:
    """All that a document needs; conditions on requests, projects, targets, artifacts and jobs may come."""
    return (
        select(
            requests,
            projects.c.slug.label("project"),
            project_artifacts.c.name,
            artifacts.c.sha256,
            targets.c.slug.label("target"),
            specs.c.document,
            jobs.c.state,
            jobs.c.attempts,
            jobs.c.ended_us,
            jobs.c.failure,
            func.coalesce(requests.c.measurement_id, measurements.c.id).label("answer_id"),
        )
        .join(projects, projects.c.id == requests.c.project_id)
        .join(artifacts, artifacts.c.id == requests.c.artifact_id)
        .join(targets, targets.c.id == requests.c.target_id)
        .join(specs, specs.c.id == requests.c.spec_id)
        .outerjoin(jobs, jobs.c.id == requests.c.job_id)
        .outerjoin(measurements, and_(measurements.c.job_id == jobs.c.id, ACCEPTED))
        .outerjoin(
            project_artifacts,
            and_(
                project_artifacts.c.project_id == requests.c.project_id,
                project_artifacts.c.artifact_id == requests.c.artifact_id,
            ),
        )
    )


def is_in(state: RequestState) -> ColumnElement[bool]:
    """A condition: requests that are in `state`, see `state_of`."""
    if state is RequestState.CANCELLED:
        return requests.c.cancelled_us.is_not(None)
    of_job = jobs.c.state == _OF_JOB[state]
    stored = requests.c.measurement_id.is_not(None)
    reached = (
        or_(stored, of_job) if state is RequestState.DONE else and_(requests.c.job_id.is_not(None), of_job)
    )
    return and_(requests.c.cancelled_us.is_(None), reached)


def state_of(row: Row[Any]) -> RequestState:
    if row.cancelled_us is not None:
        return RequestState.CANCELLED
    return RequestState.DONE if row.measurement_id is not None else _STATES[JobState(row.state)]


def documents(connection: Connection, rows: Sequence[Row[Any]]) -> list[RequestDocument]:
    """Of rows of a `selection`."""
    parsed = {text: JobSpec.model_validate_json(text) for text in {row.document for row in rows}}
    answers = _estimates(connection, [row for row in rows if state_of(row) is RequestState.DONE])
    return [_document(row, parsed[row.document], answers.get(row.id)) for row in rows]


def ahead(connection: Connection, row: Row[Any]) -> int | None:
    """How many jobs of the target come before, as far as anybody would count them."""
    job = connection.execute(select(jobs.c.priority).where(jobs.c.id == row.job_id, PENDING)).one_or_none()
    if job is None:
        return None
    before = or_(
        jobs.c.priority > job.priority, and_(jobs.c.priority == job.priority, jobs.c.id < row.job_id)
    )
    some = select(jobs.c.id).where(PENDING, jobs.c.target_id == row.target_id, before).limit(MOST_AHEAD + 1)
    count = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
    return None if count > MOST_AHEAD else int(count)


def _estimates(connection: Connection, rows: Iterable[Row[Any]]) -> dict[int, Estimate]:
    """By request id. One measurement may answer many requests, each in its own way."""
    how: dict[Literal["measured", "stored"], dict[int, int]] = {"measured": {}, "stored": {}}
    for row in rows:
        if row.answer_id is not None:
            how["measured" if row.measurement_id is None else "stored"][row.id] = row.answer_id
    found: dict[int, Estimate] = {}
    for word, ids in how.items():
        told = estimates(connection, set(ids.values()), how_by_id=dict.fromkeys(ids.values(), word))
        found |= {request_id: told[id_] for request_id, id_ in ids.items() if id_ in told}
    return found


def _document(row: Row[Any], spec: JobSpec, estimate: Estimate | None) -> RequestDocument:
    state = state_of(row)
    failed = state is RequestState.FAILED and row.failure is not None
    stored = row.created_us if row.measurement_id is not None else row.ended_us
    return RequestDocument.model_construct(
        id=row.id,
        project=row.project,
        label=row.label,
        artifact=row.sha256.hex(),
        name=row.name or row.sha256.hex()[:12],
        target=row.target,
        spec=spec,
        state=state,
        created_at=instant(row.created_us),
        ended_at=instant_or_none(stored if row.cancelled_us is None else row.cancelled_us),
        job_id=row.job_id,
        attempts=row.attempts or 0,
        ahead=None,
        estimate=estimate,
        failure=FailureDocument.model_validate_json(row.failure) if failed else None,
    )
