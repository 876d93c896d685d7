"""Publishing: a fitted predictor becomes the next version, whole or not at all; one of them is active."""

import hashlib

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


def publish(connection: Connection, held: Held, snapshot: Snapshot, trained: Trained, now_us: int) -> bool:
    """Ends the fit and adds its predictor. False where another worker took the fit over: nothing is added."""
    if not end(connection, held, None, now_us):
        return False
    if held.activate:
        _deactivate(connection, held.project_id, held.target_id, held.builds)
    content = trained.file
    row = {
        "project_id": held.project_id,
        "target_id": held.target_id,
        "revision_id": max(current_revisions(connection, held.target_id)),
        "fit_id": held.id,
        "builds": held.builds,
        "number": _next_number(connection, held),
        "active": held.activate,
        "file_sha256": hashlib.sha256(content).digest(),
        "snapshot_sha256": bytes.fromhex(snapshot.sha256),
        "created_us": now_us,
        "document": trained.model_dump_json(exclude={"content"}),
        "content": content,
    }
    added = connection.execute(insert(predictors).values(row).returning(predictors.c.id))
    known.store(connection, added.scalar_one(), snapshot)
    return True


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


def _next_number(connection: Connection, held: Held) -> int:
    newest = select(func.coalesce(func.max(predictors.c.number), 0)).where(
        predictors.c.project_id == held.project_id,
        predictors.c.target_id == held.target_id,
        predictors.c.builds == held.builds,
    )
    return int(connection.execute(newest).scalar_one()) + 1
