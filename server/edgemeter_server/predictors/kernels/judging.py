"""Predictors of files held against files that were measured, in a process of its own."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, and_, select

from edgemeter.failures import EdgeMeterError, FailureError
from edgemeter.isolation import run_limited
from edgemeter.isolation.limits import Limits
from edgemeter.wire.base import Reply
from edgemeter_server.artifacts.packing import unpacked
from edgemeter_server.artifacts.tables import artifact_graphs, artifacts
from edgemeter_server.devices.targets import current_revisions
from edgemeter_server.measurements.listing import in_project
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.judging import Judged, JudgeError
from edgemeter_server.predictors.snapshots import Labelled

_WALL_S: Final = 60.0
_LIMITS: Final = Limits(wall_s=_WALL_S, cpu_s=_WALL_S, memory_bytes=2 << 30)
_PRELOAD: Final = ("edgemeter_predictors.kernels.pricing", "edgemeter_predictors.judging.drift")
#: The newest so many files tell enough, and so many bytes of their graphs.
_MOST_FILES: Final = 200
_MOST_BYTES: Final = 16 << 20
#: What a normal distribution's 90 % are wide, in standard deviations.
_WIDTH_90: Final = 3.29


class MeasuredFile(NamedTuple):
    """`label.text` is its sha256; `graph` as packing.py has it."""

    label: Labelled
    graph: bytes


class _Sent(Reply):
    kept: tuple[int, ...]
    judged: tuple[Judged, ...]


def of_files(connection: Connection, project: int, target_id: int) -> ColumnElement[bool]:
    """Which joined measurements count: the valid ones of what the target is now, of files whose graphs are
    known.
    """
    return and_(
        measurements.c.target_id == target_id,
        measurements.c.revision_id.in_(current_revisions(connection, target_id)),
        measurements.c.valid,
        measurements.c.accepted,
        in_project(project),
        artifact_graphs.c.content.is_not(None),
    )


def measured_files(
    connection: Connection, project: int, target_id: int, since_us: int = 0
) -> list[MeasuredFile]:
    """The newest measurement of each, newest first."""
    rows = (
        select(
            artifacts.c.sha256,
            artifact_graphs.c.content,
            measurements.c.id,
            measurements.c.latency_ms,
            measurements.c.low_ms,
            measurements.c.high_ms,
        )
        .join(measurements, measurements.c.artifact_id == artifacts.c.id)
        .join(artifact_graphs, artifact_graphs.c.artifact_id == artifacts.c.id)
        .where(of_files(connection, project, target_id), measurements.c.created_us > since_us)
        .order_by(measurements.c.id.desc())
        .limit(4 * _MOST_FILES)
    )
    found: dict[bytes, MeasuredFile] = {}
    left_bytes = _MOST_BYTES
    for row in connection.execute(rows):
        left_bytes -= 0 if row.sha256 in found else len(row.content)
        if left_bytes < 0 or len(found) == _MOST_FILES:
            break
        relative = (row.high_ms - row.low_ms) / (2 * row.latency_ms)
        label = Labelled(
            text=row.sha256.hex(),
            latency_ms=row.latency_ms,
            relative_error=relative,
            measurement_id=row.id,
        )
        found.setdefault(row.sha256, MeasuredFile(label, bytes(row.content)))
    return list(found.values())


def judge_files_in_child(
    contents: Sequence[bytes], files: Sequence[MeasuredFile]
) -> tuple[list[Labelled], tuple[Judged, ...]]:
    """Each saved predictor on the same files, as far as all of them can predict one. Blocks. Raises
    JudgeError.
    """
    payload = {
        "contents": [b64encode(content).decode() for content in contents],
        "graphs": [b64encode(file.graph).decode() for file in files],
        "latency_ms": [file.label.latency_ms for file in files],
    }
    try:
        sent = _Sent.model_validate(run_limited(f"{__name__}:judge_here", payload, _LIMITS, _PRELOAD))
        return [files[row].label for row in sent.kept], sent.judged
    except (FailureError, ValidationError, IndexError) as error:
        raise JudgeError(f"the predictors could not be held against measurements: {error}") from error


def judge_here(payload: Mapping[str, Any]) -> Any:
    """The child's part."""
    from threadpoolctl import threadpool_limits

    from edgemeter_predictors.kernels.pricing import KernelPricing

    predictors = [KernelPricing().open(b64decode(content)) for content in payload["contents"]]
    kept, found = [], []
    with threadpool_limits(1):
        for row, packed in enumerate(payload["graphs"]):
            wiring = unpacked(b64decode(packed))
            try:
                found.append([each.estimate_file(wiring) for each in predictors])
            except EdgeMeterError:
                continue
            kept.append(row)
    if not kept:
        return {"kept": [], "judged": []}
    latency_ms = np.array(payload["latency_ms"])[kept]
    judged = [
        _judged(estimates, latency_ms, predictor.retest_error)
        for predictor, estimates in zip(predictors, zip(*found, strict=True), strict=True)
    ]
    return {"kept": kept, "judged": [each.model_dump(mode="json") for each in judged]}


def _judged(estimates: Sequence[Any], latency_ms: Any, retest_error: float) -> Judged:
    from edgemeter_predictors.contract import Prediction
    from edgemeter_predictors.judging.drift import drift
    from edgemeter_predictors.judging.errors import coverage, errors
    from edgemeter_predictors.judging.interval import Interval
    from edgemeter_server.predictors.accuracies import LEVEL, accuracy, none_of_nan

    mean, low, high = np.array([(each.latency_ms, each.low_ms, each.high_ms) for each in estimates]).T
    interval = Interval(low, high, LEVEL)
    covered = coverage(interval, latency_ms)
    # Files err together: what is wrong about one kind of kernel is wrong in all that have it.
    prediction = Prediction(mean, (high - low) / _WIDTH_90)
    moved = drift(prediction, interval, latency_ms, retest_error, calibrated_on=0, independent=1)
    return Judged(
        predicted_ms=tuple(mean.tolist()),
        low_ms=tuple(low.tolist()),
        high_ms=tuple(high.tolist()),
        accuracy=accuracy(errors(mean, latency_ms), covered),
        retest_error=none_of_nan(retest_error),
        inside_percent=moved.inside_percent,
        shift_percent=moved.shift_percent,
        reason=moved.reason,
    )
