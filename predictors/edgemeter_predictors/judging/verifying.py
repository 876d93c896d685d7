"""A search's finalists, predicted and measured: how far the predictions were off, and what that cost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.judging.errors import coverage, errors
from edgemeter_predictors.judging.figures import Coverage, Errors
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.judging.regret import Regret, latency_regret_percent, regret

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verification:
    """`latency_regret_percent`: how much slower the network that was predicted to be fastest is than the
    fastest. `quality_regret` is of choosing the best quality; None where no quality is known.
    """

    errors: Errors
    coverage: Coverage
    latency_regret_percent: float
    quality_regret: Regret | None


def verify(
    predicted_ms: Array, interval: Interval, measured_ms: Array, quality: Array | None, limit_ms: float
) -> Verification:
    """Of one network at least, (n,) each. The best quality is sought among those of at most `limit_ms`, which
    may be infinite.
    """
    return Verification(
        errors(predicted_ms, measured_ms),
        coverage(interval, measured_ms),
        latency_regret_percent(predicted_ms, measured_ms),
        None if quality is None else regret(quality, predicted_ms, measured_ms, limit_ms),
    )
