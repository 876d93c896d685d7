"""Does latency rise or fall through a block: throttling, a clock that moves."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgemeter_agents.measuring.statistics import Floats

#: A block of twice as many samples or more is first reduced to so many stretches.
STRETCHES = 10
#: Two-sided 1 % of the standard normal.
SIGNIFICANT = 2.576


@dataclass(frozen=True, slots=True)
class Trend:
    """`rise` is the Theil-Sen line's change over the whole block as a share of its median,
    negative when it falls; `score` is Mann-Kendall's normal score of there being any trend."""

    rise: float
    score: float

    def exceeds(self, limit: float) -> bool:
        """Whether the block drifts by more than `limit` and not just by chance: six noisy samples
        show 3 % often enough."""
        return abs(self.rise) > limit and abs(self.score) > SIGNIFICANT


def trend(values: ArrayLike) -> Trend:
    """The trend of values in their order; none below three values."""
    points = _reduced(np.asarray(values, dtype=float))
    n = points.size
    median = float(np.median(points)) if n else 0.0
    if n < 3 or median <= 0:
        return Trend(0.0, 0.0)
    earlier, later = np.triu_indices(n, k=1)
    rises = points[later] - points[earlier]
    slope = float(np.median(rises / (later - earlier)))
    return Trend(slope * n / median, _mann_kendall(rises, n))


def _mann_kendall(rises: Floats, n: int) -> float:
    concordance = float(np.sign(rises).sum())
    # The continuity correction keeps the normal approximation honest for small n.
    score = max(0.0, abs(concordance) - 1) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    return math.copysign(score, concordance)


def _reduced(values: Floats) -> Floats:
    if values.size < 2 * STRETCHES:
        return values
    # What slows a device slows its fastest runs too; a neighbour's phases leave them alone.
    return np.array([np.quantile(stretch, 0.25) for stretch in np.array_split(values, STRETCHES)])
