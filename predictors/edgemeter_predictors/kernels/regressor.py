"""The time of one kind of kernel: a roofline, and a Gaussian process of what departs from it.

    log t = log(c . loads) + f(sizes) + noise,    c >= 0,    f ~ GP(0, s^2 Matern-3/2, a length for each size)

The roofline is what remains far from all data; there f's variance tells that nothing is known. Noise is
relative, and the profiler's whole microseconds add to it where a kernel is short.
"""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.linalg.blas import dtrmm, dtrmv
from scipy.linalg.lapack import dtrtri

Array = NDArray[np.float64]

#: Rows that tune the lengths, and rows that are kept, at most.
_TUNED: Final = 250
MOST_ROWS: Final = 600
#: Below so many rows the lengths are stated instead of tuned.
_FEWEST_TUNED: Final = 12
_GRAIN_US: Final = 0.4
_STATED_DEVIATION, _STATED_LENGTH, _STATED_NOISE = 0.4, 3.0, 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Hyperparameters:
    """`lengths` (d,) of f, its standard deviation, and the relative noise of a time."""

    lengths: Array
    deviation: float
    noise: float


@dataclass(frozen=True, eq=False)
class Regressor:
    """`sizes` (n, d) and `time_us` (n,) of the kernels that it knows; `roofline` (loads,)."""

    roofline: Array
    sizes: Array
    departure: Array
    time_us: Array
    tuned: Hyperparameters

    def predict(self, loads: Array, sizes: Array) -> tuple[Array, Array]:
        """Microseconds and their relative standard deviation, (m,) each. Networks repeat their blocks: of
        kernels of the same sizes the departure from the roofline is computed once.
        """
        first, place = _distinct(sizes)
        between = self._covariance(sizes[first])
        factor = np.exp(between @ self._pulls)
        white = self._white(between)
        variance = np.maximum(self.tuned.deviation**2 - np.einsum("ij,ij->i", white, white), 0.0)
        rooflines = np.maximum(loads @ self.roofline, np.finfo(float).tiny)
        return rooflines * factor[place], np.sqrt(variance + self.tuned.noise**2)[place]

    def covariance(self, sizes: Array) -> Array:
        """Of the logarithms of times of kernels of `sizes` (n, d), noise aside: (n, n)."""
        white = self._white(self._covariance(sizes))
        return replace(self, sizes=sizes)._covariance(sizes) - white @ white.T

    def _white(self, between: Array) -> Array:
        """Of one kernel, which is all that most kinds have in a network, a third of what matrices take."""
        if len(between) == 1:
            return np.asarray(dtrmv(self._whitening, between[0], lower=1))[None]
        return np.asarray(dtrmm(1.0, self._whitening, between.T, lower=1).T)

    @cached_property
    def _whitening(self) -> Array:
        """The inverse of the covariance's Cholesky factor, lower. Made once: for the few kernels of a network
        a product with it takes half the time of solving, and half of that with the precision, a square.
        """
        covariance = self._covariance(self.sizes)
        covariance[np.diag_indices(len(covariance))] += self.tuned.noise**2 + grain(self.time_us) + 1e-8
        inverse, _ = dtrtri(cholesky(covariance, lower=True, overwrite_a=True), lower=1)
        return np.asarray(inverse)

    @cached_property
    def _pulls(self) -> Array:
        return np.asarray(self._whitening.T @ (self._whitening @ self.departure))

    @cached_property
    def _scaled(self) -> tuple[Array, Array]:
        """The sizes in lengths, and the squares of how long each row of them is."""
        scaled = self.sizes / self.tuned.lengths
        return scaled, np.square(scaled).sum(1)

    def _covariance(self, sizes: Array) -> Array:
        left, (right, squares) = sizes / self.tuned.lengths, self._scaled
        apart = np.square(left).sum(1)[:, None] + squares - 2 * left @ right.T
        scaled = np.sqrt(3 * np.maximum(apart, 0.0))
        return np.asarray(self.tuned.deviation**2 * (1 + scaled) * np.exp(-scaled))


def fit_regressor(
    loads: Array, sizes: Array, time_us: Array, tuned: Hyperparameters | None = None
) -> Regressor:
    """`tuned` None: found by likelihood. More rows than MOST_ROWS are thinned, always the same ones."""
    roofline = fit_roofline(loads, time_us)
    kept = _thinned(len(time_us), MOST_ROWS)
    loads, sizes, time_us = loads[kept], sizes[kept], time_us[kept]
    departure = np.log(time_us / np.maximum(loads @ roofline, np.finfo(float).tiny))
    found = tuned or _tune(sizes, departure, time_us)
    return Regressor(roofline, sizes, departure, time_us, found)


def fit_roofline(loads: Array, time_us: Array) -> Array:
    """(loads,) not negative, by least squares of relative errors, right in the mean of the logarithms."""
    from scipy.optimize import nnls

    scale = np.maximum(loads.max(axis=0), 1.0)
    found = nnls(loads / scale / time_us[:, None], np.ones(len(time_us)))[0] / scale
    sums = loads @ found
    if not (sums > 0).all():
        found = found + np.array([time_us.min(), *[0.0] * (len(found) - 1)])
        sums = loads @ found
    return np.asarray(found * np.exp(np.mean(np.log(time_us / sums))))


def grain(time_us: Array) -> Array:
    """The variance of log t that the profiler's grain makes."""
    return np.square(_GRAIN_US / time_us)


def _tune(sizes: Array, departure: Array, time_us: Array) -> Hyperparameters:
    stated = Hyperparameters(np.full(sizes.shape[1], _STATED_LENGTH), _STATED_DEVIATION, _STATED_NOISE)
    moving = np.ptp(sizes, axis=0) > 0
    if len(time_us) < _FEWEST_TUNED or not moving.any():
        return stated
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    rows = _thinned(len(time_us), _TUNED)
    count = int(moving.sum())
    kernel = ConstantKernel(0.1, (1e-3, 4.0)) * Matern(np.full(count, 3.0), (0.5, 40.0), nu=1.5)
    kernel = kernel + WhiteKernel(0.003, (1e-4, 0.1))
    process = GaussianProcessRegressor(kernel, alpha=grain(time_us[rows]) + 1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length at its bound is an answer: this size does not matter
        process.fit(sizes[np.ix_(rows, moving)], departure[rows])
    found = process.kernel_
    lengths = np.full(len(moving), _STATED_LENGTH)
    lengths[moving] = found.k1.k2.length_scale
    deviation, noise = np.sqrt([found.k1.k1.constant_value, found.k2.noise_level]).tolist()
    return Hyperparameters(lengths, deviation, noise)


def _distinct(rows: Array) -> tuple[list[int], list[int]]:
    """Where each row that differs stands first, and which of these each row is. (np.unique sorts them, and
    takes ten times as long.)
    """
    places: dict[bytes, int] = {}
    found = [places.setdefault(row.tobytes(), len(places)) for row in rows]
    return [found.index(number) for number in range(len(places))], found


def _thinned(rows: int, most: int) -> NDArray[np.intp]:
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])
