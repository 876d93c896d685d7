"""What a fitted model says of several architectures together: what one measurement tells of the others."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.contract import Prediction

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Of n architectures, in squared milliseconds: `covariance` (n, n) of their latencies, as far as the
    model does not know them, and `noise` (n,), the variance of one measurement around its latency.
    """

    covariance: Array
    noise: Array


@runtime_checkable
class TellsJointly(Protocol):
    """A fitted model of a space that knows how its errors hang together."""

    def predict(self, inputs: Codes) -> Prediction:
        """As `Fitted.predict`."""
        ...

    def joint(self, inputs: Codes) -> Joint:
        """The covariance's diagonal and the noise sum to the variance of `predict`. For thousands of
        architectures, not for millions. Raises CodeError where codes are not of the model's space.
        """
        ...
