"""A fitted model with everything that a user needs to trust it: the unit that is published, saved and
served.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from edgemeter_predictors.contract import Fitted, Prediction
from edgemeter_predictors.data import InputsT
from edgemeter_predictors.judging.calibration import Calibration
from edgemeter_predictors.judging.figures import Errors
from edgemeter_predictors.judging.interval import Interval


@dataclass(frozen=True, slots=True)
class Predictor(Generic[InputsT]):
    """`errors` are on networks held out by cross-validation, None where there were too few for it; the
    floor of all errors is `retest_error` (relative, NaN unknown). `about` is what the publisher adds:
    target, snapshot, code version; JSON values that this package does not read.
    """

    fitted: Fitted[InputsT]
    calibration: Calibration
    errors: Errors | None
    retest_error: float
    networks: int
    about: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, inputs: InputsT) -> Prediction:
        return self.fitted.predict(inputs)

    def interval(self, prediction: Prediction, level: float = 0.9) -> Interval:
        return self.calibration.interval(prediction, level)
