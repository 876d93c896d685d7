"""Features of networks: computed after the file is stored, once, however often the server is restarted."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, literal_column, select, update

from edgemeter.failures import FailureError, FailureKind
from edgemeter_server.artifacts.child import features_in_child
from edgemeter_server.artifacts.storage import StorageError
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.services import Services

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 100
_PATIENCE_S: Final = 2.0

#: As in the partial index that is to serve it.
_UNREAD: Final = (
    artifacts.c.state == literal_column("'stored'"),
    artifacts.c.features.is_(None),
    artifacts.c.refused.is_(None),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One of the two is None."""

    features: str | None = None
    refused: str | None = None


async def work_off(services: Services) -> None:
    """Computes what is missing. One file that cannot be read now keeps no other one waiting."""
    after_id = 0
    while rows := await services.database.read(partial(_unread, after_id=after_id)):
        for artifact_id, sha256 in rows:
            await _keep(services, artifact_id, await _read(services, sha256))
        after_id = rows[-1][0]


async def compute_soon(services: Services, artifact_id: int, sha256: str) -> None:
    """For the reply to an upload: a quiet server has the features in a moment, a busy one puts them off."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reading = await _read(services, sha256)
    except TimeoutError:
        _log.info("the features of artifact %s come later", sha256)
    else:
        await _keep(services, artifact_id, reading)


async def _read(services: Services, sha256: str) -> Reading | None:
    """None where it cannot be told now, for reasons that are not the file's."""
    try:
        return Reading(features=await services.storage.inspect(sha256, features_in_child))
    except FailureError as error:
        if error.failure.kind is not FailureKind.INTERNAL:
            return Reading(refused=error.failure.message)
        _log.warning("artifact %s cannot be read now: %s", sha256, error)
    except (StorageError, OSError) as error:
        _log.warning("artifact %s cannot be read now: %s", sha256, error)
    return None


async def _keep(services: Services, artifact_id: int, reading: Reading | None) -> None:
    if reading is None:
        return
    row = update(artifacts).where(artifacts.c.id == artifact_id)
    row = row.values(features=reading.features, refused=reading.refused)
    await services.database.write(lambda connection: connection.execute(row).rowcount)


def _unread(connection: Connection, after_id: int) -> Sequence[tuple[int, str]]:
    rows = select(artifacts.c.id, artifacts.c.sha256).where(*_UNREAD, artifacts.c.id > after_id)
    found = connection.execute(rows.order_by(artifacts.c.id).limit(_AT_ONCE))
    return [(row.id, row.sha256.hex()) for row in found]
