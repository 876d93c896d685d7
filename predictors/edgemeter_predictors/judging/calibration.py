"""An interval as a multiple of a model's own standard deviation."""

from bisect import bisect
from dataclasses import dataclass

import numpy as np

from edgemeter_predictors.contract import Prediction
from edgemeter_predictors.judging.interval import Interval

#: Where multiples are kept, so that serving needs no distribution; levels between are interpolated.
LEVELS = (0.5, 0.68, 0.8, 0.9, 0.95, 0.98, 0.99)


@dataclass(frozen=True, slots=True)
class Calibration:
    """`multiples` (levels,): standard deviations for each of LEVELS; `networks` they come from."""

    multiples: tuple[float, ...]
    networks: int

    def interval(self, prediction: Prediction, level: float = 0.9) -> Interval:
        """Raises ValueError for a level outside of what LEVELS span."""
        half = self.multiple(level) * prediction.std_ms
        low = np.maximum(prediction.mean_ms - half, 0.0)
        return Interval(low, prediction.mean_ms + half, level)

    def multiple(self, level: float) -> float:
        if not LEVELS[0] <= level <= LEVELS[-1]:
            raise ValueError(f"intervals have a level from {LEVELS[0]} to {LEVELS[-1]}, not {level}")
        at = bisect(LEVELS, level)
        if at == len(LEVELS):
            return self.multiples[-1]
        share = (level - LEVELS[at - 1]) / (LEVELS[at] - LEVELS[at - 1])
        return self.multiples[at - 1] + share * (self.multiples[at] - self.multiples[at - 1])


def ends_ms(mean_ms: float, half_ms: float) -> tuple[float, float]:
    """Those of `Calibration.interval`, of one network: numpy takes longer to begin."""
    return max(mean_ms - half_ms, 0.0), mean_ms + half_ms
