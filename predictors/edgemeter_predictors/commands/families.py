"""Residuals by what dominates a network."""

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.counting import placed_at
from edgemeter.spaces.space import NOTHING, Space
from edgemeter_predictors.commands.measured import Foreseen

Array = NDArray[np.float64]


def residuals_by_family(space: Space, found: Foreseen) -> dict[str, Array]:
    """(measured / predicted - 1) in percent, by the family that takes most of the predicted time among the
    layers that the space decides. A model that knows no layers counts them instead.
    """
    if not len(found.codes):
        return {}
    dominant = _dominant(space, found)
    residuals = 100 * (found.measured_ms / found.predicted_ms - 1)
    return {str(name): residuals[dominant == name] for name in np.unique(dominant)}


def _dominant(space: Space, found: Foreseen) -> NDArray[np.str_]:
    """(n,): a family's name."""
    placed = placed_at(space, found.codes)
    decided = np.array([bool(layer.columns) for layer in space.layers])
    weights = found.layers_ms if found.layers_ms.any() else np.ones(placed.shape)
    weights = np.where((placed != NOTHING) & decided, weights, 0.0)
    families = sorted({each.family for each in space.placed})
    of_placed = np.array([families.index(each.family) for each in space.placed])
    totals = np.stack(
        [np.where(of_placed[placed] == index, weights, 0.0).sum(axis=1) for index in range(len(families))]
    )
    dominant: NDArray[np.str_] = np.array(families, np.str_)[totals.argmax(axis=0)]
    return dominant
