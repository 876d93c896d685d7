"""What EdgeMeter's models are compared with: scikit-learn's forests and boosting on the codes themselves.

They judge; they are not published: what they learn is a pile of trees that no search evaluates quickly.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.contract import CostModel, Fitted, NotApplicable, Parts, Prediction, State
from edgemeter_predictors.data import SpaceData, check_rows
from edgemeter_predictors.one_hot import one_hot_terms
from edgemeter_predictors.terms import entry_index, offsets

FEWEST = 3


class Trees(Fitted[Codes]):
    """`regressor` predicts latencies of one-hot codes; the spread is that of its residuals, held to a
    share.
    """

    def __init__(self, model: str, space: Space, pruned: bool, regressor: Any, relative: float) -> None:
        self.model = model
        self.explanation = f"scikit-learn's {type(regressor).__name__} on one-hot codes, for comparison only"
        self._space, self._pruned, self._regressor, self._relative = space, pruned, regressor, relative

    def predict(self, inputs: Codes) -> Prediction:
        check_rows(self._space, inputs)
        if not len(inputs):
            return Prediction(np.empty(0), np.empty(0))
        mean = np.asarray(self._regressor.predict(one_hot(self._space, inputs, self._pruned)), np.float64)
        return Prediction(mean, self._relative * np.abs(mean))

    def parts(self, inputs: Codes) -> Parts:
        mean = self.predict(inputs).mean_ms
        return Parts(np.zeros((len(mean), len(self._space.layers))), mean)

    def state(self) -> State:
        raise NotApplicable(f"{self.model} is a comparison and is not saved")


@dataclass(frozen=True, slots=True)
class RandomForest(CostModel[SpaceData, Codes]):
    name: ClassVar[str] = "random_forest"

    pruned: bool = False
    seed: int = 0

    def fit(self, data: SpaceData) -> Trees:
        return _grown(self.name, RandomForestRegressor(100, random_state=self.seed), data, self.pruned)


@dataclass(frozen=True, slots=True)
class GradientBoosting(CostModel[SpaceData, Codes]):
    name: ClassVar[str] = "gradient_boosting"

    pruned: bool = False
    seed: int = 0

    def fit(self, data: SpaceData) -> Trees:
        regressor = GradientBoostingRegressor(n_estimators=300, random_state=self.seed)
        return _grown(self.name, regressor, data, self.pruned)


def one_hot(space: Space, codes: Codes, pruned: bool) -> NDArray[np.float32]:
    """(n, features)"""
    terms = one_hot_terms(space, "columns")
    entries = entry_index(terms, space.canonical(codes) if pruned else codes)
    features = np.zeros((len(codes), int(offsets(terms)[-1])), np.float32)
    features[np.arange(len(codes))[:, None], entries] = 1
    return features


def _grown(model: str, regressor: Any, data: SpaceData, pruned: bool) -> Trees:
    """Latencies are divided by their mean: in another unit the same trees grow."""
    if len(data) < FEWEST:
        raise NotApplicable(f"{model} needs {FEWEST} measured networks, there are {len(data)}")
    features = one_hot(data.space, data.codes, pruned)
    regressor.fit(features, data.latency_ms)
    residuals = regressor.predict(features) / data.latency_ms - 1
    relative = max(float(np.sqrt(np.mean(np.square(residuals)))), np.nan_to_num(data.retest_error), 1e-3)
    return Trees(model, data.space, pruned, regressor, relative)
