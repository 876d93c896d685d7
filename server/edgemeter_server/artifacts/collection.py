"""Removes the bytes of files that nobody needs any more.

Safe beside uploads of the same file, without any lock across database and storage: what was announced
or given up less than a day ago is left alone, and while bytes are being deleted their row says so, and
uploads of them are told to come again.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, update

from edgemeter_server import faults
from edgemeter_server.access.audit import record
from edgemeter_server.artifacts.ownership import GRACE_US
from edgemeter_server.artifacts.repository import OPEN_JOB
from edgemeter_server.artifacts.storage import StorageError
from edgemeter_server.artifacts.tables import ArtifactState, artifact_graphs, artifacts, project_artifacts
from edgemeter_server.jobs.tables import jobs
from edgemeter_server.services import Services

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 500
_DELETE_S: Final = 60.0
#: After so long, whoever was deleting is gone: longer than a delete may take.
_LEFT_US: Final = 600 * 1_000_000


async def collect(services: Services) -> int:
    """How many files were removed. To be called every hour or so, by one server or several."""
    ids = await services.database.read(
        lambda connection: _candidates(connection, _now_us(services, connection))
    )
    return sum([await _remove(services, artifact_id) for artifact_id in ids])


async def _remove(services: Services, artifact_id: int) -> bool:
    def mark(connection: Connection) -> bytes | None:
        return _mark(connection, artifact_id, _now_us(services, connection))

    digest = await services.database.write(mark)
    if digest is None:
        return False
    faults.point("collection.marked")
    try:
        async with asyncio.timeout(_DELETE_S):
            await services.storage.delete(digest.hex())
    except (StorageError, TimeoutError) as error:
        _log.warning("artifact %s could not be removed now: %s", digest.hex(), error)
        return False
    faults.point("collection.deleted")

    def finish(connection: Connection) -> None:
        _finish(connection, artifact_id, digest, _now_us(services, connection))

    await services.database.write(finish)
    return True


def _candidates(connection: Connection, now_us: int) -> Sequence[int]:
    return connection.execute(select(artifacts.c.id).where(_unneeded(now_us)).limit(_AT_ONCE)).scalars().all()


def _mark(connection: Connection, artifact_id: int, now_us: int) -> bytes | None:
    """Its digest, where it is still unneeded, and so this caller's to remove."""
    marked = update(artifacts).where(artifacts.c.id == artifact_id, _unneeded(now_us))
    marked = marked.values(state=ArtifactState.REMOVING.value, touched_us=now_us)
    digest: bytes | None = connection.execute(marked.returning(artifacts.c.sha256)).scalar()
    return digest


def _finish(connection: Connection, artifact_id: int, digest: bytes, now_us: int) -> None:
    row = update(artifacts).where(artifacts.c.id == artifact_id)
    connection.execute(row.values(state=ArtifactState.REMOVED.value))
    connection.execute(delete(artifact_graphs).where(artifact_graphs.c.artifact_id == artifact_id))
    record(connection, now_us, "artifact.removed", {"sha256": digest.hex()})


def _unneeded(now_us: int) -> ColumnElement[bool]:
    owned = exists().where(project_artifacts.c.artifact_id == artifacts.c.id).correlate(artifacts)
    wanted = exists().where(jobs.c.artifact_id == artifacts.c.id, OPEN_JOB).correlate(artifacts)
    kept = artifacts.c.state.in_([ArtifactState.ARRIVING.value, ArtifactState.STORED.value])
    forgotten = kept & (artifacts.c.touched_us < now_us - GRACE_US) & ~owned & ~wanted
    left = (artifacts.c.state == ArtifactState.REMOVING.value) & (artifacts.c.touched_us < now_us - _LEFT_US)
    return or_(forgotten, left)


def _now_us(services: Services, connection: Connection) -> int:
    return services.clock.now_us(connection)
