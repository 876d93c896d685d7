"""One moment of a database in a file, taken while the server goes on, and put back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, exists, or_, select

from edgemeter.failures import EdgeMeterError
from edgemeter_server.artifacts.repository import OPEN_JOB
from edgemeter_server.artifacts.tables import ArtifactState, artifacts, project_artifacts
from edgemeter_server.database.schema import SchemaState, revision_of, state_of
from edgemeter_server.jobs.tables import jobs


class SnapshotError(EdgeMeterError):
    """The database could not be copied or put back; the text says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in the file: its schema's revision, and the SHA-256 of all artifacts that somebody needs."""

    revision: str
    artifacts: Sequence[str]


class Snapshots(ABC):
    """Of one database. Implementations: `SqliteSnapshots`, `PostgresSnapshots`."""

    kind: Literal["sqlite", "postgresql"]

    @abstractmethod
    async def take(self, file: Path) -> Snapshot:
        """Everything that was committed before this was called is in it. Makes `file`."""

    @abstractmethod
    async def refuse_unless_empty(self) -> None:
        """Raises SnapshotError where there is something that a restore would overwrite."""

    @abstractmethod
    async def put_back(self, file: Path) -> None:
        """Into the empty database, in a new epoch: no lease given out since the snapshot is honoured."""


def contents(connection: Connection) -> Snapshot:
    """Of the snapshot that `connection` sees."""
    owned = exists().where(project_artifacts.c.artifact_id == artifacts.c.id)
    wanted = exists().where(jobs.c.artifact_id == artifacts.c.id, OPEN_JOB)
    needed = select(artifacts.c.sha256).where(
        artifacts.c.state == ArtifactState.STORED.value, or_(owned, wanted)
    )
    revision = revision_of(connection)
    if revision is None:
        raise SnapshotError("the database has no tables yet")
    digests = connection.execute(needed.order_by(artifacts.c.id)).scalars()
    return Snapshot(revision, [digest.hex() for digest in digests])


def refuse_strange(connection: Connection) -> None:
    """After a restore. An older schema is welcome: it is upgraded as ever."""
    if state_of(connection) in (SchemaState.AHEAD, SchemaState.EMPTY):
        raise SnapshotError("the backup is of a newer EdgeMeter: install that one first")
