"""Taking a measurement away, and what is told of it afterwards.

A job whose accepted measurement is deleted has failed, in words that say so; requests that it had answered
from the store point to that job. So every request keeps a state, and the same request made anew is measured.
"""

from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, update

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire.requests import JobState
from edgemeter_server.jobs.tables import jobs, requests
from edgemeter_server.measurements.interning import collect
from edgemeter_server.measurements.records import unknown
from edgemeter_server.measurements.tables import (
    measurement_layers,
    measurement_quantiles,
    measurement_samples,
    measurements,
)

DELETED: Final = FailureDocument(
    kind=FailureKind.CANCELLED, message="its measurement was deleted by an admin"
)


def delete_measurement(connection: Connection, id_: int) -> int:
    """With all that belongs to it; returns the id of its job. Raises Refusal NOT_FOUND."""
    row = connection.execute(select(measurements).where(measurements.c.id == id_).with_for_update()).first()
    if row is None:
        raise unknown(id_)
    _tell(connection, row)
    for table in (measurement_samples, measurement_quantiles, measurement_layers):
        connection.execute(delete(table).where(table.c.measurement_id == id_))
    connection.execute(delete(measurements).where(measurements.c.id == id_))
    collect(connection, (row.context_id, row.batch_id))
    return int(row.job_id)


def _tell(connection: Connection, row: Row[Any]) -> None:
    answered = update(requests).where(requests.c.measurement_id == row.id)
    connection.execute(answered.values(measurement_id=None, job_id=row.job_id))
    if row.accepted:
        measured = update(jobs).where(jobs.c.id == row.job_id, jobs.c.state == JobState.DONE)
        failure = DELETED.model_dump_json(exclude_none=True)
        connection.execute(measured.values(state=JobState.FAILED, failure=failure))
