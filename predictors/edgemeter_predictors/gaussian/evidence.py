"""Lengths, variances and noise by evidence: what makes the measured latencies likeliest.

    t = f(x) + e,   f ~ GP(0, k),   e ~ N(0, s_0 + s_1 (y / mean y)^2)

Noise is the same for all or a share of the latency; evidence tells how much of each. With C = cov t,
a = C^-1 t and G = (C^-1 - a a') / 2, the slope of -log p(t) along a hyperparameter h is sum(G * dC/dh).
(Rasmussen and Williams 2006, eq. 5.9.) Log lengths have a wide normal prior, so that a column that no data
speak of keeps a sane one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, lapack
from scipy.optimize import minimize

from edgemeter_predictors.gaussian.kernel import TERMS, Distances, Kernel, Rows, distances

Array = NDArray[np.float64]

_START = {"length": 0.3, "common": 1.0, "additive": 1.0, "joint": 0.3, "counts": 0.3, "noise": 0.01}
_LENGTH_CENTER, _LENGTH_WIDTH = np.log(0.3), 2.0
_BOUNDS = {"length": (-9.0, 3.0), "variance": (-14.0, 6.0)}
#: Noise-free data would make the covariance singular: no variance of noise is less than this.
LEAST_NOISE = 1e-8
_FAILED = 1e25


@dataclass(frozen=True, slots=True, eq=False)
class Hyperparameters:
    """`noise` (2,) is s_0 and s_1."""

    kernel: Kernel
    noise: Array

    def noise_of(self, relative: Array) -> Array:
        """The variance of noise where latencies are `relative` times the mean."""
        return np.asarray(self.noise[0] + self.noise[1] * np.square(relative) + LEAST_NOISE)


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """`chol` (n, n) is the lower factor of C; `solved` (n,) is a; `evidence` is log p(t)."""

    chol: Array
    solved: Array
    evidence: float


def likeliest(rows: Rows, targets: Array, relative: Array, iterations: int) -> Hyperparameters:
    """`targets` (n,) have mean 0 and deviation 1; `relative` (n,) is y / mean y."""
    between = distances(rows, rows)
    columns = rows.codes.shape[1]
    start = np.log([*[_START["length"]] * (columns + 1), *list(_START.values())[1:], _START["noise"]])
    bounds = [_BOUNDS["length"]] * (columns + 1) + [_BOUNDS["variance"]] * (TERMS + 2)
    options = {"maxiter": iterations}
    theta = minimize(
        _slope, start, (between, targets, relative), "L-BFGS-B", jac=True, bounds=bounds, options=options
    ).x
    return _read(theta, columns)


def solve(rows: Rows, targets: Array, relative: Array, found: Hyperparameters) -> Solved:
    covariance = found.kernel.between(rows, rows)
    covariance[np.diag_indices(len(targets))] += found.noise_of(relative)
    chol = cholesky(covariance, lower=True)
    solved = cho_solve((chol, True), targets)
    half_log = np.log(np.diag(chol)).sum()
    evidence = -0.5 * targets @ solved - half_log - 0.5 * len(targets) * np.log(2 * np.pi)
    return Solved(chol, solved, float(evidence))


def _read(theta: Array, columns: int) -> Hyperparameters:
    values = np.exp(theta)
    variances = values[columns + 1 : columns + 1 + TERMS]
    return Hyperparameters(Kernel(values[:columns], float(values[columns]), variances), values[-2:])


def _slope(theta: Array, between: Distances, targets: Array, relative: Array) -> tuple[float, Array]:
    """Minus log p(t) p(lengths), and its gradient."""
    columns, rows = len(between.differ), np.arange(len(targets))
    found = _read(theta, columns)
    terms = found.kernel.terms(between)
    weighed = [v * term for v, term in zip(found.kernel.variances[1:], terms, strict=True)]
    covariance = found.kernel.variances[0] + sum(weighed)
    covariance[rows, rows] += found.noise_of(relative)
    chol, failed = lapack.dpotrf(covariance, lower=1, overwrite_a=1)
    if failed:
        return _FAILED, np.zeros_like(theta)
    inverse = _symmetric(lapack.dpotri(chol, lower=1)[0])
    solved = inverse @ targets
    value = 0.5 * targets @ solved + np.log(np.diag(chol)).sum()
    g = 0.5 * (inverse - np.outer(solved, solved))
    joint, counts = g * weighed[1], g * weighed[2]
    diagonal = np.diag(g)
    slope = np.array(
        [
            *(-found.kernel.lengths * np.tensordot(between.differ, joint, axes=2)),
            -found.kernel.count_length * np.vdot(counts, between.counts),
            found.kernel.variances[0] * g.sum(),
            np.vdot(g, weighed[0]),
            joint.sum(),
            counts.sum(),
            found.noise[0] * diagonal.sum(),
            found.noise[1] * (diagonal @ np.square(relative)),
        ]
    )
    pull = (theta[: columns + 1] - _LENGTH_CENTER) / _LENGTH_WIDTH
    slope[: columns + 1] += pull / _LENGTH_WIDTH
    return float(value + 0.5 * pull @ pull), slope


def _symmetric(lower: Array) -> Array:
    full = np.tril(lower)
    return np.asarray(full + np.tril(lower, -1).T)
