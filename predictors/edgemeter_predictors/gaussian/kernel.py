"""How alike two architectures are, from their codes.

    k(x, x') = v_0 + v_1 1/C sum over columns [x_c = x'_c]
                   + v_2 exp(-sum over columns l_c [x_c != x'_c])
                   + v_3 exp(-l_n |N(x) - N(x')|^2)

Over C columns: a common level; a table of every column, the linear model; any interaction of columns, each
with its own length, the pairs among them; and how often each operator stands in the network, N, wherever.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.counting import placed_counts
from edgemeter.spaces.space import Codes, Space

Array = NDArray[np.float64]

TERMS = 4  #: v_0 to v_3
_BLOCK = 2_048  #: rows of a predicted block, so that memory stays flat


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What the kernel sees of n architectures: `codes` (n, C) and `counts` (n, operators), the latter as
    shares of how many layers the space has.
    """

    codes: Codes
    counts: Array

    def __len__(self) -> int:
        return len(self.codes)

    def blocks(self) -> Iterator[tuple[slice, "Rows"]]:
        for start in range(0, len(self), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield rows, Rows(self.codes[rows], self.counts[rows])


def rows_of(space: Space, codes: Codes) -> Rows:
    words = space.labels["operator"]
    names = sorted(set(words))
    member = np.array([[word == name for name in names] for word in words], dtype=np.float64)
    return Rows(codes, placed_counts(space, codes) @ member / len(space.layers))


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Between two sets of architectures: `differ` (C, n, m) is 1.0 where the codes of a column differ,
    `counts` (n, m) the squared distance of operator counts.
    """

    differ: Array
    counts: Array


def distances(one: Rows, other: Rows) -> Distances:
    differ = (one.codes.T[:, :, None] != other.codes.T[:, None, :]).astype(np.float64)
    return Distances(differ, squared_distances(one.counts, other.counts))


def squared_distances(one: Array, other: Array) -> Array:
    squares = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * one @ other.T, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """`lengths` (C,) the l_c, `count_length` the l_n, `variances` (TERMS,) the v."""

    lengths: Array
    count_length: float
    variances: Array

    def terms(self, between: Distances) -> tuple[Array, Array, Array]:
        """The terms of v_1 to v_3, each (n, m) and 1 between equal architectures, without their variances."""
        alike = 1 - between.differ.mean(axis=0)
        joint = np.exp(-np.tensordot(self.lengths, between.differ, axes=1))
        return alike, joint, np.exp(-self.count_length * between.counts)

    def between(self, one: Rows, other: Rows) -> Array:
        """(n, m), column by column, so that large sets fit."""
        apart = np.zeros((len(one), len(other)))
        alike = np.full_like(apart, float(len(self.lengths)))
        for length, left, right in zip(self.lengths, one.codes.T, other.codes.T, strict=True):
            differ = left[:, None] != right[None, :]
            apart -= length * differ
            alike -= differ
        common, additive, joint, counts = self.variances
        covariance = common + additive / len(self.lengths) * alike + joint * np.exp(apart)
        covariance += counts * np.exp(-self.count_length * squared_distances(one.counts, other.counts))
        return np.asarray(covariance)

    @property
    def prior(self) -> float:
        """Of one architecture with itself."""
        return float(self.variances.sum())
