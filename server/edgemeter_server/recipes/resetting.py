"""Forgetting a wrong first build: what a recipe's file is, is learnt anew from the next report.

What was measured of the recipe before was measured of the wrong file, or is held against it: it is deleted.
"""

from sqlalchemy import Connection, select, update

from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import ResetRecipe
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.http.problems import Refusal
from edgemeter_server.measurements.deletion import delete_measurement
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes


def reset(connection: Connection, sha256: str) -> ResetRecipe:
    """Raises Refusal NOT_FOUND for what is no recipe, CONFLICT for one that nobody has built yet."""
    found = (
        select(recipes.c.artifact_id, recipes.c.file_sha256)
        .join(artifacts, artifacts.c.id == recipes.c.artifact_id)
        .where(artifacts.c.sha256 == bytes.fromhex(sha256))
        .with_for_update(of=recipes)
    )
    row = connection.execute(found).one_or_none()
    if row is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no recipe {sha256}")
    if row.file_sha256 is None:
        raise Refusal(ProblemType.CONFLICT, "no agent has built this recipe yet: there is nothing to forget")
    made = select(measurements.c.id).where(measurements.c.artifact_id == row.artifact_id)
    deleted = [delete_measurement(connection, id_) for id_ in connection.execute(made).scalars().all()]
    forgotten = update(recipes).where(recipes.c.artifact_id == row.artifact_id)
    connection.execute(forgotten.values(file_sha256=None, file_bytes=None))
    return ResetRecipe(recipe=sha256, file_sha256=row.file_sha256.hex(), measurements=len(deleted))
