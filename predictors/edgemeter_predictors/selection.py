"""Which architectures to measure next, so that a predictor learns most about what will be asked.

Greedy: of the pool, the architecture whose measurement takes the most off the mean relative variance of
the networks that matter (Cohn 1996); its measurement is then taken as known, since how a Gaussian's
variance shrinks does not depend on what is measured, and the next one is chosen. What matters is what a
search has been asking, or the pool itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.data import Rows
from edgemeter_predictors.joint import TellsJointly

Array = NDArray[np.float64]

#: Rows of either side that are looked at: more are thinned evenly, work and memory grow with their square.
MOST_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Selection:
    """`rows` of the pool in the order of choice; `deviation` (1 + rows,): the root of the mean relative
    variance of what matters, noise aside, before the first and after each.
    """

    rows: Rows
    deviation: Array


def select(fitted: TellsJointly, pool: Codes, count: int, asked: Codes | None = None) -> Selection:
    """At most `count` rows of `pool` (n, columns), none twice. `asked` (m, columns) are queries,
    repeated as often as they were asked. CodeError where codes are not of the model's space.
    """
    candidates = _thinned(len(pool))
    looked_at, size = pool[candidates], len(candidates)
    matter = slice(0, size)
    if asked is not None:
        looked_at = np.concatenate([looked_at, asked[_thinned(len(asked))]])
        matter = slice(size, None)
    covariance, noise = _relative(fitted, looked_at)
    chosen: list[int] = []
    deviation = [_deviation(covariance, matter)]
    for _ in range(min(count, size)):
        variance = np.diag(covariance)[:size] + noise[:size]
        between = covariance[matter, :size]
        gain = np.einsum("ij,ij->j", between, between) / variance
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        covariance -= np.outer(covariance[best], covariance[best] / variance[best])
        chosen.append(best)
        deviation.append(_deviation(covariance, matter))
    return Selection(candidates[chosen], np.array(deviation))


def _relative(fitted: TellsJointly, codes: Codes) -> tuple[Array, Array]:
    """Covariance (n, n) and noise variances (n,) as shares of the predicted latencies."""
    prediction, joint = fitted.predict(codes), fitted.joint(codes)
    scale = np.maximum(prediction.mean_ms, prediction.std_ms)
    return joint.covariance / np.outer(scale, scale), joint.noise / np.square(scale)


def _deviation(covariance: Array, rows: slice) -> float:
    variance = np.diag(covariance)[rows]
    return float(np.sqrt(max(variance.mean(), 0.0))) if len(variance) else 0.0


def _thinned(rows: int) -> Rows:
    if rows <= MOST_LOOKED_AT:
        return np.arange(rows)
    return np.linspace(0, rows - 1, MOST_LOOKED_AT).astype(np.intp)
