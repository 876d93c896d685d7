"""What monitoring asks of the queue."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, literal_column, select

from edgemeter_server.jobs.attempts import LIVE
from edgemeter_server.jobs.claims import PENDING
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.jobs.transitions import AttemptState

_EXPIRED = attempts.c.state == literal_column(f"'{AttemptState.EXPIRED}'")


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """`expired_attempts` were not reported after all, since the service began."""

    pending_jobs: int
    running_jobs: int
    oldest_pending_s: float
    expired_attempts: int


def queue_figures(connection: Connection, now_us: int) -> QueueFigures:
    pending, oldest_us = connection.execute(
        select(func.count(), func.min(jobs.c.created_us)).where(PENDING)
    ).one()
    running = connection.execute(select(func.count()).select_from(attempts).where(LIVE)).scalar_one()
    expired = connection.execute(select(func.count()).select_from(attempts).where(_EXPIRED)).scalar_one()
    oldest_s = 0.0 if oldest_us is None else max(0.0, (now_us - oldest_us) / 1e6)
    return QueueFigures(pending, running, oldest_s, expired)
