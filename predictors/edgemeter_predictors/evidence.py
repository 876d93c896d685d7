"""Group variances by evidence: which corrections the data ask for, and how strongly.

    t = F w + e,     w_j ~ N(0, known_j + exp(2 theta_group(j))),     e ~ N(0, exp(2 theta_noise))

The log standard deviations theta maximise log p(t | theta) + log p(theta), the latter normal around stated
values: with few rows they decide, with many they are forgotten. (MacKay 1992; the gradient is
d/d theta_g = v_g (|F_g' a|^2 - tr F_g' C^-1 F_g) with C = cov t, a = C^-1 t.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

Array = NDArray[np.float64]

#: How far a log standard deviation may go from its prior, either way.
_REACH = 6.0


@dataclass(frozen=True, slots=True)
class Priors:
    """`center` and `width` (groups + 1,) of log standard deviations, noise last; `known` (m,) variances."""

    center: Array
    width: Array
    known: Array


@dataclass(frozen=True, slots=True)
class Posterior:
    """`variance` (m,) of each weight before the data, `mean` (m,) after; what the data took away is
    `factor` (r, m): covariance = diag(variance) - factor' factor. `deviation` (groups + 1,): standard
    deviations, noise last. `evidence` is the log of what they maximise, up to a constant that only the sizes
    of the features decide.
    """

    variance: Array
    mean: Array
    factor: Array
    deviation: Array
    evidence: float


def infer(features: Array, group_of: NDArray[np.intp], targets: Array, priors: Priors) -> Posterior:
    """`features` (n, m), n may be 0; `group_of` (m,) is -1 where a weight has its known variance alone."""
    features, targets, surplus, residue = _reduced(features, targets)
    theta, best = priors.center, 0.0
    if len(targets):
        objective = _objective(features, group_of, targets, priors, surplus, residue)
        bounds = [(center - _REACH, center + _REACH) for center in priors.center]
        options = {"maxiter": 500, "ftol": 1e-15, "gtol": 1e-9}
        found = minimize(objective, theta, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        theta, best = found.x, -float(found.fun)
    return _posterior(features, group_of, targets, priors.known, theta, best)


def _reduced(features: Array, targets: Array) -> tuple[Array, Array, int, float]:
    """As many rows as weights at most: a rotation leaves white noise white, and the rows that it empties hold
    only noise; how many those are, and the sum of their squares, is all that they say.
    """
    rows, weights = features.shape
    if rows <= weights:
        return features, targets, 0, 0.0
    rotated = np.asarray(np.linalg.qr(np.column_stack([features, targets]), mode="r"))
    residue = float(rotated[weights, weights] ** 2) if len(rotated) > weights else 0.0
    return rotated[:weights, :weights], rotated[:weights, weights], rows - weights, residue


def _objective(
    features: Array, group_of: NDArray[np.intp], targets: Array, priors: Priors, surplus: int, residue: float
) -> Callable[[Array], tuple[float, Array]]:
    """Minus the log of what is maximised, and its gradient, as a function of theta."""
    groups = len(priors.center) - 1
    kernels = [features[:, group_of == g] @ features[:, group_of == g].T for g in range(groups)]
    kernels.append(np.eye(len(targets)))
    fixed = (features * priors.known) @ features.T

    def objective(theta: Array) -> tuple[float, Array]:
        variances = np.exp(2 * theta)
        covariance = fixed + sum(v * kernel for v, kernel in zip(variances, kernels, strict=True))
        chol = cho_factor(covariance, lower=True, check_finite=False)
        inverse = cho_solve(chol, np.eye(len(targets)), check_finite=False)
        solved = inverse @ targets
        value = 0.5 * targets @ solved + np.log(np.diag(chol[0])).sum()
        value += surplus * theta[-1] + 0.5 * residue / variances[-1]
        slope = [
            v * (np.sum(inverse * k) - solved @ k @ solved) for v, k in zip(variances, kernels, strict=True)
        ]
        slope[-1] += surplus - residue / variances[-1]
        pull = (theta - priors.center) / priors.width
        return float(value + 0.5 * pull @ pull), np.array(slope) + pull / priors.width

    return objective


def _posterior(
    features: Array,
    group_of: NDArray[np.intp],
    targets: Array,
    known: Array,
    theta: Array,
    evidence: float,
) -> Posterior:
    variances = np.exp(2 * theta)
    variance = known + np.where(group_of >= 0, np.append(variances[:-1], 0.0)[group_of], 0.0)
    scaled = features * variance
    covariance = scaled @ features.T + variances[-1] * np.eye(len(targets))
    chol = np.linalg.cholesky(covariance) if len(targets) else covariance
    factor = solve_triangular(chol, scaled, lower=True) if len(targets) else np.zeros((0, features.shape[1]))
    mean = (
        factor.T @ solve_triangular(chol, targets, lower=True)
        if len(targets)
        else np.zeros(features.shape[1])
    )
    return Posterior(variance, mean, factor, np.exp(theta), evidence)
