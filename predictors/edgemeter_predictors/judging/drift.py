"""Whether new measurements are still what a published predictor says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom

from edgemeter_predictors.contract import Prediction
from edgemeter_predictors.judging.interval import Interval

#: So rarely does a predictor that still holds look so bad by chance.
_CHANCE = 0.01
#: A session's common drift is about its retest error; a shift counts from so many of them.
_SHIFTS = 2.5
#: The retest error where nobody knows it: what sessions of a shared host differ by.
_USUAL_RETEST_ERROR = 0.03
#: What an interval's prior is worth where nothing could be held out.
_PRIOR_NETWORKS = 11


@dataclass(frozen=True, slots=True)
class Drift:
    """`inside_percent` of `networks` measurements lie in their intervals of `level`; they are
    `shift_percent` above the predictions on average. `reason` says in words what moved, empty where
    nothing did.
    """

    networks: int
    level: float
    inside_percent: float
    shift_percent: float
    reason: str

    @property
    def drifted(self) -> bool:
        return bool(self.reason)


def drift(
    prediction: Prediction,
    interval: Interval,
    measured_ms: NDArray[np.float64],
    retest_error: float,
    calibrated_on: int,
    independent: int | None = None,
) -> Drift:
    """Of at least one new measurement that the predictor has not been fitted on. Its interval comes from
    `calibrated_on` networks, so that what it really covers is Beta distributed around its level. Its own
    errors are as good as those of `independent` networks that have nothing in common: None, of all.
    """
    inside = int(np.sum((interval.low_ms <= measured_ms) & (measured_ms <= interval.high_ms)))
    networks = len(measured_ms)
    relative = measured_ms / prediction.mean_ms - 1
    shift = float(np.mean(relative))
    retest = retest_error if np.isfinite(retest_error) else _USUAL_RETEST_ERROR
    own = float(np.mean(prediction.std_ms / prediction.mean_ms))
    expected = np.sqrt(retest**2 + own**2 / (independent or networks))
    reason = ""
    known = calibrated_on + _PRIOR_NETWORKS
    if betabinom.cdf(inside, networks, known * interval.level, known * (1 - interval.level)) < _CHANCE:
        reason = f"only {inside} of {networks} measurements lie in their {interval.level:.0%} intervals"
    elif abs(shift) > _SHIFTS * expected:
        reason = f"measurements are {shift:+.1%} off on average, sessions differ by {retest:.1%}"
    return Drift(networks, interval.level, 100 * inside / networks, 100 * shift, reason)
