"""Predictors held against measurements, in a process of its own as fits are: it imports for seconds."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from edgemeter.failures import FailureError
from edgemeter.isolation import run_limited
from edgemeter.isolation.limits import Limits
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.space import CodeError
from edgemeter.wire.base import Reply
from edgemeter.wire.predictors import Accuracy
from edgemeter_server.predictors.snapshots import Labelled

_WALL_S: Final = 60.0
_LIMITS: Final = Limits(wall_s=_WALL_S, cpu_s=_WALL_S, memory_bytes=2 << 30)
_PRELOAD: Final = ("edgemeter_predictors.judging.drift",)


class JudgeError(Exception):
    """They could not be compared, and why."""


class Judged(Reply):
    """What a predictor says of each network, (n,) each, and how that fits what was measured. `reason` says
    what moved; empty: nothing did.
    """

    predicted_ms: tuple[float, ...]
    low_ms: tuple[float, ...]
    high_ms: tuple[float, ...]
    accuracy: Accuracy
    retest_error: float | None
    inside_percent: float
    shift_percent: float
    reason: str


_JUDGED: Final = TypeAdapter(tuple[Judged, ...])


def judge_in_child(space: str, contents: Sequence[bytes], rows: Sequence[Labelled]) -> tuple[Judged, ...]:
    """Each saved predictor on the same networks, one at least. Blocks. Raises JudgeError."""
    payload = {
        "space": space,
        "contents": [b64encode(content).decode() for content in contents],
        "rows": [row.model_dump(mode="json") for row in rows],
    }
    try:
        sent = run_limited(f"{__name__}:judge_here", payload, _LIMITS, _PRELOAD)
        if isinstance(sent, dict):
            raise JudgeError(str(sent.get("refused"))[:2000])
        return _JUDGED.validate_python(sent)
    except (FailureError, ValidationError) as error:
        raise JudgeError(f"the predictors could not be held against measurements: {error}") from error


def judge_here(payload: Mapping[str, Any]) -> Any:
    """The child's part."""
    from threadpoolctl import threadpool_limits

    rows = [Labelled.model_validate(row) for row in payload["rows"]]
    try:
        with threadpool_limits(1):
            found = [_judged(payload["space"], b64decode(each), rows) for each in payload["contents"]]
    except (CodeError, ValueError) as error:
        return {"refused": str(error)}
    return [each.model_dump(mode="json") for each in found]


def _judged(name: str, content: bytes, rows: Sequence[Labelled]) -> Judged:
    from edgemeter_predictors.judging.drift import drift
    from edgemeter_predictors.saving.predictors import load
    from edgemeter_server.predictors.accuracies import LEVEL, accuracy_on, none_of_nan
    from edgemeter_server.predictors.training import space_data

    space = find_space(name)
    predictor, data = load(content, space), space_data(space, rows, ())
    prediction = predictor.predict(data.codes)
    interval = predictor.interval(prediction, LEVEL)
    moved = drift(
        prediction, interval, data.latency_ms, predictor.retest_error, predictor.calibration.networks
    )
    return Judged(
        predicted_ms=tuple(prediction.mean_ms.tolist()),
        low_ms=tuple(interval.low_ms.tolist()),
        high_ms=tuple(interval.high_ms.tolist()),
        accuracy=accuracy_on(predictor, data),
        retest_error=none_of_nan(predictor.retest_error),
        inside_percent=moved.inside_percent,
        shift_percent=moved.shift_percent,
        reason=moved.reason,
    )
