"""What a server does by itself, again and again: one table of tasks and their periods."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from edgemeter_server.artifacts.collection import collect
from edgemeter_server.artifacts.features import work_off
from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.campaigns.importing import forget_abandoned
from edgemeter_server.jobs.sweeping import sweep
from edgemeter_server.measurements import partitions, retention
from edgemeter_server.operations.metrics import Metrics
from edgemeter_server.predictors.asked import remember
from edgemeter_server.predictors.watching import watch
from edgemeter_server.predictors.working import fit_here
from edgemeter_server.services import Services

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Periodic:
    """`task` does all that is due, and may be called by several servers of one database at once."""

    name: str
    every_s: float
    task: Callable[[Services], Awaitable[Any]]


async def keep_months(services: Services) -> None:
    """Partitions of samples on PostgreSQL: made ahead of time, dropped when retention has emptied them."""

    def work(connection: Connection) -> None:
        now_us = services.clock.now_us(connection)
        partitions.ensure_months(connection, now_us)
        partitions.drop_months(connection, now_us - services.settings.keep_samples_days * retention.DAY_US)

    await services.database.write(work)


PERIODICS: Final = (
    Periodic("sweep", 1, sweep),
    Periodic("campaigns", 2, advance_all),
    Periodic("fits", 1, fit_here),
    Periodic("drift", 30, watch),
    Periodic("features", 60, work_off),
    Periodic("asked", 60, remember),
    Periodic("retention", 3600, retention.run),
    Periodic("collection", 3600, collect),
    Periodic("imports", 3600, forget_abandoned),
    Periodic("partitions", 6 * 3600, keep_months),
)


async def run(services: Services, metrics: Metrics, periodics: Sequence[Periodic] = PERIODICS) -> None:
    """Until it is cancelled. Tasks run beside each other, and each never beside itself."""
    async with asyncio.TaskGroup() as group:
        for periodic in periodics:
            group.create_task(_repeat(periodic, services, metrics), name=periodic.name)


async def _repeat(periodic: Periodic, services: Services, metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    while True:
        await _once(periodic, services, metrics)
        # The schedule does not drift; what was missed by a long run is not made up for.
        missed = max(0, int((loop.time() - due_s) // periodic.every_s))
        due_s += (missed + 1) * periodic.every_s
        await asyncio.sleep(due_s - loop.time())


async def _once(periodic: Periodic, services: Services, metrics: Metrics) -> None:
    outcome = "done"
    try:
        await periodic.task(services)
    except Exception:  # noqa: BLE001  # one bad run must not end the task for ever
        outcome = "failed"
        _log.exception("a background task failed", task=periodic.name)
    metrics.background_runs.labels(periodic.name, outcome).inc()
