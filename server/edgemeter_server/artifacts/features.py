"""Features and graphs of networks: read after the file is stored, once, however often the server restarts."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection, literal_column, select, update

from edgemeter.failures import FailureError, FailureKind
from edgemeter_server.artifacts.child import Reading, reading_in_child
from edgemeter_server.artifacts.storage import StorageError
from edgemeter_server.artifacts.tables import ArtifactState, artifact_graphs, artifacts
from edgemeter_server.jobs.batches import insert_into
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


async def work_off(services: Services) -> None:
    """Computes what is missing. One file that cannot be read now keeps no other one waiting."""
    after_id = 0
    while rows := await services.database.read(partial(_unread, after_id=after_id)):
        for artifact_id, sha256 in rows:
            await read_now(services, artifact_id, sha256)
        after_id = rows[-1][0]


async def compute_soon(services: Services, artifact_id: int, sha256: str) -> None:
    """For the reply to an upload: a quiet server has the features in a moment, a busy one puts them off."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await _read(services, sha256)
    except TimeoutError:
        _log.info("the features of artifact %s come later", sha256)
    else:
        await _keep(services, artifact_id, found)


async def read_now(services: Services, artifact_id: int, sha256: str) -> Reading | str | None:
    """What is kept of the file from now on, or why it is no network. None where that cannot be told now."""
    found = await _read(services, sha256)
    await _keep(services, artifact_id, found)
    return found


async def _read(services: Services, sha256: str) -> Reading | str | None:
    """None for reasons that are not the file's."""
    try:
        return await services.storage.inspect(sha256, reading_in_child)
    except FailureError as error:
        if error.failure.kind is not FailureKind.INTERNAL:
            return error.failure.message
        _log.warning("artifact %s cannot be read now: %s", sha256, error)
    except (StorageError, OSError) as error:
        _log.warning("artifact %s cannot be read now: %s", sha256, error)
    return None


async def _keep(services: Services, artifact_id: int, found: Reading | str | None) -> None:
    if found is not None:
        await services.database.write(partial(_store, artifact_id=artifact_id, found=found))


def _store(connection: Connection, artifact_id: int, found: Reading | str) -> None:
    """Nothing of a file whose bytes are gone meanwhile."""
    mine = artifacts.c.id == artifact_id
    stored = select(artifacts.c.features).where(mine, artifacts.c.state == ArtifactState.STORED.value)
    row = connection.execute(stored.with_for_update()).one_or_none()
    if row is None:
        return
    graph: dict[str, object] = {"artifact_id": artifact_id, "content": None, "refused": None}
    if isinstance(found, Reading):
        connection.execute(update(artifacts).where(mine).values(features=found.features, refused=None))
        graph |= {"content": found.graph, "refused": found.no_graph}
    else:
        if row.features is None:
            connection.execute(update(artifacts).where(mine).values(refused=found))
        graph["refused"] = found
    connection.execute(insert_into(connection, artifact_graphs).values(graph).on_conflict_do_nothing())


def _unread(connection: Connection, after_id: int) -> Sequence[tuple[int, str]]:
    rows = select(artifacts.c.id, artifacts.c.sha256).where(*_UNREAD, artifacts.c.id > after_id)
    found = connection.execute(rows.order_by(artifacts.c.id).limit(_AT_ONCE))
    return [(row.id, row.sha256.hex()) for row in found]
