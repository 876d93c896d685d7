"""The one statistic that turns the visits of a job into its latency (rule 3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from edgemeter.protocols import Statistic
from edgemeter_agents.measuring.confidence import BATCHES, FEWEST_FOR_BATCHES
from edgemeter_agents.measuring.statistics import (
    Floats,
    median_absolute_deviation,
    pooled_median,
    pooled_quantile,
)

_LOWER = 0.25
#: Of a normal distribution: deviation over median absolute deviation, and over quartile distance.
_DEVIATION_OF_MAD = 1.4826
_DEVIATION_OF_QUARTILES = 1 / 1.349
#: Standard error times sqrt(n) over the deviation: sqrt(p (1 - p)) / density.
_ERROR_FACTOR = {Statistic.LOWER_QUARTILE: 1.363, Statistic.MEDIAN: 1.253}


@dataclass(frozen=True, slots=True)
class Headline:
    """`value` is the statistic of all visits together, each weighing the same; `visits` that of each alone.

    `standard_error` is that of `value` within this session, as a share of it: the wider of what the
    samples and what the visits say. The visits' spread is taken robustly, since one disturbed visit of
    three hardly moves the value either.
    """

    value: float
    visits: tuple[float, ...]
    standard_error: float

    @classmethod
    def of(cls, visits: Sequence[Sequence[float]], statistic: Statistic) -> Self:
        """From each visit's values in their order; every visit has at least one."""
        value = _pooled(visits, statistic)
        alone = tuple(_pooled([visit], statistic) for visit in visits)
        between = _DEVIATION_OF_MAD * median_absolute_deviation(alone) / math.sqrt(len(alone))
        within = _sampling_error(np.concatenate([np.asarray(visit) for visit in visits]), statistic)
        return cls(value, alone, max(within, between) / value if value else 0.0)


def _pooled(visits: Sequence[Sequence[float]] | Sequence[Floats], statistic: Statistic) -> float:
    return pooled_median(visits) if statistic is Statistic.MEDIAN else pooled_quantile(visits, _LOWER)


def _sampling_error(values: Floats, statistic: Statistic) -> float:
    lower, middle, upper = np.quantile(values, (_LOWER, 0.5, 1 - _LOWER))
    # Spikes widen the upper half alone, and move the lower quartile little.
    quartiles = upper - lower if statistic is Statistic.MEDIAN else 2 * (middle - lower)
    independent = _ERROR_FACTOR[statistic] * quartiles * _DEVIATION_OF_QUARTILES / math.sqrt(values.size)
    if values.size < FEWEST_FOR_BATCHES:
        return float(independent)
    # Slow changes move whole batches, which tells that samples depend on each other.
    batches = [_pooled([batch], statistic) for batch in np.array_split(values, BATCHES)]
    return float(max(independent, np.std(batches, ddof=1) / math.sqrt(BATCHES)))
