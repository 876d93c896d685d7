"""The training worker: takes fits one after the other, each in a child process or wherever it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from sqlalchemy import Connection, select

from edgemeter import __version__
from edgemeter_server import faults
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.devices.tables import targets
from edgemeter_server.predictors import queueing, snapshots, sources
from edgemeter_server.predictors.apart import apart
from edgemeter_server.predictors.material import FitError, Material
from edgemeter_server.predictors.publishing import publish
from edgemeter_server.predictors.queueing import Held
from edgemeter_server.predictors.topics import fit_topic
from edgemeter_server.predictors.training import Trained, train_in_child
from edgemeter_server.predictors.workplace import Workplace
from edgemeter_server.services import Services

#: Raises FitError.
Train = Callable[[Material], Awaitable[Trained]]

_log = structlog.get_logger()
_LOOK_AGAIN_S = 1.0
_AWAY_S = 5.0


async def in_child(material: Material) -> Trained:
    """In a child process of this one."""
    return await apart(train_in_child, material)


async def fit_here(services: Services) -> None:
    """The server's own worker, unless the settings leave fits to others."""
    if services.settings.fit_here:
        await work_off(services)


async def work_on(workplace: Workplace, train: Train = in_child) -> None:
    """Fits what waits and what will, until it is cancelled: then what is being fitted waits again."""
    while True:
        try:
            await work_off(workplace, train)
        except UnavailableError as error:
            _log.warning("what fits need is away", why=str(error))
            await asyncio.sleep(_AWAY_S)
        await asyncio.sleep(_LOOK_AGAIN_S)


async def work_off(workplace: Workplace, train: Train = in_child) -> None:
    """Fits what waits, until nothing does. Any number of workers may do so beside each other."""
    while held := await workplace.database.write(lambda c: queueing.claim(c, workplace.clock.now_us(c))):
        await _fit(workplace, held, train)
        await workplace.wakeups.publish([fit_topic(held.id)])


async def _fit(workplace: Workplace, held: Held, train: Train) -> None:
    try:
        material = await workplace.database.read(partial(_material, held=held))
        faults.point("fit.claimed")
        async with _kept(workplace, held):
            trained = await train(material)
    except FitError as error:
        _log.info("no predictor", fit=held.id, why=str(error))
        await workplace.database.write(partial(_failed, workplace=workplace, held=held, why=str(error)))
        return
    kept = await workplace.database.write(
        lambda c: publish(c, held, material.snapshot, trained, workplace.clock.now_us(c))
    )
    _log.info("predictor fitted", fit=held.id, kept=kept, model=trained.model, networks=trained.networks)


@asynccontextmanager
async def _kept(workplace: Workplace, held: Held) -> AsyncIterator[None]:
    """The fit stays this worker's meanwhile; one that is told to stop gives it back."""
    renewing = asyncio.create_task(_renew(workplace, held))
    try:
        yield
    except (asyncio.CancelledError, UnavailableError):
        with suppress(UnavailableError):
            await workplace.database.write(partial(queueing.release, held=held))
        raise
    finally:
        renewing.cancel()


async def _renew(workplace: Workplace, held: Held) -> None:
    while True:
        await asyncio.sleep(queueing.LEASE_S / 3)
        with suppress(UnavailableError):  # another try comes before it is lost
            await workplace.database.write(lambda c: queueing.renew(c, held, workplace.clock.now_us(c)))


def _material(connection: Connection, held: Held) -> Material:
    """Raises FitError where a source that was named has no predictor."""
    snapshot = snapshots.take(connection, held.project_id, held.builds, held.target_id)
    slug = connection.execute(select(targets.c.slug).where(targets.c.id == held.target_id)).scalar_one()
    about = {"target": slug, "snapshot_sha256": snapshot.sha256, "edgemeter_version": __version__}
    taken = sources.take(connection, held, len(snapshot.training))
    return Material(held.builds.partition("/")[0], held.model, snapshot, taken, about)


def _failed(connection: Connection, workplace: Workplace, held: Held, why: str) -> bool:
    return queueing.end(connection, held, why, workplace.clock.now_us(connection))
