"""Which measurements of a space's networks count."""

from sqlalchemy import ColumnElement, Connection, Select, func, select

from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.targets import current_revisions
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.recipes.tables import recipes


def newest(
    connection: Connection, builds: str, kind: RecipeKind, target_id: int, *conditions: ColumnElement[bool]
) -> Select[tuple[int]]:
    """The ids of the newest valid, accepted measurement of each network, of the target's current revisions.

    `conditions` are on `recipes`, `artifacts` and `measurements`, such as `visible_to(caller)`.
    """
    return (
        select(func.max(measurements.c.id))
        .select_from(recipes)
        .join(artifacts, artifacts.c.id == recipes.c.artifact_id)
        .join(measurements, measurements.c.artifact_id == recipes.c.artifact_id)
        .where(
            recipes.c.builds == builds,
            recipes.c.kind == kind.value,
            measurements.c.target_id == target_id,
            measurements.c.revision_id.in_(current_revisions(connection, target_id)),
            measurements.c.valid,
            measurements.c.accepted,
            *conditions,
        )
        .group_by(measurements.c.artifact_id)
    )
