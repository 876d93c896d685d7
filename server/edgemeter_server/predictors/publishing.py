"""Publishing: a fitted predictor becomes the next version, whole or not at all; one of them is active."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.projects import own_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.devices.targets import current_revisions
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors import known
from edgemeter_server.predictors.queueing import Held, end
from edgemeter_server.predictors.snapshots import Snapshot
from edgemeter_server.predictors.tables import predictors
from edgemeter_server.predictors.training import Trained


@dataclass(frozen=True, slots=True)
class Version:
    """A saved predictor, and where it is to answer. `document` is JSON of what people read of it."""

    project_id: int
    target_id: int
    revision_id: int
    builds: str
    fit_id: int
    activate: bool
    content: bytes
    document: str
    snapshot_sha256: str


def publish(connection: Connection, held: Held, snapshot: Snapshot, trained: Trained, now_us: int) -> bool:
    """Ends the fit and adds its predictor. False where another worker took the fit over: nothing is added."""
    if not end(connection, held, None, now_us):
        return False
    version = Version(
        project_id=held.project_id,
        target_id=held.target_id,
        revision_id=max(current_revisions(connection, held.target_id)),
        builds=held.builds,
        fit_id=held.id,
        activate=held.activate,
        content=trained.file,
        document=trained.model_dump_json(exclude={"content"}),
        snapshot_sha256=snapshot.sha256,
    )
    known.store(connection, add(connection, version, now_us), snapshot)
    return True


def add(connection: Connection, version: Version, now_us: int) -> int:
    """The new version's id."""
    if version.activate:
        _deactivate(connection, version.project_id, version.target_id, version.builds)
    row = {
        "project_id": version.project_id,
        "target_id": version.target_id,
        "revision_id": version.revision_id,
        "fit_id": version.fit_id,
        "builds": version.builds,
        "number": _next_number(connection, version),
        "active": version.activate,
        "file_sha256": hashlib.sha256(version.content).digest(),
        "snapshot_sha256": bytes.fromhex(version.snapshot_sha256),
        "created_us": now_us,
        "document": version.document,
        "content": version.content,
    }
    added = connection.execute(insert(predictors).values(row).returning(predictors.c.id))
    return int(added.scalar_one())


def activate(connection: Connection, caller: Caller, predictor_id: int) -> None:
    """This version answers from now on; an older one is how to roll back. Raises Refusal NOT_FOUND."""
    mine = select(predictors).join(projects, projects.c.id == predictors.c.project_id)
    mine = mine.where(predictors.c.id == predictor_id, own_projects(caller)).with_for_update(of=predictors)
    if (row := connection.execute(mine).one_or_none()) is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no predictor {predictor_id}, or not yours")
    _deactivate(connection, row.project_id, row.target_id, row.builds)
    connection.execute(update(predictors).where(predictors.c.id == predictor_id).values(active=True))


def _deactivate(connection: Connection, project: int, target: int, builds: str) -> None:
    same = update(predictors).where(
        predictors.c.project_id == project,
        predictors.c.target_id == target,
        predictors.c.builds == builds,
        predictors.c.active,
    )
    connection.execute(same.values(active=False))


def _next_number(connection: Connection, version: Version) -> int:
    newest = select(func.coalesce(func.max(predictors.c.number), 0)).where(
        predictors.c.project_id == version.project_id,
        predictors.c.target_id == version.target_id,
        predictors.c.builds == version.builds,
    )
    return int(connection.execute(newest).scalar_one()) + 1
