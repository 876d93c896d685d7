"""A fitted model whose mean is a sum over an architecture: lookup tables and everything linear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.contract import Fitted, Parts, Prediction, State
from edgemeter_predictors.data import check_rows
from edgemeter_predictors.joint import Joint
from edgemeter_predictors.spread import Spread
from edgemeter_predictors.terms import Term, chunks, offsets


@dataclass(frozen=True, eq=False)
class Additive(Fitted[Codes]):
    """mean = rest + sum over terms of entries_ms[the entry that the architecture picks].

    `pruned` says that codes are made canonical first: dead decisions then cost nothing.
    """

    KIND: ClassVar[str] = "additive"

    model: str
    explanation: str
    space: Space
    terms: tuple[Term, ...]
    entries_ms: NDArray[np.float64]
    rest_ms: float
    spread: Spread
    pruned: bool = False

    def predict(self, inputs: Codes) -> Prediction:
        codes = self._checked(inputs)
        mean = np.full(len(codes), self.rest_ms)
        for rows in chunks(len(codes)):
            for term, table in zip(self.terms, self.tables(), strict=True):
                mean[rows] += table.take(term.index(codes[rows]))
        return Prediction(mean, self.spread.std_ms(self.terms, codes))

    def parts(self, inputs: Codes) -> Parts:
        codes = self._checked(inputs)
        layers = np.zeros((len(codes), len(self.space.layers)))
        rest = np.full(len(codes), self.rest_ms)
        for term, table in zip(self.terms, self.tables(), strict=True):
            into = rest if term.layer < 0 else layers[:, term.layer]
            into += table.take(term.index(codes))
        return Parts(layers, rest)

    def joint(self, inputs: Codes) -> Joint:
        return self.spread.joint(self.terms, self._checked(inputs))

    def tables(self) -> list[NDArray[np.float64]]:
        """Each term's own entries."""
        return np.split(self.entries_ms, offsets(self.terms)[1:-1])

    def state(self) -> State:
        parameters = {
            "model": self.model,
            "explanation": self.explanation,
            "terms": [[list(term.columns), list(term.shape), term.layer] for term in self.terms],
            "rest_ms": self.rest_ms,
            "pruned": self.pruned,
            "sign": self.spread.sign,
        }
        return State(self.KIND, parameters, {"entries_ms": self.entries_ms, **self.spread.arrays()})

    @staticmethod
    def restore(space: Space, state: State) -> "Additive":
        """The model that `state` was taken from. Raises ValueError where it cannot be one of the space."""
        known, arrays = state.parameters, state.arrays
        terms = tuple(Term(tuple(columns), tuple(shape), layer) for columns, shape, layer in known["terms"])
        _check(space, terms, arrays)
        spread = Spread.restore(arrays, known["sign"])
        return Additive(
            known["model"],
            known["explanation"],
            space,
            terms,
            arrays["entries_ms"],
            known["rest_ms"],
            spread,
            known["pruned"],
        )

    def _checked(self, codes: Codes) -> Codes:
        check_rows(self.space, codes)
        return self.space.canonical(codes) if self.pruned else codes


def _check(space: Space, terms: tuple[Term, ...], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Tables as large as their columns have codes: nothing that a code can index lies outside of them."""
    for term in terms:
        if term.shape != tuple(len(space.columns[column].choices) for column in term.columns):
            raise ValueError(f"a table of {term.shape} for columns {term.columns} of {space.name}")
        if not -1 <= term.layer < len(space.layers):
            raise ValueError(f"{space.name} has no layer {term.layer}")
    entries, features = int(offsets(terms)[-1]), len(arrays["constant"])
    shapes = {"entries_ms": (entries,), "constant": (features,)}
    shapes |= {"prior": (features,), "noise": (features,)}
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    index, weight, factor = arrays["index"], arrays["weight"], arrays["factor"]
    if wrong or index.shape != weight.shape or len(index) != entries or factor.shape[1:] != (features,):
        raise ValueError("arrays that do not belong together")
    if index.size and not 0 <= index.min() <= index.max() < features:
        raise ValueError("an entry of a feature that is not there")
