"""95 % confidence intervals of a block's median. They only stop sampling (rule 6)."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from edgemeter_agents.measuring.statistics import Interval

#: Fewer samples have no distribution-free 95 % interval of the median: 2 / 2^5 is above 5 %.
FEWEST_SAMPLES = 6
BATCHES = 10
#: Below five samples a batch, one preemption would decide a batch's median too.
FEWEST_FOR_BATCHES = 5 * BATCHES


def median_interval(values: ArrayLike) -> Interval:
    """95 % interval of the median from order statistics, by the binomial's normal approximation.

    0-based ranks floor(n/2 - 0.98 sqrt n) and ceil(n/2 + 0.98 sqrt n); unbounded below
    `FEWEST_SAMPLES`. Right for independent samples only.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = ordered.size
    if n < FEWEST_SAMPLES:
        return Interval(-math.inf, math.inf)
    reach = 0.98 * math.sqrt(n)
    low = max(0, math.floor(n / 2 - reach))
    high = min(n - 1, math.ceil(n / 2 + reach))
    return Interval(float(ordered[low]), float(ordered[high]))


def batch_interval(values: ArrayLike) -> Interval | None:
    """95 % interval of the median from the medians of ten consecutive batches.

    Slow changes move whole batches, so that autocorrelated samples widen it, where the order
    statistics stay narrow. Medians, not means: one preemption would decide a batch's mean.
    None below `FEWEST_FOR_BATCHES`.
    """
    array = np.asarray(values, dtype=float)
    if array.size < FEWEST_FOR_BATCHES:
        return None
    medians = np.array([np.median(batch) for batch in np.array_split(array, BATCHES)])
    reach = student_quantile(0.975, BATCHES - 1) * float(medians.std(ddof=1)) / math.sqrt(BATCHES)
    centre = float(medians.mean())
    return Interval(centre - reach, centre + reach)


def guarded_interval(values: ArrayLike) -> Interval:
    """The wider of the order-statistic and the batch interval: the autocorrelation guard."""
    simple, batched = median_interval(values), batch_interval(values)
    return max(simple, batched, key=lambda i: i.half_width) if batched else simple


def relative_half_width(values: ArrayLike) -> float:
    """Half-width of the guarded interval as a share of the median; infinite where it has none."""
    median = float(np.median(np.asarray(values, dtype=float)))
    return guarded_interval(values).half_width / median if median > 0 else math.inf


def student_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t, by closed form up to two degrees of freedom, else by the
    Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5): within 0.3 % from 3 degrees up at 0.975.
    """
    if degrees == 1:
        return math.tan(math.pi * (probability - 0.5))
    if degrees == 2:
        return (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(degrees) ** power for power, term in enumerate(terms, start=1))
