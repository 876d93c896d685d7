"""What monitoring is told of predictors."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from edgemeter_server.access.tables import projects
from edgemeter_server.devices.tables import targets
from edgemeter_server.predictors.tables import predictor_checks, predictors


class WatchedFigure(NamedTuple):
    project: str
    space: str
    target: str
    drifted: bool


def watched_figures(connection: Connection) -> list[WatchedFigure]:
    """Of each version that answers and was compared with later measurements."""
    watched = (
        select(
            projects.c.slug, predictors.c.builds, targets.c.slug.label("target"), predictor_checks.c.drifted
        )
        .join(predictor_checks, predictor_checks.c.predictor_id == predictors.c.id)
        .join(projects, projects.c.id == predictors.c.project_id)
        .join(targets, targets.c.id == predictors.c.target_id)
        .where(predictors.c.active, predictor_checks.c.document.is_not(None))
    )
    return [
        WatchedFigure(row.slug, row.builds.partition("/")[0], row.target, row.drifted)
        for row in connection.execute(watched)
    ]
