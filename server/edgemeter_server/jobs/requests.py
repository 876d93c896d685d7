"""Requests as their owners see and change them: listed, waited for, cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select, true, update

from edgemeter.wire.problems import ProblemType
from edgemeter.wire.requests import JobState, RequestDocument, RequestState
from edgemeter_server.access.projects import own_projects, visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.tables import targets
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.attempts import LIVE
from edgemeter_server.jobs.idempotency import Batch
from edgemeter_server.jobs.request_documents import ahead, documents, is_in, selection
from edgemeter_server.jobs.tables import attempts, jobs, requests
from edgemeter_server.jobs.topics import job_topic, session_topic
from edgemeter_server.jobs.transitions import OPEN, JobEvent, job_after


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows; None: whatever it is."""

    project: str | None = None
    state: RequestState | None = None
    target: str | None = None
    artifact: str | None = None
    label: str | None = None

    def condition(self) -> ColumnElement[bool]:
        artifact = None if self.artifact is None else bytes.fromhex(self.artifact)
        equal = (
            (projects.c.slug, self.project),
            (targets.c.slug, self.target),
            (artifacts.c.sha256, artifact),
            (requests.c.label, self.label),
        )
        wanted = [column == value for column, value in equal if value is not None]
        return and_(true(), *wanted, *([] if self.state is None else [is_in(self.state)]))


def listed(
    connection: Connection, caller: Caller, wanted: Filter, before_id: int, limit: int
) -> list[RequestDocument]:
    """Newest first."""
    rows = selection().where(visible_projects(caller), wanted.condition(), requests.c.id < before_id)
    return documents(connection, connection.execute(rows.order_by(requests.c.id.desc()).limit(limit)).all())


def of_batch(connection: Connection, batch: Batch) -> list[RequestDocument]:
    """In the order in which they were asked for."""
    mine = selection().where(requests.c.project_id == batch.project_id, requests.c.id >= batch.first_id)
    return documents(connection, connection.execute(mine.order_by(requests.c.id).limit(batch.count)).all())


def one(connection: Connection, caller: Caller, request_id: int) -> RequestDocument:
    """Raises Refusal NOT_FOUND for what is absent or not visible."""
    row = _row(connection, request_id, visible_projects(caller))
    document = documents(connection, [row])[0]
    if document.state is not RequestState.WAITING:
        return document
    return document.model_copy(update={"ahead": ahead(connection, row)})


def cancel(connection: Connection, caller: Caller, request_id: int, now_us: int) -> tuple[str, ...]:
    """Ends a request, and its job where nobody else wants it; what has ended stays. Returns topics to wake.

    Raises Refusal NOT_FOUND for what is absent or not the caller's own.
    """
    row = _row(connection, request_id, own_projects(caller))
    return _cancel(connection, request_id, row.job_id, now_us)


def cancel_all(connection: Connection, request_ids: Sequence[int], now_us: int) -> tuple[str, ...]:
    """As `cancel`, of requests that the caller has found to be its own. Returns topics to wake."""
    rows = select(requests.c.id, requests.c.job_id).where(requests.c.id.in_(request_ids))
    # In the order of the jobs, as everybody locks them.
    found = connection.execute(rows.order_by(requests.c.job_id)).all()
    return tuple(topic for row in found for topic in _cancel(connection, row.id, row.job_id, now_us))


def _cancel(connection: Connection, request_id: int, job_id: int | None, now_us: int) -> tuple[str, ...]:
    job = _locked_job(connection, job_id) if job_id is not None else None
    cancelled = (
        update(requests)
        .where(requests.c.id == request_id, requests.c.cancelled_us.is_(None))
        .values(cancelled_us=now_us)
    )
    if job is None or JobState(job.state) not in OPEN or not connection.execute(cancelled).rowcount:
        return ()
    return _want_less(connection, job, now_us)


def _want_less(connection: Connection, job: Row[Any], now_us: int) -> tuple[str, ...]:
    mine = update(jobs).where(jobs.c.id == job.id)
    if job.wanted > 1:
        connection.execute(mine.values(wanted=job.wanted - 1))
        return (job_topic(job.id),)
    state = job_after(JobState(job.state), JobEvent.CANCELLED)
    connection.execute(mine.values(wanted=0, state=state, ended_us=now_us))
    holders = connection.execute(
        select(attempts.c.session_id).where(attempts.c.job_id == job.id, LIVE)
    ).scalars()
    return (job_topic(job.id), *map(session_topic, holders))


def _row(connection: Connection, request_id: int, allowed: ColumnElement[bool]) -> Row[Any]:
    row = connection.execute(selection().where(requests.c.id == request_id, allowed)).one_or_none()
    if row is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no request {request_id}, or not yours")
    return row


def _locked_job(connection: Connection, job_id: int) -> Row[Any]:
    wanted: Select[Any] = select(jobs.c.id, jobs.c.state, jobs.c.wanted).where(jobs.c.id == job_id)
    return connection.execute(wanted.with_for_update()).one()
