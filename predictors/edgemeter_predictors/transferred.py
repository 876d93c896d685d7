"""What `transfer` has fitted: other targets' predictors, and how the new target differs from each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.contract import Fitted, Parts, Prediction, State
from edgemeter_predictors.data import check_rows
from edgemeter_predictors.saving.kinds import restore
from edgemeter_predictors.terms import chunks, column_terms, entry_index, offsets

Array = NDArray[np.float64]

_ARRAYS = ("mean", "variance", "factor")


@dataclass(frozen=True, slots=True)
class Source:
    """A predictor of another target. `name` is for people."""

    name: str
    fitted: Fitted[Codes]


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """That the target is like source `nearest`: the posterior of the weights of `features`, as Posterior in
    evidence.py has it, the standard deviation of relative noise, and how likely all of this is.
    """

    nearest: int
    weight: float
    mean: Array
    variance: Array
    factor: Array
    noise: float

    def weighing(self, weight: float) -> "Hypothesis":
        return replace(self, weight=weight)

    def predict(self, space: Space, codes: Codes, shares: Array) -> tuple[Array, Array]:
        """Mean and variance (n,), in shares of the target's mean."""
        rows = features(space, codes, shares, self.nearest)
        mean = shares[:, self.nearest] + rows @ self.mean
        variance = np.square(rows) @ self.variance - np.square(rows @ self.factor.T).sum(axis=1)
        return mean, np.maximum(variance, 0.0) + np.square(self.noise * mean)


@dataclass(frozen=True, eq=False)
class Transferred(Fitted[Codes]):
    """`levels` (sources,): each source's mean over the measured networks; `mean_ms`: the target's."""

    KIND: ClassVar[str] = "transfer"

    model: str
    explanation: str
    space: Space
    sources: tuple[Source, ...]
    levels: Array
    mean_ms: float
    hypotheses: tuple[Hypothesis, ...]

    def predict(self, inputs: Codes) -> Prediction:
        check_rows(self.space, inputs)
        mean, variance = np.zeros(len(inputs)), np.zeros(len(inputs))
        for rows in chunks(len(inputs)):
            mean[rows], variance[rows] = self._mixture(inputs[rows])
        least = np.finfo(np.float64).tiny
        return Prediction(self.mean_ms * mean, self.mean_ms * np.sqrt(np.maximum(variance, least)))

    def parts(self, inputs: Codes) -> Parts:
        return Parts(np.zeros((len(inputs), len(self.space.layers))), self.predict(inputs).mean_ms)

    def state(self) -> State:
        """With the sources' own states inside, so that it needs nobody else's file."""
        sources = [source.fitted.state() for source in self.sources]
        arrays: dict[str, NDArray[Any]] = {"levels": self.levels}
        for number, state in enumerate(sources):
            arrays |= {f"source{number}.{key}": values for key, values in state.arrays.items()}
        for number, each in enumerate(self.hypotheses):
            arrays |= {f"hypothesis{number}.{key}": getattr(each, key) for key in _ARRAYS}
        parameters = {
            "model": self.model,
            "explanation": self.explanation,
            "mean_ms": self.mean_ms,
            "hypotheses": [[each.nearest, each.weight, each.noise] for each in self.hypotheses],
            "sources": [
                [source.name, state.kind, dict(state.parameters)]
                for source, state in zip(self.sources, sources, strict=True)
            ],
        }
        return State(self.KIND, parameters, arrays)

    @staticmethod
    def restore(space: Space, state: State) -> "Transferred":
        """The model that `state` was taken from."""
        known = state.parameters
        sources = tuple(
            Source(name, restore(space, State(kind, parameters, _of(state, f"source{number}."))))
            for number, (name, kind, parameters) in enumerate(known["sources"])
        )
        hypotheses = tuple(
            Hypothesis(nearest, weight, noise=noise, **_of(state, f"hypothesis{number}."))
            for number, (nearest, weight, noise) in enumerate(known["hypotheses"])
        )
        levels = state.arrays["levels"]
        return Transferred(
            known["model"], known["explanation"], space, sources, levels, known["mean_ms"], hypotheses
        )

    def _mixture(self, codes: Codes) -> tuple[Array, Array]:
        shares = np.column_stack([each.fitted.predict(codes).mean_ms for each in self.sources]) / self.levels
        answers = [each.predict(self.space, codes, shares) for each in self.hypotheses]
        weights = np.array([each.weight for each in self.hypotheses])
        means = np.array([mean for mean, _ in answers])
        mean = weights @ means
        within = weights @ np.array([variance for _, variance in answers])
        return mean, within + weights @ np.square(means - mean)


def _of(state: State, prefix: str) -> Mapping[str, Any]:
    return {key.removeprefix(prefix): each for key, each in state.arrays.items() if key.startswith(prefix)}


def group_of(space: Space, sources: int) -> NDArray[np.intp]:
    """Of each of `features`: level and stretch, other sources, columns."""
    return np.repeat([0, 1, 2], [2, sources, offsets(column_terms(space))[-1]])


def features(space: Space, codes: Codes, shares: Array, nearest: int) -> Array:
    """(n, 2 + sources + choices): 1, the nearest source, how each source differs from all, one-hot columns.

    Sources and columns are scaled by their number, so that their priors mean the same however many there are.
    """
    terms = column_terms(space)
    chosen = np.zeros((len(codes), offsets(terms)[-1]))
    np.put_along_axis(chosen, entry_index(terms, codes), 1 / np.sqrt(len(terms)), axis=1)
    apart = (shares - shares.mean(axis=1, keepdims=True)) / np.sqrt(shares.shape[1])
    return np.column_stack([np.ones(len(codes)), shares[:, nearest], apart, chosen])
