"""A saved predictor in a search's own process, where it is asked about millions of architectures."""

from dataclasses import fields
from functools import cached_property
from typing import Any, Final

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import Prediction
from edgemeter_predictors.evaluation.bulk import Bulk, compiled_loops
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.predictors import load

#: Fewer architectures are not worth loading compiled loops for.
MANY: Final = 4_096


class LocalPredictor(Predictor[Codes]):
    """Answers many architectures of an additive model by tables, in single precision, with numba where it is
    installed: some fifty times as fast. What it laid out stays behind when it is pickled for other processes.
    """

    def predict(self, inputs: Codes) -> Prediction:
        if self._bulk is None or len(inputs) < MANY:
            return self.fitted.predict(inputs)
        single: Any = self._bulk.latency_and_std_ms(inputs)  # half the precision
        return Prediction(*single)

    @cached_property
    def _bulk(self) -> Bulk | None:
        return Bulk(self.fitted, compiled_loops()) if isinstance(self.fitted, Additive) else None


def load_local(data: bytes, space: Space) -> LocalPredictor:
    """As `load`."""
    predictor = load(data, space)
    return LocalPredictor(*(getattr(predictor, field.name) for field in fields(predictor)))
