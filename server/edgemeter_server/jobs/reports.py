"""Reports, in SQL: what an attempt is, and what ends it and its job."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    Select,
    bindparam,
    literal_column,
    null,
    select,
    union_all,
    update,
)

from edgemeter.wire.requests import JobState
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.database.among import among
from edgemeter_server.database.metadata import Key, Microseconds
from edgemeter_server.devices import health
from edgemeter_server.devices.tables import targets
from edgemeter_server.jobs.failing import failures
from edgemeter_server.jobs.lease_secret import EPOCH
from edgemeter_server.jobs.policy import Charge, struck
from edgemeter_server.jobs.tables import attempts, jobs, specs
from edgemeter_server.jobs.transitions import AttemptEvent, AttemptState, JobEvent, attempt_after, job_after
from edgemeter_server.measurements.tables import measurements

# Made once: agents report many times a second.
_FIND: Select[Any] = (
    select(
        attempts.c.id,
        attempts.c.job_id,
        attempts.c.device_id,
        attempts.c.revision_id,
        attempts.c.claim_id,
        attempts.c.number,
        attempts.c.state,
        attempts.c.failure,
        jobs.c.artifact_id,
        jobs.c.target_id,
        jobs.c.spec_id,
        jobs.c.state.label("job_state"),
        jobs.c.attempts.label("newest"),
        jobs.c.failure.label("job_failure"),
        artifacts.c.sha256,
        artifacts.c.state.label("artifact_state"),
        targets.c.slug.label("target"),
        specs.c.protocol_digest,
        EPOCH,
    )
    .join(jobs, jobs.c.id == attempts.c.job_id)
    .join(artifacts, artifacts.c.id == jobs.c.artifact_id)
    .join(targets, targets.c.id == jobs.c.target_id)
    .join(specs, specs.c.id == jobs.c.spec_id)
    .where(
        among(attempts.c.id, "ids"),
        attempts.c.device_id == bindparam("device_id", type_=Key),
    )
    .order_by(jobs.c.id)
    .with_for_update(of=[attempts, jobs])
)

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_OF_THESE = select(measurements.c.attempt_id, measurements.c.id).where(measurements.c.attempt_id.in_(_IDS))
# Each by its own partial index, as that one says it.
_STORED = union_all(
    _OF_THESE.where(
        literal_column("accepted"), measurements.c.job_id.in_(bindparam("job_ids", expanding=True))
    ),
    _OF_THESE.where(literal_column("NOT accepted")),
)
_ENDED = {"ended_us": bindparam("now_us", type_=Microseconds()), "failure": null()}
_FINISH_ATTEMPTS = (
    update(attempts)
    .where(among(attempts.c.id, "ids"))
    .values(state=attempt_after(AttemptState.LIVE, AttemptEvent.REPORTED), charged=null(), **_ENDED)
)
_FINISH_JOBS = (
    update(jobs)
    .where(among(jobs.c.id, "ids"))
    .values(state=job_after(JobState.RUNNING, JobEvent.MEASURED), **_ENDED)
)


def find(connection: Connection, ids: Collection[int], device_id: int) -> Mapping[int, Row[Any]]:
    """Attempts of the device and all that a report of one is judged by; they and their jobs stay locked."""
    rows = connection.execute(_FIND, {"ids": ids, "device_id": device_id})
    return {row.id: row for row in rows}


def finish(connection: Connection, done: Sequence[Row[Any]], now_us: int) -> None:
    """Attempts that measured what they were to measure, which ends their jobs."""
    if not done:
        return
    connection.execute(_FINISH_ATTEMPTS, {"ids": [row.id for row in done], "now_us": now_us})
    connection.execute(_FINISH_JOBS, {"ids": [row.job_id for row in done], "now_us": now_us})


def supersede(connection: Connection, overtaken: Iterable[Row[Any]], now_us: int) -> None:
    """Attempts that were reported too late to count."""
    ids = [row.id for row in overtaken]
    if ids:
        late = update(attempts).where(attempts.c.id.in_(ids))
        connection.execute(
            late.values(state=attempt_after(AttemptState.LIVE, AttemptEvent.OVERTAKEN), ended_us=now_us)
        )


def measurement_ids(connection: Connection, reported: Sequence[Row[Any]]) -> Mapping[int, int]:
    """What was stored of attempts that were reported before, by attempt id."""
    if not reported:
        return {}
    values = {"ids": [row.id for row in reported], "job_ids": [row.job_id for row in reported]}
    return {row.attempt_id: row.id for row in connection.execute(_STORED, values)}


def strike_others(connection: Connection, done: Iterable[Row[Any]], now_us: int, limit: int) -> None:
    """What other devices failed and this one measured was their fault: they are charged after all."""
    again = {row.job_id: row.device_id for row in done if row.number > 1}
    histories = failures(connection, again) if again else {}
    for job_id, history in histories.items():
        for attempt_id in sorted(struck(history, again[job_id])):
            past = history[attempt_id]
            reason = f"another device measured what ended in {past.kind} here"
            health.strike(connection, past.device_id, now_us, reason, attempt_id=attempt_id, limit=limit)
            charged = update(attempts).where(attempts.c.id == attempt_id)
            connection.execute(charged.values(charged=Charge.DEVICE))
