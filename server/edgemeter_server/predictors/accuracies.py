"""How far a predictor errs, as it is told. For child processes: it imports what takes seconds to import."""

from math import isnan
from typing import Any, Final

from edgemeter.spaces.space import Codes
from edgemeter.wire.predictors import Accuracy
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.predictor import Predictor

LEVEL: Final = 0.9


def accuracy_on(predictor: Predictor[Codes], data: SpaceData) -> Accuracy:
    """Of one network at least, with what its intervals cover."""
    prediction = predictor.predict(data.codes)
    covered = coverage(predictor.interval(prediction, LEVEL), data.latency_ms)
    intervals = {
        "coverage_90_percent": covered.coverage_percent,
        "width_90_percent": covered.width_percent,
    }
    return accuracy(errors(prediction.mean_ms, data.latency_ms)).model_copy(update=intervals)


def accuracy(judged: Any) -> Accuracy:
    names = set(Accuracy.model_fields) - {"coverage_90_percent", "width_90_percent"}
    return Accuracy.model_validate({name: none_of_nan(getattr(judged, name)) for name in names})


def none_of_nan(value: float) -> float | None:
    return None if isnan(value) else value
