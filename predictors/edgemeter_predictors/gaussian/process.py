"""A Gaussian process that has seen its data."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.contract import Fitted, Parts, Prediction, State
from edgemeter_predictors.data import SpaceData, check_rows
from edgemeter_predictors.gaussian.evidence import Hyperparameters, Solved, likeliest, solve
from edgemeter_predictors.gaussian.kernel import Kernel, Rows, rows_of
from edgemeter_predictors.joint import Joint
from edgemeter_predictors.judging.cross_validation import HeldOut
from edgemeter_predictors.judging.folds import folds
from edgemeter_predictors.views import view

Array = NDArray[np.float64]

#: Digits of a target that count: what another unit or order of rows changes is beyond them.
_DIGITS = 12
#: Latencies that are all the same still have a scale, this share of them.
_LEAST_DEVIATION = 1e-6
_ARRAYS = ("codes", "lengths", "variances", "noise", "chol", "solved")


@dataclass(frozen=True, eq=False)
class Process(Fitted[Codes]):
    """mean = mean_ms + scale_ms k(x, known)' solved;   variance = k(x, x) - |chol^-1 k(known, x)|^2 + noise.

    `view` names how codes are read (views.py); `known` are the training architectures, read so.
    """

    KIND: ClassVar[str] = "gaussian_process"

    model: str
    explanation: str
    space: Space
    view: str
    known: Rows
    mean_ms: float
    scale_ms: float
    found: Hyperparameters
    chol: Array
    solved: Array

    def predict(self, inputs: Codes) -> Prediction:
        asked = self._rows(inputs)
        mean, variance = np.empty(len(asked)), np.empty(len(asked))
        for rows, block in asked.blocks():
            covariance = self.found.kernel.between(self.known, block)
            mean[rows] = covariance.T @ self.solved
            explained = np.square(solve_triangular(self.chol, covariance, lower=True)).sum(axis=0)
            variance[rows] = np.maximum(self.found.kernel.prior - explained, 0.0)
        mean_ms = self.mean_ms + self.scale_ms * mean
        variance += self._noise(mean_ms)
        return Prediction(mean_ms, self.scale_ms * np.sqrt(variance))

    def parts(self, inputs: Codes) -> Parts:
        return Parts(np.zeros((len(inputs), len(self.space.layers))), self.predict(inputs).mean_ms)

    def joint(self, inputs: Codes) -> Joint:
        asked = self._rows(inputs)
        known = self.found.kernel.between(self.known, asked)
        explained = solve_triangular(self.chol, known, lower=True)
        covariance = self.found.kernel.between(asked, asked) - explained.T @ explained
        noise = self._noise(self.mean_ms + self.scale_ms * (known.T @ self.solved))
        return Joint(self.scale_ms**2 * covariance, self.scale_ms**2 * noise)

    def held_out(self, count: int, seed: int) -> HeldOut:
        """In closed form, with the hyperparameters of all rows: what the rows of a fold are to the others is
        in the inverse of the covariance. (Rasmussen and Williams 2006, eq. 5.12, for blocks.)
        """
        rows = len(self.known)
        inverse = cho_solve((self.chol, True), np.eye(rows))
        error, variance = np.empty(rows), np.empty(rows)
        for _, held in folds(np.unique(self.known.codes, axis=0, return_inverse=True)[1], count, seed):
            block = np.linalg.inv(inverse[np.ix_(held, held)])
            error[held], variance[held] = block @ self.solved[held], np.diag(block)
        latency_ms = self.mean_ms + self.scale_ms * (self.chol @ (self.chol.T @ self.solved))
        mean_ms = latency_ms - self.scale_ms * error
        # Noise is that of what is predicted: nobody who predicts knows what will be measured.
        variance += self._noise(mean_ms) - self._noise(latency_ms)
        least = self.found.noise_of(np.zeros(1))
        return HeldOut(latency_ms, mean_ms, self.scale_ms * np.sqrt(np.maximum(variance, least)))

    def state(self) -> State:
        parameters = {
            "model": self.model,
            "explanation": self.explanation,
            "view": self.view,
            "mean_ms": self.mean_ms,
            "scale_ms": self.scale_ms,
            "count_length": self.found.kernel.count_length,
        }
        kernel = self.found.kernel
        arrays = (
            self.known.codes,
            kernel.lengths,
            kernel.variances,
            self.found.noise,
            self.chol,
            self.solved,
        )
        return State(self.KIND, parameters, dict(zip(_ARRAYS, arrays, strict=True)))

    @staticmethod
    def restore(space: Space, state: State) -> "Process":
        """The model that `state` was taken from."""
        known, arrays = state.parameters, state.arrays
        kernel = Kernel(arrays["lengths"], known["count_length"], arrays["variances"])
        return Process(
            known["model"],
            known["explanation"],
            space,
            known["view"],
            rows_of(space, arrays["codes"]),
            known["mean_ms"],
            known["scale_ms"],
            Hyperparameters(kernel, arrays["noise"]),
            arrays["chol"],
            arrays["solved"],
        )

    def _noise(self, latency_ms: Array) -> Array:
        return self.found.noise_of(np.maximum(latency_ms, 0.0) / self.mean_ms)

    def _rows(self, codes: Codes) -> Rows:
        check_rows(self.space, codes)
        return rows_of(self.space, view(self.space, codes, self.view))


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Latencies without their level and scale: `values` (n,) and `relative` (n,), y / mean y."""

    mean_ms: float
    scale_ms: float
    values: Array
    relative: Array

    @staticmethod
    def of(latency_ms: Array) -> "Targets":
        mean_ms = float(latency_ms.mean())
        scale_ms = max(float(latency_ms.std()), _LEAST_DEVIATION * mean_ms)
        values = np.round((latency_ms - mean_ms) / scale_ms, _DIGITS)
        return Targets(mean_ms, scale_ms, values, np.round(latency_ms / mean_ms, _DIGITS))


def tuned(data: SpaceData, name: str, iterations: int) -> Hyperparameters:
    """By evidence, for codes read as `name` says."""
    targets = Targets.of(data.latency_ms)
    rows = rows_of(data.space, view(data.space, data.codes, name))
    return likeliest(rows, targets.values, targets.relative, iterations)


def process(data: SpaceData, name: str, found: Hyperparameters, model: str, explanation: str) -> Process:
    """All of `data` taken in, with hyperparameters that are found."""
    targets = Targets.of(data.latency_ms)
    known = rows_of(data.space, view(data.space, data.codes, name))
    solved: Solved = solve(known, targets.values, targets.relative, found)
    return Process(
        model,
        explanation,
        data.space,
        name,
        known,
        targets.mean_ms,
        targets.scale_ms,
        found,
        solved.chol,
        solved.solved,
    )
