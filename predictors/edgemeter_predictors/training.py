"""From data to a predictor: fitted on all of them, judged and calibrated on what was held out."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from edgemeter_predictors.contract import CostModel, DataT, Fitted, NotApplicable
from edgemeter_predictors.data import InputsT
from edgemeter_predictors.judging.calibrating import calibrate
from edgemeter_predictors.judging.cross_validation import FOLDS, HeldOut, JudgesItself, cross_validate
from edgemeter_predictors.judging.errors import errors
from edgemeter_predictors.predictor import Predictor


@runtime_checkable
class Chooses(Protocol):
    """A model that holds networks out to choose among others, and so need not be judged over again."""

    def fit_and_hold_out(self, data: Any, count: int, seed: int) -> tuple[Fitted[Any], HeldOut | None]:
        """As the function below."""
        ...


def train(
    model: CostModel[DataT, InputsT],
    data: DataT,
    *,
    count: int = FOLDS,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
) -> Predictor[InputsT]:
    """Fitted on all data, judged and calibrated by `count` folds of them. Raises NotApplicable as `fit`
    does.
    """
    fitted, held_out = fit_and_hold_out(model, data, count, seed)
    return judged(fitted, held_out, data, about)


def fit_and_hold_out(
    model: CostModel[DataT, InputsT], data: DataT, count: int = FOLDS, seed: int = 0
) -> tuple[Fitted[InputsT], HeldOut | None]:
    """None where folds leave too few networks for the model: then its own word is all there is."""
    if isinstance(model, Chooses):
        return model.fit_and_hold_out(data, count, seed)
    fitted = model.fit(data)
    try:
        if isinstance(fitted, JudgesItself):
            return fitted, fitted.held_out(count, seed)
        return fitted, cross_validate(model, data, count, seed)
    except NotApplicable:
        return fitted, None


def judged(
    fitted: Fitted[InputsT], held_out: HeldOut | None, data: DataT, about: Mapping[str, Any] | None = None
) -> Predictor[InputsT]:
    found = None if held_out is None else errors(held_out.mean_ms, held_out.latency_ms)
    return Predictor(fitted, calibrate(held_out), found, data.retest_error, len(data), about or {})
