"""An analytic estimate: how long a network may take where no predictor knows it, by what it computes.

    y = a + b MACs + c parameters,    a, b, c >= 0

fitted to whatever networks are measured on the target, of any kind: a roofline whose slopes are the target's.
What it leaves out is much: an operator's shape, fusion, caches. So its interval is wide. It is the t-interval
of the logarithms of its errors on each of the networks, left out in turn; their standard deviation counts as
at least LEAST_DEVIATION, since a network that is asked about may be of a kind that is not among them.
docs/benchmarks.md has how often such intervals hold.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import check_latencies
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.kernels.regressor import fit_roofline

Array = NDArray[np.float64]

FEWEST: Final = 5
LEAST_DEVIATION: Final = 0.5  #: of logarithms


@dataclass(frozen=True, slots=True, eq=False)
class Analytic:
    """`per_load_ms` (3,) is a, b and c; `deviation` that of log(measured / estimated), seen on `networks`."""

    per_load_ms: Array
    deviation: float
    networks: int

    def latency_ms(self, macs: Array, parameters: Array) -> Array:
        """(n,)"""
        return np.asarray(_loads(macs, parameters) @ self.per_load_ms)

    def interval(self, latency_ms: Array, level: float) -> Interval:
        """As wide in proportion, for every network."""
        from scipy.special import stdtrit

        quantile = stdtrit(self.networks - 1, (1 + level) / 2)
        factor = np.exp(quantile * self.deviation * np.sqrt(1 + 1 / self.networks))
        return Interval(latency_ms / factor, latency_ms * factor, level)


def fit_analytic(macs: Array, parameters: Array, latency_ms: Array) -> Analytic:
    """From n networks, (n,) each. Raises NotApplicable for fewer than FEWEST."""
    check_latencies(latency_ms, len(macs))
    if len(macs) < FEWEST:
        raise NotApplicable(f"an analytic estimate needs {FEWEST} measured networks, there are {len(macs)}")
    loads = _loads(macs, parameters)
    errors = [_left_out(loads, latency_ms, row) for row in range(len(macs))]
    deviation = max(LEAST_DEVIATION, float(np.sqrt(np.mean(np.square(errors)))))
    return Analytic(fit_roofline(loads, latency_ms), deviation, len(macs))


def _left_out(loads: Array, latency_ms: Array, row: int) -> float:
    others = np.arange(len(loads)) != row
    estimated_ms = loads[row] @ fit_roofline(loads[others], latency_ms[others])
    return float(np.log(latency_ms[row] / max(estimated_ms, np.finfo(float).tiny)))


def _loads(macs: Array, parameters: Array) -> Array:
    return np.column_stack([np.ones(len(macs)), macs, parameters]).astype(np.float64)
