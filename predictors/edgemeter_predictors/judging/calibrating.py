"""How many of a model's own standard deviations an interval needs, from errors on networks held out.

With z = |measured - predicted| / std over n cross-validated networks (CV+, Barber et al. 2021, on normalised
residuals), the interval is mean +- q std, and q the smallest number with

    #(z <= q) + w P(|t| scale <= q)  >=  level (n + w) + correction

The prior, Student's t with the scale of the z, is worth w networks: it is all there is without any, smooths
a handful and is forgotten by hundreds. Its scale starts from 1, the model's own word. The correction is
conformal prediction's one network more, as far as there are networks, and never leaves the interval infinite.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from edgemeter_predictors.judging.calibration import LEVELS, Calibration
from edgemeter_predictors.judging.cross_validation import HeldOut

_PRIOR_WEIGHT = 11
#: Networks that the scale of 1 is worth; and the t's degrees of freedom: held-out errors share their data, so
#: two are worth one.
_SCALE_WEIGHT, _FREEDOM_SHARE = 1, 0.5


def calibrate(held_out: HeldOut | None) -> Calibration:
    """None where nothing could be held out: the model's own word, with Student's tails."""
    z = np.empty(0)
    if held_out is not None:
        z = np.sort(np.abs(held_out.latency_ms - held_out.mean_ms) / held_out.std_ms)
    return Calibration(tuple(_multiple(z, level) for level in LEVELS), len(z))


def _multiple(z: NDArray[np.float64], level: float) -> float:
    networks = len(z)
    whole = networks + _PRIOR_WEIGHT
    correction = min(level * networks / whole, (1 - level) * whole / 2)
    # With k of the z within q, what is missing is the prior's; q lies between the k-th z and the next.
    missing = np.clip((level * whole + correction - np.arange(networks + 1)) / _PRIOR_WEIGHT, 0, 1)
    scale = np.sqrt((_SCALE_WEIGHT + z @ z) / (_SCALE_WEIGHT + networks))
    freedom = 1 + _FREEDOM_SHARE * networks
    reached = np.maximum(scale * student.ppf((1 + missing) / 2, freedom), np.append(0.0, z))
    return float(reached[np.argmax(reached < np.append(z, np.inf))])
