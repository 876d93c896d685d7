"""What was measured since a predictor was fitted, and what that says of the device."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, select

from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.measurements.codec import read_detail
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors import snapshots
from edgemeter_server.predictors.judging import Judged, judge_in_child
from edgemeter_server.predictors.known import known_to
from edgemeter_server.predictors.saved import saved
from edgemeter_server.predictors.snapshots import Labelled

#: So many of the newest are compared: what is older tells less of today.
_NEWEST: Final = 256


@dataclass(frozen=True, slots=True)
class News:
    """`count` measurements that the predictor does not know, beside `known` that it was fitted on. `networks`
    are the newest among them, `judge` holds it against these: it blocks, and raises JudgeError. The anchors'
    drifts are those of either, (n,) and (m,).
    """

    count: int
    known: int
    networks: tuple[Labelled, ...]
    anchors_before: NDArray[np.float64]
    anchors_since: NDArray[np.float64]
    judge: Callable[[], Judged]


def news_of(connection: Connection, predictor: Row[Any]) -> News:
    """Of a row of `predictors`: only what would be part of a snapshot now."""
    known = known_to(connection, predictor)
    snapshot = snapshots.take(connection, predictor.project_id, predictor.builds, predictor.target_id)
    networks = _unknown((*snapshot.training, *snapshot.tests), known.all)
    count = len(networks) + len(_unknown(snapshot.operators, known.all))
    newest = sorted(networks, key=lambda row: row.measurement_id)[-_NEWEST:]
    space = predictor.builds.partition("/")[0]
    content = saved(connection, predictor.id)
    return News(
        count=count,
        known=len(known.fitted),
        networks=tuple(newest),
        anchors_before=_anchor_drifts(connection, sorted(known.fitted)[-_NEWEST:]),
        anchors_since=_anchor_drifts(connection, [row.measurement_id for row in newest]),
        judge=partial(_judged, space, content, newest),
    )


def _judged(space: str, content: bytes, networks: Sequence[Labelled]) -> Judged:
    [judged] = judge_in_child(space, [content], networks)
    return judged


def _unknown(rows: Iterable[Labelled], known: Collection[int]) -> list[Labelled]:
    return [row for row in rows if row.measurement_id not in known]


def _anchor_drifts(connection: Connection, ids: Collection[int]) -> NDArray[np.float64]:
    """Those of targets that have a reference for their anchors."""
    details = (
        select(measurements.c.detail, artifacts.c.sha256)
        .join(artifacts, artifacts.c.id == measurements.c.artifact_id)
        .where(measurements.c.id.in_(ids), measurements.c.latency_ms.is_not(None))
    )
    drifts = (read_detail(row.detail, row.sha256)["latency"]["drift"] for row in connection.execute(details))
    return np.array([drift for drift in drifts if drift is not None], np.float64)
