"""Which architectures to measure next, so that a predictor learns most about what will be asked.

Greedy: of the pool, the architecture whose measurement takes the most off the mean relative variance of
the networks that matter (Cohn 1996); its measurement is then taken as known, since how a linear model's
variance shrinks does not depend on what is measured, and the next one is chosen. What matters is what a
search has been asking, or the pool itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.data import Rows

Array = NDArray[np.float64]

#: Rows of either side that are looked at: more are thinned evenly, the work grows with their product.
MOST_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Selection:
    """`rows` of the pool in the order of choice; `deviation` (1 + rows,): the root of the mean relative
    variance of what matters, noise aside, before the first and after each.
    """

    rows: Rows
    deviation: Array


def select(fitted: Additive, pool: Codes, count: int, asked: Codes | None = None) -> Selection:
    """At most `count` rows of `pool` (n, columns), none twice. `asked` (m, columns) are queries,
    repeated as often as they were asked. CodeError where codes are not of the model's space.
    """
    candidates = _thinned(len(pool))
    features, noise = _relative_features(fitted, pool[candidates])
    matter = features if asked is None else _relative_features(fitted, asked[_thinned(len(asked))])[0]
    covariance = (
        np.diag(fitted.spread.prior) + fitted.spread.sign * fitted.spread.factor.T @ fitted.spread.factor
    )
    chosen: list[int] = []
    deviation = [_deviation(matter, covariance)]
    for _ in range(min(count, len(candidates))):
        known = features @ covariance
        variance = np.einsum("ij,ij->i", known, features) + noise
        gain = np.square(matter @ known.T).sum(axis=0) / variance
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        covariance = covariance - np.outer(known[best], known[best]) / variance[best]
        chosen.append(best)
        deviation.append(_deviation(matter, covariance))
    return Selection(candidates[chosen], np.array(deviation))


def _relative_features(fitted: Additive, codes: Codes) -> tuple[Array, Array]:
    """Features (n, m) and noise variances (n,) as shares of the predicted latencies."""
    prediction = fitted.predict(codes)
    read = fitted.space.canonical(codes) if fitted.pruned else codes
    scale = np.maximum(prediction.mean_ms, prediction.std_ms)
    features = fitted.spread.features(fitted.terms, read) / scale[:, None]
    return features, np.square(features) @ fitted.spread.noise


def _deviation(features: Array, covariance: Array) -> float:
    variance = np.einsum("ij,ij->i", features @ covariance, features)
    return float(np.sqrt(max(variance.mean(), 0.0))) if len(variance) else 0.0


def _thinned(rows: int) -> Rows:
    if rows <= MOST_LOOKED_AT:
        return np.arange(rows)
    return np.linspace(0, rows - 1, MOST_LOOKED_AT).astype(np.intp)
