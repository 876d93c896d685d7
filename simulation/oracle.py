"""What must hold at the end, read from the tables themselves and compared with what the world saw."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, func, select

from edgemeter.wire.requests import JobState
from edgemeter_server.devices.tables import agent_sessions
from edgemeter_server.jobs.tables import attempts, jobs, requests
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.testing.clock import START_US
from simulation.record import Record, Run
from simulation.witness import Witness

_CLOSED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


def verdict(connection: Connection, record: Record, witness: Witness) -> list[str]:
    """Every promise that was broken, in words; empty when all held."""
    rows = {row.id: row for row in connection.execute(_attempts_of_jobs())}
    return [
        *record.broken,
        *witness.broken,
        *_requests(connection, record),
        *_jobs(connection),
        *_attempts(rows, witness),
        *_reports(connection, record, witness),
        *_runs(rows, record.runs),
        *_overlaps("device", "device", record.runs),
        *_overlaps("job", "job_id", record.runs),
    ]


def _requests(connection: Connection, record: Record) -> Iterator[str]:
    rows = connection.execute(
        select(requests.c.id, requests.c.measurement_id, requests.c.cancelled_us, jobs.c.state).join(
            jobs, jobs.c.id == requests.c.job_id, isouter=True
        )
    )
    known = {row.id: row for row in rows}
    for id_ in sorted(record.acknowledged - known.keys()):
        yield f"request {id_} was acknowledged and is lost"
    for id_ in sorted(known.keys() - record.acknowledged):
        yield f"request {id_} was made twice: nobody was told of it"
    for id_, row in known.items():
        if row.measurement_id is None and row.state not in _CLOSED and row.cancelled_us is None:
            yield f"request {id_} is not finished: its job is {row.state}"
    for id_ in sorted(record.cancelled & known.keys()):
        row = known[id_]
        ended = row.measurement_id is not None or row.state in _CLOSED
        if row.cancelled_us is None and not ended:
            yield f"the cancellation of request {id_} was acknowledged and is lost"


def _jobs(connection: Connection) -> Iterator[str]:
    accepted = func.count(measurements.c.id).filter(measurements.c.accepted)
    rows = connection.execute(
        select(jobs.c.id, jobs.c.state, jobs.c.failure, accepted)
        .join(measurements, measurements.c.job_id == jobs.c.id, isouter=True)
        .group_by(jobs.c.id)
    )
    for id_, state, failure, count in rows:
        if state not in _CLOSED:
            yield f"job {id_} is still {state}"
        if count != (1 if state == JobState.DONE else 0):
            yield f"job {id_} is {state} with {count} accepted measurements"
        if (state == JobState.FAILED) != (failure is not None):
            yield f"job {id_} is {state} and its failure is {failure}"


def _attempts_of_jobs() -> Any:
    return (
        select(attempts, jobs.c.attempts.label("newest"), agent_sessions.c.closed_us, measurements.c.accepted)
        .join(jobs, jobs.c.id == attempts.c.job_id)
        .join(agent_sessions, agent_sessions.c.id == attempts.c.session_id)
        .join(measurements, measurements.c.attempt_id == attempts.c.id, isouter=True)
    )


def _attempts(rows: dict[int, Row[Any]], witness: Witness) -> Iterator[str]:
    for id_, row in rows.items():
        if row.state == "live":
            yield f"attempt {id_} is still live"
            continue
        if row.accepted and row.number != row.newest:
            yield f"attempt {id_} decided on its job although a newer one had begun"
        run_out = row.state in ("expired", "released")
        if run_out and row.closed_us is not None and row.ended_us > row.closed_us:
            yield f"attempt {id_} outlived its session"
        if run_out and witness.renewed_s.get(id_, 0.0) > _seconds(row.ended_us):
            yield f"attempt {id_} was renewed after it had ended"


def _reports(connection: Connection, record: Record, witness: Witness) -> Iterator[str]:
    columns = select(measurements.c.attempt_id, measurements.c.id, measurements.c.accepted)
    stored = {row.attempt_id: row for row in connection.execute(columns)}
    for attempt_id in record.kept:
        if attempt_id not in witness.receipts:
            yield f"the report of attempt {attempt_id} was kept and never delivered"
    for attempt_id, (state, measurement_id) in witness.receipts.items():
        row = stored.get(attempt_id)
        if measurement_id is not None and (row is None or row.id != measurement_id):
            yield f"measurement {measurement_id} was {state} and is lost"
        elif row is not None and row.accepted != (state == "accepted"):
            yield f"attempt {attempt_id} was {state}, and its measurement is not"


def _runs(rows: dict[int, Row[Any]], runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        if run.end_s > _seconds(rows[run.attempt_id].expires_us):
            yield f"attempt {run.attempt_id} was measured after its lease had run out"


def _overlaps(what: str, attribute: str, runs: Sequence[Run]) -> Iterator[str]:
    """Nothing is measured beside another measurement, and no job twice at once."""
    by_key: dict[object, list[Run]] = defaultdict(list)
    for run in runs:
        by_key[getattr(run, attribute)].append(run)
    for key, group in by_key.items():
        for before, after in pairwise(sorted(group, key=lambda run: run.begin_s)):
            if after.begin_s < before.end_s:
                yield f"{what} {key}: attempts {before.attempt_id} and {after.attempt_id} ran at once"


def _seconds(us: int) -> float:
    return (us - START_US) / 1e6
