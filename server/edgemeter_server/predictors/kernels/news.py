"""Which files were measured since a predictor of any file was published."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, func, select

from edgemeter_server.artifacts.tables import artifact_graphs
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.judging import Judged, JudgeError
from edgemeter_server.predictors.kernels.judging import (
    MeasuredFile,
    judge_files_in_child,
    measured_files,
    of_files,
)
from edgemeter_server.predictors.news import News
from edgemeter_server.predictors.saved import saved


def news_of_files(connection: Connection, predictor: Row[Any]) -> News:
    """It knows none of them: its campaign is elsewhere, and so are the readings of the anchors then."""
    place = (predictor.project_id, predictor.target_id)
    files = measured_files(connection, *place, predictor.created_us)
    return News(
        count=_count(connection, *place, predictor.created_us),
        known=0,
        networks=tuple(file.label for file in files),
        anchors_before=np.empty(0),
        anchors_since=np.empty(0),
        judge=partial(_judged, saved(connection, predictor.id), files),
    )


def _count(connection: Connection, project: int, target_id: int, since_us: int) -> int:
    """A file that is measured again is news again."""
    found = (
        select(func.count())
        .select_from(measurements)
        .join(artifact_graphs, artifact_graphs.c.artifact_id == measurements.c.artifact_id)
        .where(of_files(connection, project, target_id), measurements.c.created_us > since_us)
    )
    return connection.execute(found).scalar_one()


def _judged(content: bytes, files: Sequence[MeasuredFile]) -> Judged:
    _, judged = judge_files_in_child([content], files)
    if not judged:
        raise JudgeError("none of the files that were measured since can be predicted")
    return judged[0]
