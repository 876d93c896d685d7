"""What time alone brings about: leases run out, deadlines pass, back-offs end. Safe beside other servers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, exists, select, update
from sqlalchemy import text as words

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire.requests import JobState
from edgemeter_server import faults
from edgemeter_server.database.base import Work
from edgemeter_server.database.metadata import Microseconds
from edgemeter_server.devices.tables import targets
from edgemeter_server.jobs.attempts import Swept, expire_due
from edgemeter_server.jobs.claims import PENDING, due
from edgemeter_server.jobs.failing import text
from edgemeter_server.jobs.tables import idempotency_keys, jobs
from edgemeter_server.jobs.topics import job_topic, target_topic
from edgemeter_server.jobs.transitions import JobEvent, job_after
from edgemeter_server.services import Services

AT_ONCE = 500  #: rows of one unit of work
_TOO_LATE = FailureDocument(kind=FailureKind.DEADLINE, message="its time ran out before it was measured")
#: The words of the partial index that serves the sweep.
_HAS_DEADLINE = words("deadline_us IS NOT NULL AND state IN ('pending', 'running')")


async def sweep(services: Services) -> None:
    """Called each second or so, by every server process."""

    def expire(connection: Connection) -> Swept:
        swept = expire_due(connection, services.clock.now_us(connection), AT_ONCE)
        faults.point("sweep.written")
        return swept

    def fail(connection: Connection) -> Swept:
        return fail_late(connection, services.clock.now_us(connection), AT_ONCE)

    await _all(services, expire)
    await _all(services, fail)
    await services.database.write(
        lambda connection: forget_keys(connection, _oldest_key_us(services, connection))
    )
    await wake_due(services)


async def wake_due(services: Services) -> None:
    """Wakes the claims of this process that wait for what is due now: the one look for all of them."""

    def work(connection: Connection) -> Sequence[int]:
        now = {"now_us": services.clock.now_us(connection)}
        return connection.execute(_DUE_TARGETS, now).scalars().all()

    found = await services.database.read(work)
    services.wakeups.wake(map(target_topic, found))


def fail_late(connection: Connection, now_us: int, limit: int) -> Swept:
    """Pending jobs whose deadline passed have failed. Running ones go on: their attempt began in time."""
    ids = connection.execute(_FAIL_LATE, {"now_us": now_us, "limit": limit}).scalars().all()
    return Swept(len(ids), tuple(map(job_topic, ids)))


def late_jobs(now_us: int | ColumnElement[int]) -> Select[Any]:
    late = select(jobs.c.id).where(_HAS_DEADLINE, PENDING, jobs.c.deadline_us <= now_us)
    return late.order_by(jobs.c.deadline_us)


def forget_keys(connection: Connection, before_us: int) -> None:
    connection.execute(_FORGET_KEYS, {"before_us": before_us})


# Made once: they are run every second.
_NOW = bindparam("now_us", type_=Microseconds())
_DUE_TARGETS = select(targets.c.id).where(exists().where(*due(targets.c.id, _NOW)))
_LATE = late_jobs(_NOW).limit(bindparam("limit")).with_for_update(skip_locked=True).cte("late")
_FAIL_LATE = (
    update(jobs)
    .where(jobs.c.id.in_(select(_LATE.c.id)), PENDING)
    .values(state=job_after(JobState.PENDING, JobEvent.FAILED), ended_us=_NOW, failure=text(_TOO_LATE))
    .returning(jobs.c.id)
)
_FORGET_KEYS = delete(idempotency_keys).where(
    idempotency_keys.c.created_us < bindparam("before_us", type_=Microseconds())
)


def _oldest_key_us(services: Services, connection: Connection) -> int:
    return services.clock.now_us(connection) - round(services.settings.keep_idempotency_s * 1e6)


async def _all(services: Services, work: Work[Swept]) -> None:
    while True:
        swept = await services.database.write(work)
        await services.wakeups.publish(swept.topics)
        if swept.rows < AT_ONCE:
            return
