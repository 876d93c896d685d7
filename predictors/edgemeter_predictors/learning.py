"""How far a model errs, fitted on more and more of what is measured."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import SpaceData

Array = NDArray[np.float64]
#: Between one size and the next: even steps on a logarithmic axis.
_STEP: Final = 1.6
_FEWEST: Final = 3
_FEWEST_ASKED: Final = 5


class Curve(NamedTuple):
    """Sizes (n,) of what it was fitted on, and mean absolute errors (n, draws) on all other networks."""

    networks: NDArray[np.int64]
    errors_percent: Array


def sizes(networks: int) -> list[int]:
    """Of parts that leave at least a fifth of the networks, and five, to ask about."""
    most = networks - max(networks // 5, _FEWEST_ASKED)
    found, size = [], float(_FEWEST)
    while round(size) < most:
        found.append(round(size))
        size *= _STEP
    return [*found, most] if most >= _FEWEST else []


def learning_curve(model: CostModel[SpaceData, Codes], data: SpaceData, draws: int, seed: int = 0) -> Curve:
    """Random parts, `draws` of each size; sizes at which the model cannot be fitted are left out. Raises
    NotApplicable where that leaves none.
    """
    found: list[tuple[int, list[float]]] = []
    why = f"{len(data)} networks are too few for a learning curve"
    for size in sizes(len(data)):
        try:
            found.append((size, [_error(model, data, size, (seed, draw)) for draw in range(draws)]))
        except NotApplicable as error:
            why = str(error)
    if not found:
        raise NotApplicable(why)
    return Curve(np.array([size for size, _ in found]), np.array([errors for _, errors in found]))


def _error(model: CostModel[SpaceData, Codes], data: SpaceData, size: int, seed: tuple[int, int]) -> float:
    order = np.random.default_rng(seed).permutation(len(data))
    known, asked = data.select(order[:size]), data.select(order[size:])
    predicted_ms = model.fit(known).predict(asked.codes).mean_ms
    return float(100 * np.mean(np.abs(predicted_ms / asked.latency_ms - 1)))
