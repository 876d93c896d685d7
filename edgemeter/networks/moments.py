"""Mean and variance of each channel of a feature map, and what operations make of them.

All follows from the architecture; nothing is run. Values count as normally distributed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.network import Activation

Doubles = NDArray[np.float64]

#: Of the variance within a feature map, the share that neighbouring positions have in common, as in
#: photographs; the rest is noise that averages out.
SMOOTH_SHARE: Final = 0.25

#: Sixteen of 32 points of equal probability that stand for the normal distribution; variance 1.
_POSITIVE: Final = (
    *(0.04, 0.1201, 0.201, 0.2832, 0.3673, 0.454, 0.5441, 0.6386),
    *(0.739, 0.8471, 0.9657, 1.0991, 1.2545, 1.4462, 1.7095, 2.197),
)
_POINTS: Final = np.array([*(-z for z in reversed(_POSITIVE)), *_POSITIVE])

#: Sums of multiples of this are exact in float64 in any order, so that they are the same everywhere.
_GRID: Final = 2.0**-20

LEAST_POWER: Final = 2.0**-10

BOUNDS: Final = {
    Activation.RELU: (0.0, np.inf),
    Activation.RELU6: (0.0, 6.0),
    Activation.HSWISH: (-0.375, np.inf),
    Activation.HARD_SIGMOID: (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Moments:
    """One mean and one variance for each channel."""

    mean: Doubles
    variance: Doubles

    @classmethod
    def equal(cls, channels: int, mean: float, variance: float) -> "Moments":
        return cls(np.full(channels, mean), np.full(channels, variance))

    @property
    def power(self) -> float:
        """The mean variance over the channels; not less than LEAST_POWER, for what is all but constant."""
        return max(_average(self.variance), LEAST_POWER)

    @property
    def spread_of_means(self) -> float:
        """The variance of the means over the channels."""
        return _average((self.mean - _average(self.mean)) ** 2)

    def plus(self, other: "Moments") -> "Moments":
        return Moments(self.mean + other.mean, self.variance + other.variance)

    def times(self, gate: "Moments") -> "Moments":
        """The product of independent values."""
        square = gate.mean**2 + gate.variance
        return Moments(self.mean * gate.mean, self.variance * square + self.mean**2 * gate.variance)

    def averaged(self, positions: int) -> "Moments":
        return Moments(self.mean, self.variance * (SMOOTH_SHARE + (1 - SMOOTH_SHARE) / positions))

    def largest_of(self, positions: int) -> "Moments":
        """Roughly: neighbours have much in common, so the largest is not far from each."""
        if positions == 1:
            return self
        return Moments(self.mean + 0.75 * np.sqrt(self.variance), 0.75 * self.variance)

    def activated(self, activation: Activation) -> "Moments":
        # Most channels are alike. A complex number is a pair that NumPy sorts.
        pairs, where = np.unique(self.mean + 1j * self.variance, return_inverse=True)
        values = pairs.real[:, np.newaxis] + np.sqrt(pairs.imag)[:, np.newaxis] * _POINTS
        values = np.rint(_apply(activation, values) / _GRID) * _GRID
        mean = values.sum(axis=1) / len(_POINTS)
        squares = np.rint((values - mean[:, np.newaxis]) ** 2 / _GRID) * _GRID
        return Moments(mean[where], (squares.sum(axis=1) / len(_POINTS))[where])

    def range(self, deviations: float) -> tuple[float, float]:
        """The least and the most of the channels, so many standard deviations around their means."""
        reach = deviations * np.sqrt(self.variance)
        return float((self.mean - reach).min()), float((self.mean + reach).max())


def _apply(activation: Activation, values: Doubles) -> Doubles:
    match activation:
        case Activation.RELU:
            return np.maximum(values, 0)
        case Activation.RELU6:
            return np.clip(values, 0, 6)
        case Activation.HSWISH:
            return values * np.clip(values + 3, 0, 6) / 6
        case Activation.HARD_SIGMOID:
            return np.clip(values + 3, 0, 6) / 6


def _average(values: Doubles) -> float:
    return float((np.rint(values / _GRID) * _GRID).sum()) / len(values)
