"""What must hold at the end, read from the tables themselves and compared with what the world saw."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sqlalchemy import Connection, func, select

from edgemeter.wire.requests import JobState
from edgemeter_server.jobs.tables import attempts, jobs, requests
from edgemeter_server.measurements.tables import measurements
from simulation.record import Record, Run

_CLOSED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


def verdict(connection: Connection, record: Record) -> list[str]:
    """Every promise that was broken, in words; empty when all held."""
    return [
        *record.broken,
        *_requests(connection, record),
        *_jobs(connection),
        *_attempts(connection),
        *_receipts(connection, record),
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
    for id_ in sorted(record.acknowledged & known.keys()):
        row = known[id_]
        if row.measurement_id is None and row.state not in _CLOSED and row.cancelled_us is None:
            yield f"request {id_} is not finished: its job is {row.state}"
    for id_ in sorted(record.cancelled & known.keys()):
        if known[id_].cancelled_us is None and known[id_].state not in _CLOSED:
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


def _attempts(connection: Connection) -> Iterator[str]:
    live = connection.execute(select(attempts.c.id).where(attempts.c.state == "live")).scalars().all()
    if live:
        yield f"attempts {live[:10]} are still live"


def _receipts(connection: Connection, record: Record) -> Iterator[str]:
    stored = dict(connection.execute(select(measurements.c.attempt_id, measurements.c.id)).tuples().all())
    for attempt_id, measurement_id in record.accepted.items():
        if stored.get(attempt_id) != measurement_id:
            yield f"measurement {measurement_id} was accepted and is lost"


def _overlaps(what: str, attribute: str, runs: Sequence[Run]) -> Iterator[str]:
    """Nothing is measured beside another measurement, and no job twice at once."""
    by_key: dict[object, list[Run]] = defaultdict(list)
    for run in runs:
        by_key[getattr(run, attribute)].append(run)
    for key, group in by_key.items():
        for before, after in pairwise(sorted(group, key=lambda run: run.begin_s)):
            if after.begin_s < before.end_s:
                yield f"{what} {key}: attempts {before.attempt_id} and {after.attempt_id} ran at once"
