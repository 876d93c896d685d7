"""Order statistics of samples. Nothing is ever dropped: outliers are classified and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval, in the unit of what it encloses."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Outliers:
    """Counts by Tukey's fences: mild beyond 1.5, severe beyond 3 interquartile ranges."""

    mild: int
    severe: int


def nearest_rank(values: ArrayLike, share: float) -> float:
    """The smallest value that at least `share` (0..1) of the values do not exceed."""
    return pooled_quantile([values], share)


def pooled_quantile(groups: Sequence[ArrayLike], share: float) -> float:
    """Nearest-rank quantile of all groups together, each group weighing the same.

    A noisy visit samples longer before it converges; by count it would outvote the others.
    """
    arrays = [np.asarray(group, dtype=float) for group in groups]
    values = np.concatenate(arrays)
    weights = np.concatenate([np.full(array.size, 1 / array.size) for array in arrays])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    # The slack absorbs the rounding of sums of 1/n: a rank that is hit exactly counts as reached.
    index = int(np.searchsorted(reached, share * len(arrays) - 1e-9))
    return float(values[order[min(index, values.size - 1)]])


def pooled_median(groups: Sequence[ArrayLike]) -> float:
    """Median of all groups together, each group weighing the same: the mean of the two middle ranks."""
    mirrored = [-np.asarray(group, dtype=float) for group in groups]
    return (pooled_quantile(groups, 0.5) - pooled_quantile(mirrored, 0.5)) / 2


def median_absolute_deviation(values: ArrayLike) -> float:
    """Median distance from the median, unscaled."""
    array = np.asarray(values, dtype=float)
    return float(np.median(np.abs(array - np.median(array))))


def trimmed_mean(values: ArrayLike, share: float = 0.1) -> float:
    """Mean without the lowest and the highest `share` of the values."""
    ordered = np.sort(np.asarray(values, dtype=float))
    cut = int(share * ordered.size)
    return float(ordered[cut : ordered.size - cut].mean())


def outliers(values: ArrayLike) -> Outliers:
    """How many values lie beyond Tukey's fences, each counted once."""
    array = np.asarray(values, dtype=float)
    low, high = np.quantile(array, [0.25, 0.75])
    reach = high - low
    beyond = np.maximum(low - array, array - high)
    severe = int(np.count_nonzero(beyond > 3 * reach))
    return Outliers(mild=int(np.count_nonzero(beyond > 1.5 * reach)) - severe, severe=severe)
