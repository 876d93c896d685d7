"""How unsure an additive model is: a quadratic form of features that are sums over an architecture.

    variance = sum_j (prior_j + noise_j) f_j^2 + sign |F f|^2,    f = constant + sum over terms of
    features(entry)

With sign +1 and no prior this is any covariance F'F of a linear model's weights; with sign -1 it is a
prior that n measurements have narrowed: (n, m) numbers instead of (m, m). Noise is a feature as well:
the constant 1 where every latency scatters by the same milliseconds, the table's sum where it scatters
by the same share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.joint import Joint
from edgemeter_predictors.terms import Term, chunks, entry_index

_ARRAYS = ("index", "weight", "constant", "prior", "noise", "factor")


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """`index` and `weight` (entries, groups): entry e adds weight[e, g] to feature index[e, g].
    `constant`, `prior` and `noise` (m,), `factor` (r, m), `sign` +1 or -1. Milliseconds, squared where
    they belong. `noise` is what one measurement scatters: no other network shares it.
    """

    index: NDArray[np.int32]
    weight: NDArray[np.float64]
    constant: NDArray[np.float64]
    prior: NDArray[np.float64]
    noise: NDArray[np.float64]
    factor: NDArray[np.float64]
    sign: int

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All but the sign, to write down."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @staticmethod
    def restore(arrays: Mapping[str, NDArray[Any]], sign: int) -> "Spread":
        return Spread(**{name: arrays[name] for name in _ARRAYS}, sign=sign)

    def std_ms(self, terms: tuple[Term, ...], codes: Codes) -> NDArray[np.float64]:
        """(n,)"""
        std = np.empty(len(codes))
        for rows in chunks(len(codes)):
            features = self.features(terms, codes[rows])
            variance = np.square(features) @ (self.prior + self.noise)
            variance += self.sign * np.square(features @ self.factor.T).sum(axis=1)
            std[rows] = np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny))
        return std

    def joint(self, terms: tuple[Term, ...], codes: Codes) -> Joint:
        features = self.features(terms, codes)
        narrowed = features @ self.factor.T
        covariance = (features * self.prior) @ features.T + self.sign * (narrowed @ narrowed.T)
        return Joint(covariance, np.square(features) @ self.noise)

    def share_of(self, entries_ms: NDArray[np.float64], constant_ms: float) -> float | None:
        """The relative deviation where it is the same share of every sum of these entries, else None."""
        own = relative_spread(entries_ms, constant_ms, 0.0)
        same = ("index", "weight", "constant", "prior", "factor")
        if not all(np.array_equal(getattr(self, name), getattr(own, name)) for name in same):
            return None
        return float(np.sqrt(self.noise[0]))

    def features(self, terms: tuple[Term, ...], codes: Codes) -> NDArray[np.float64]:
        """(n, m)"""
        entries = entry_index(terms, codes)
        features = np.tile(self.constant, (len(entries), 1))
        row = np.arange(len(entries))
        for entry in entries.T:
            for group in range(self.index.shape[1]):
                features[row, self.index[entry, group]] += self.weight[entry, group]
        return features


def centred_spread(mean_x: NDArray[np.float64], factor: NDArray[np.float64], noise_ms: float) -> Spread:
    """Of a linear model on one-hot entries: noise_ms^2 + |factor (x - mean_x)|^2, `factor` (r, entries)."""
    size = len(mean_x)
    return Spread(
        np.arange(size, dtype=np.int32)[:, None],
        np.ones((size, 1)),
        np.append(-mean_x, 1.0),
        np.zeros(size + 1),
        np.append(np.zeros(size), noise_ms**2),
        np.column_stack([factor, np.zeros(len(factor))]),
        1,
    )


def relative_spread(entries_ms: NDArray[np.float64], constant_ms: float, relative: float) -> Spread:
    """The same share of the mean everywhere: the one feature is the mean itself."""
    return Spread(
        np.zeros((len(entries_ms), 1), np.int32),
        entries_ms[:, None].copy(),
        np.array([constant_ms]),
        np.zeros(1),
        np.array([relative**2]),
        np.zeros((0, 1)),
        1,
    )
