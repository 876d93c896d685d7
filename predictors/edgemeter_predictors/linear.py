"""The linear cost model of "Discovering Multi-Hardware Mobile Models": least squares on one-hot decisions.

    y = b + sum over columns of w[column, code]

Decisions that no network has shown cost what the average one does, with the spread that the seen ones have.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.moments import Centred, moments
from edgemeter_predictors.one_hot import Features, one_hot_terms
from edgemeter_predictors.spread import centred_spread

Array = NDArray[np.float64]

#: Residuals of noise-free data are rounding: a spread below this share of a latency means nothing.
_LEAST_RELATIVE_ERROR = 1e-6


@dataclass(frozen=True, slots=True)
class Linear(CostModel[SpaceData, Codes]):
    """`features` and `pruned` as in BayesianRidge."""

    name: ClassVar[str] = "linear"

    features: Features = "columns"
    pruned: bool = False

    def fit(self, data: SpaceData) -> Additive:
        terms = one_hot_terms(data.space, self.features)
        if not len(data):
            raise NotApplicable(f"{self.name} needs measured networks, there are none")
        codes = data.space.canonical(data.codes) if self.pruned else data.codes
        known = moments(terms, codes, data.latency_ms).centred()
        values, vectors = known.eigen()
        decided = int(np.count_nonzero(values)) + 1
        if known.rows <= decided:
            raise NotApplicable(
                f"{self.name} needs more networks than the {decided} weights they decide, not {known.rows}"
            )
        inverse = np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
        weights = vectors @ (inverse * (vectors.T @ known.xy))
        base = float(known.mean_y - known.mean_x @ weights)
        noise_ms = _noise_ms(known, values, vectors, decided)
        unseen_ms = float(np.sqrt(np.mean(np.square(weights))))
        deviation = np.where(values > 0, noise_ms * np.sqrt(inverse), unseen_ms)
        spread = centred_spread(known.mean_x, (vectors * deviation).T, noise_ms)
        said = f"{decided} weights from {known.rows} networks; residuals {noise_ms:.3g} ms"
        return Additive(self.name, said, data.space, terms, weights, base, spread, self.pruned)


def _noise_ms(known: Centred, values: Array, vectors: Array, decided: int) -> float:
    left = known.least_squared_errors(values, vectors)
    return max(float(np.sqrt(left / (known.rows - decided))), _LEAST_RELATIVE_ERROR * known.mean_y)
