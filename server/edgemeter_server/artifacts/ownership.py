"""How a file becomes a project's, and how it ceases to be.

A row says that bytes are coming before they are stored, and that they are stored after. So nothing lies in
the storage that no row knows of, and the collection (collection.py) leaves alone what was announced lately.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts.repository import OPEN_JOB, artifact_id
from edgemeter_server.artifacts.tables import ArtifactState, artifact_usage, artifacts, project_artifacts
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.tables import jobs, requests

#: So long after somebody began to store it, or gave it up, a file without an owner stays.
GRACE_US: Final = 24 * 3600 * 1_000_000
_RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that was checked, and the project that handed in all of its bytes."""

    project_id: int
    sha256: str
    size_bytes: int
    format: str
    name: str


@dataclass(frozen=True, slots=True)
class Owned:
    """`new` for the project; `read`: its features are known, or why there are none."""

    artifact_id: int
    new: bool
    read: bool


def announce(connection: Connection, arrival: Arrival, now_us: int) -> None:
    """Before the bytes are stored. Raises Refusal UNAVAILABLE while the same bytes are being deleted."""
    digest = bytes.fromhex(arrival.sha256)
    _add(
        connection,
        artifacts,
        sha256=digest,
        size_bytes=arrival.size_bytes,
        format=arrival.format,
        state=ArtifactState.ARRIVING.value,
        created_us=now_us,
        touched_us=now_us,
    )
    row = connection.execute(
        select(artifacts.c.id, artifacts.c.state).where(artifacts.c.sha256 == digest).with_for_update()
    ).one()
    if row.state == ArtifactState.REMOVING:
        raise _busy()
    state = ArtifactState.ARRIVING.value if row.state == ArtifactState.REMOVED else row.state
    touched = update(artifacts).where(artifacts.c.id == row.id)
    connection.execute(touched.values(state=state, touched_us=now_us))


def own(connection: Connection, arrival: Arrival, announced_us: int, now_us: int, quota_bytes: int) -> Owned:
    """After the bytes are stored.

    Raises Refusal QUOTA, and UNAVAILABLE where so much time went by that they may be gone again.
    """
    if now_us >= announced_us + GRACE_US // 2:
        raise _busy()
    digest = bytes.fromhex(arrival.sha256)
    stored = update(artifacts).where(artifacts.c.sha256 == digest).values(state=ArtifactState.STORED.value)
    row = connection.execute(
        stored.returning(artifacts.c.id, artifacts.c.features, artifacts.c.refused)
    ).one()
    new = _add(
        connection,
        project_artifacts,
        project_id=arrival.project_id,
        artifact_id=row.id,
        name=arrival.name,
        created_us=now_us,
    )
    if new:
        _charge(connection, arrival, quota_bytes)
    return Owned(row.id, new=new, read=(row.features or row.refused) is not None)


def refuse_beyond_quota(connection: Connection, arrival: Arrival, quota_bytes: int) -> None:
    """Early, before any byte has come: `arrival.size_bytes` is what the client says. Raises Refusal QUOTA."""
    owned = exists().where(
        project_artifacts.c.project_id == arrival.project_id,
        project_artifacts.c.artifact_id == artifacts.c.id,
        artifacts.c.sha256 == bytes.fromhex(arrival.sha256),
    )
    usage = select(artifact_usage.c.size_bytes).where(artifact_usage.c.project_id == arrival.project_id)
    used = connection.execute(usage).scalar() or 0
    if used + arrival.size_bytes > quota_bytes and not connection.execute(select(owned)).scalar():
        raise _beyond_quota(quota_bytes)


def disown(connection: Connection, project_id: int, sha256: str, now_us: int) -> None:
    """Raises Refusal NOT_FOUND, and CONFLICT while a request of the project waits for a measurement of it."""
    found = artifact_id(connection, sha256, project_id)
    waiting = exists().where(
        jobs.c.artifact_id == found,
        OPEN_JOB,
        requests.c.job_id == jobs.c.id,
        requests.c.project_id == project_id,
        requests.c.cancelled_us.is_(None),
    )
    if connection.execute(select(waiting)).scalar():
        raise Refusal(ProblemType.CONFLICT, "requests of this project wait for it: cancel them first")
    row = (project_artifacts.c.project_id == project_id) & (project_artifacts.c.artifact_id == found)
    connection.execute(delete(project_artifacts).where(row))
    given_up = update(artifacts).where(artifacts.c.id == found).values(touched_us=now_us)
    size = connection.execute(given_up.returning(artifacts.c.size_bytes)).scalar_one()
    usage = update(artifact_usage).where(artifact_usage.c.project_id == project_id)
    connection.execute(usage.values(size_bytes=artifact_usage.c.size_bytes - size))


def _charge(connection: Connection, arrival: Arrival, quota_bytes: int) -> None:
    _add(connection, artifact_usage, project_id=arrival.project_id, size_bytes=0)
    after = artifact_usage.c.size_bytes + arrival.size_bytes
    fits = (artifact_usage.c.project_id == arrival.project_id) & (after <= quota_bytes)
    if not connection.execute(update(artifact_usage).where(fits).values(size_bytes=after)).rowcount:
        raise _beyond_quota(quota_bytes)


def _add(connection: Connection, table: Table, **values: object) -> bool:
    """Whether the row is new: False where a unique key has it already, also since a moment ago."""
    if connection.dialect.name == "postgresql":
        row = postgresql.insert(table).on_conflict_do_nothing().values(values)
        return connection.execute(row).rowcount > 0
    return connection.execute(sqlite.insert(table).on_conflict_do_nothing().values(values)).rowcount > 0


def _busy() -> Refusal:
    return Refusal(
        ProblemType.UNAVAILABLE, "the same file is being removed: repeat this", retry_after_s=_RETRY_S
    )


def _beyond_quota(quota_bytes: int) -> Refusal:
    return Refusal(ProblemType.QUOTA, f"the artifacts of a project may have {quota_bytes} bytes together")
