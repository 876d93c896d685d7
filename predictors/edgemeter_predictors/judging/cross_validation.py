"""Predictions of every network by models that have not seen it."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.contract import CostModel, DataT, NotApplicable, Prediction
from edgemeter_predictors.data import InputsT
from edgemeter_predictors.judging.folds import folds

FOLDS = 10


@dataclass(frozen=True, slots=True)
class HeldOut:
    """(n,) each, in the rows' order: measured, and predicted by a model fitted without that network."""

    latency_ms: NDArray[np.float64]
    mean_ms: NDArray[np.float64]
    std_ms: NDArray[np.float64]

    @property
    def prediction(self) -> Prediction:
        return Prediction(self.mean_ms, self.std_ms)

    @property
    def log_likelihood(self) -> float:
        """Mean of the log density of the measured latencies, relative to themselves so that units cancel."""
        scaled = (self.latency_ms - self.mean_ms) / self.std_ms
        return float(
            np.mean(-0.5 * scaled**2 - np.log(self.std_ms / self.latency_ms)) - 0.5 * np.log(2 * np.pi)
        )


@runtime_checkable
class JudgesItself(Protocol):
    """A fitted model that can say what it would have predicted without any of its own rows, for less than
    fitting it again.
    """

    def held_out(self, count: int, seed: int) -> HeldOut:
        """By `count` folds, as `cross_validate`, of the rows that it was fitted to, in its own order."""
        ...


def cross_validate(
    model: CostModel[DataT, InputsT], data: DataT, count: int = FOLDS, seed: int = 0
) -> HeldOut:
    """By `count` folds, or leaving one out where networks are fewer. Raises NotApplicable where the model
    cannot be fitted from what the folds leave it, or where there are fewer than two networks.
    """
    mean, std = np.full((2, len(data)), np.nan)
    for kept, held in folds(data.same, count, seed):
        fitted = model.fit(data.select(kept))
        asked: Any = data.select(held).inputs
        prediction = fitted.predict(asked)
        mean[held], std[held] = prediction.mean_ms, prediction.std_ms
    if len(np.unique(data.same)) < 2:
        raise NotApplicable("errors on unseen networks need two different measured networks")
    return HeldOut(data.latency_ms, mean, std)
