"""The training worker: takes fits one after the other, each in a child process."""

from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, select

from edgemeter import __version__
from edgemeter_server import faults
from edgemeter_server.devices.tables import targets
from edgemeter_server.predictors import queueing, snapshots
from edgemeter_server.predictors.apart import apart
from edgemeter_server.predictors.publishing import publish
from edgemeter_server.predictors.queueing import Held
from edgemeter_server.predictors.snapshots import Snapshot
from edgemeter_server.predictors.topics import fit_topic
from edgemeter_server.predictors.training import FitError, train_in_child
from edgemeter_server.services import Services

_log = structlog.get_logger()


async def work_off(services: Services) -> None:
    """Fits what waits, until nothing does. Any number of servers may do so beside each other."""
    while held := await services.database.write(lambda c: queueing.claim(c, services.clock.now_us(c))):
        await _fit(services, held)
        await services.wakeups.publish([fit_topic(held.id)])


async def _fit(services: Services, held: Held) -> None:
    snapshot, about = await services.database.read(partial(_material, held=held))
    space = held.builds.partition("/")[0]
    faults.point("fit.claimed")
    try:
        trained = await apart(train_in_child, space, held.model, snapshot, about)
    except FitError as error:
        _log.info("no predictor", fit=held.id, why=str(error))
        await services.database.write(partial(_failed, services=services, held=held, why=str(error)))
        return
    kept = await services.database.write(
        lambda c: publish(c, held, snapshot, trained, services.clock.now_us(c))
    )
    _log.info("predictor fitted", fit=held.id, kept=kept, model=trained.model, networks=trained.networks)


def _material(connection: Connection, held: Held) -> tuple[Snapshot, dict[str, Any]]:
    """The data, and what the predictor says of itself wherever it is read."""
    snapshot = snapshots.take(connection, held.project_id, held.builds, held.target_id)
    slug = connection.execute(select(targets.c.slug).where(targets.c.id == held.target_id)).scalar_one()
    about = {"target": slug, "snapshot_sha256": snapshot.sha256, "edgemeter_version": __version__}
    return snapshot, about


def _failed(connection: Connection, services: Services, held: Held, why: str) -> bool:
    return queueing.end(connection, held, why, services.clock.now_us(connection))
