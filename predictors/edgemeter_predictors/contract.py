"""What every cost model is: fitted once, then asked.

Latencies are milliseconds of one invocation, whatever the batch. Nothing here is random
without a seed, and nothing keeps state: the same data give the same model, bit for bit on one machine.

To add one: write a frozen dataclass of settings that derives from `CostModel`, let it return a
`Fitted`, run `edgemeter_predictors.testing.CostModelContract` over it, and register what reads it
back (saving/kinds.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.data import InputsT, Measured

DataT = TypeVar("DataT", bound=Measured[Any])


class NotApplicable(ValueError):  # noqa: N818  not a failure: `auto` asks every model
    """This model cannot be fitted from these data. Says what it would need, for a person who reads it."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Of n networks. `mean_ms` (n,) is what to expect; it may be negative only where B outweighs a tiny
    network (HSCoNAS's B is never clipped). `std_ms` (n,) is the model's own standard deviation of one new
    measurement in another session: what the model does not know, and what measurements scatter. It is
    positive and finite, and raw: the interval that a user sees is calibrated from it.
    """

    mean_ms: NDArray[np.float64]
    std_ms: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parts:
    """Where `mean_ms` comes from: `layers_ms` (n, layers) in the order of the network, fixed parts
    included, and `rest_ms` (n,), what belongs to no layer (overhead, B). They sum to `mean_ms`. A model
    that knows no layers puts all into the rest.
    """

    layers_ms: NDArray[np.float64]
    rest_ms: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class State:
    """Everything a fitted model is, to write down: numbers, words and lists that JSON holds, and
    arrays of numbers. `kind` names the reader (saving/kinds.py), not the model: several models share one.
    """

    kind: str
    parameters: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


class Fitted(ABC, Generic[InputsT]):
    """A model that has seen its data. Immutable, safe to share between threads, without scikit-learn.

    `model` is the name of the CostModel that made it; `explanation` says in a sentence what was chosen
    and why, for people (`12 of 258 operators were not measured and are guessed from their family`).
    """

    model: str
    explanation: str

    @abstractmethod
    def predict(self, inputs: InputsT) -> Prediction:
        """n networks at once; n may be 0. Raises CodeError where codes are not of its space.

        A row's answer does not depend on the other rows.
        """

    @abstractmethod
    def parts(self, inputs: InputsT) -> Parts:
        """`predict`'s means, taken apart."""

    @abstractmethod
    def state(self) -> State:
        """What `saving` writes; the reader of its kind gives an equal model back."""


class CostModel(ABC, Generic[DataT, InputsT]):
    """A way to predict latencies of one target, with its settings, before it has seen data.

    Rules that the contract suite checks:
    - `fit` never changes its data, and leaves rows out only if its explanation says so.
    - Errors are relative, and a model weighs its rows so (1/y^2, or y / LUT), except where it
      reproduces a published one that does not.
    - Latencies in another unit give the same predictions in that unit.
    - The order of rows changes nothing but rounding.
    - Data that a sound measuring can give (constant, three rows, duplicates, more features than rows)
      either fit to finite predictions or raise NotApplicable; nothing else is raised, no NaN comes out.
    """

    name: ClassVar[str]  #: as users write it: `lut`, `bayesian_ridge`

    @abstractmethod
    def fit(self, data: DataT) -> Fitted[InputsT]:
        """Raises NotApplicable where the data cannot carry this model."""
