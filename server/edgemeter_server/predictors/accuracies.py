"""How far a predictor errs, as it is told. For child processes: it imports what takes seconds to import."""

from dataclasses import asdict
from math import isnan
from typing import Final

from edgemeter.spaces.space import Codes
from edgemeter.wire.predictors import Accuracy
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.judging.figures import Coverage, Errors
from edgemeter_predictors.predictor import Predictor

LEVEL: Final = 0.9


def accuracy_on(predictor: Predictor[Codes], data: SpaceData) -> Accuracy:
    """Of one network at least, with what its intervals cover."""
    prediction = predictor.predict(data.codes)
    covered = coverage(predictor.interval(prediction, LEVEL), data.latency_ms)
    return accuracy(errors(prediction.mean_ms, data.latency_ms), covered)


def accuracy(judged: Errors, covered: Coverage | None = None) -> Accuracy:
    """`covered` is of intervals at LEVEL."""
    found = {name: none_of_nan(value) for name, value in asdict(judged).items()}
    if covered is not None:
        found |= {
            "coverage_90_percent": covered.coverage_percent,
            "width_90_percent": covered.width_percent,
            "score_90_percent": covered.score_percent,
        }
    return Accuracy.model_validate(found)


def none_of_nan(value: float) -> float | None:
    return None if isnan(value) else value
