"""HURRICANE's predictor: Bayesian ridge regression on one-hot features, from sufficient statistics.

    y = b + X w + e,     w ~ N(0, 1/lambda),     e ~ N(0, 1/alpha)

alpha and lambda by evidence as MacKay (1992) iterates them; starting values, hyperpriors (1e-6) and the
test of convergence are those of scikit-learn's BayesianRidge, whose results these are. It works in
milliseconds, not in shares; hyperpriors and tolerance are absolute, so that another unit is another model.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.moments import Centred, Moments, moments
from edgemeter_predictors.one_hot import Features, one_hot_terms
from edgemeter_predictors.spread import Spread, centred_spread

Array = NDArray[np.float64]

_HYPERPRIOR = 1e-6
_ITERATIONS, _TOLERANCE = 300, 1e-3
#: Below this share of the data's squares the residuals are rounding: alpha would grow without bound, and the
#: weights of directions that no data speak of with it.
_NOISE_FREE = 1e-10
FEWEST = 3


@dataclass(frozen=True, slots=True)
class BayesianRidge(CostModel[SpaceData, Codes]):
    """`features`: one-hot columns, or their pairs as well. `pruned`: of canonical codes, so that dead
    decisions cost nothing.
    """

    name: ClassVar[str] = "bayesian_ridge"

    features: Features = "columns"
    pruned: bool = False

    def fit(self, data: SpaceData) -> Additive:
        retest = data.retest_error if np.isfinite(data.retest_error) else 0.0
        return self.solve(data.space, self.statistics(data), retest)

    def statistics(self, data: SpaceData) -> Moments:
        """All that `solve` needs of the data; `plus` takes in a new measurement without the old ones."""
        terms = one_hot_terms(data.space, self.features)
        if len(data) < FEWEST:
            raise NotApplicable(f"{self.name} needs {FEWEST} measured networks, there are {len(data)}")
        return moments(terms, self.codes(data.space, data.codes), data.latency_ms)

    def codes(self, space: Space, codes: Codes) -> Codes:
        """As `statistics` counts them: what `Moments.plus` takes."""
        return space.canonical(codes) if self.pruned else codes

    def solve(self, space: Space, known: Moments, retest_error: float = 0.0) -> Additive:
        """The retest error bounds the noise from below where networks are no more than the weights that
        they decide: least squares would go through all of them, and scikit-learn collapses to it.
        """
        solution = evidence(known.centred(), retest_error)
        pruned = "pruned " if self.pruned else ""
        said = (
            f"one-hot {pruned}{self.features}, from {known.rows} networks; {solution.iterations} iterations,"
            f" noise {solution.alpha**-0.5:.3g} ms, weights {solution.lambda_**-0.5:.3g} ms"
        )
        weights = solution.weights
        return Additive(
            self.name, said, space, known.terms, weights, solution.intercept, solution.spread, self.pruned
        )


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """`alpha` (1/ms^2) and `lambda_` as scikit-learn's alpha_ and lambda_; `weights` (D,) its coef_."""

    alpha: float
    lambda_: float
    iterations: int
    weights: Array
    intercept: float
    spread: Spread


def evidence(data: Centred, retest_error: float = 0.0) -> Solution:
    values, vectors = data.eigen()
    along = vectors.T @ data.xy
    along[values == 0] = 0.0
    left = data.least_squared_errors(values, vectors)
    floor = _NOISE_FREE * data.yy
    if data.rows <= np.count_nonzero(values) + 1:
        floor = max(floor, data.rows * (retest_error * data.mean_y) ** 2)
    alpha, lambda_ = 1 / (data.yy / data.rows + float(np.finfo(np.float64).eps)), 1.0
    weights, before = _weights(values, vectors, along, alpha, lambda_), np.zeros(len(values))
    iterations = 0
    for iterations in range(1, _ITERATIONS + 1):
        errors = float(max(left + _ridge_errors(values, along, alpha, lambda_), floor))
        well_known = float(np.sum(alpha * values / (lambda_ + alpha * values)))
        lambda_ = (well_known + 2 * _HYPERPRIOR) / float(weights @ weights + 2 * _HYPERPRIOR)
        alpha = float((data.rows - well_known + 2 * _HYPERPRIOR) / (errors + 2 * _HYPERPRIOR))
        if iterations > 1 and np.abs(before - weights).sum() < _TOLERANCE:
            break
        before, weights = weights, _weights(values, vectors, along, alpha, lambda_)
    weights = _weights(values, vectors, along, alpha, lambda_)
    intercept = float(data.mean_y - data.mean_x @ weights)
    deviation = 1 / np.sqrt(alpha * values + lambda_)
    spread = centred_spread(data.mean_x, (vectors * deviation).T, alpha**-0.5)
    return Solution(alpha, lambda_, iterations, weights, intercept, spread)


def _weights(values: Array, vectors: Array, along: Array, alpha: float, lambda_: float) -> Array:
    return vectors @ (along / (values + lambda_ / alpha))


def _ridge_errors(values: Array, along: Array, alpha: float, lambda_: float) -> float:
    """What the ridge adds to the least sum of squared errors: positive terms, so that nothing cancels."""
    ridge, seen = lambda_ / alpha, values > 0
    shrunk = ridge / (values[seen] + ridge)
    return float(np.sum(np.square(along[seen] * shrunk) / values[seen]))
