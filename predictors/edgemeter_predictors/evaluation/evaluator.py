"""A predictor laid out for many architectures: latency and interval as one table, single precision."""

from types import ModuleType
from typing import Any, Final

import numpy as np

from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import Prediction
from edgemeter_predictors.evaluation.bulk import Bulk, Singles
from edgemeter_predictors.predictor import Predictor

_FEW: Final = 16


class Evaluator:
    """`loops`: `compiled_loops()`, or None for numpy's. `quick` says that an architecture takes about a
    microsecond from now on: what the first call makes or compiles is there.
    """

    def __init__(self, predictor: Predictor[Codes], loops: ModuleType | None) -> None:
        self.predictor = predictor
        self.quick = False
        self._bulk = Bulk(predictor.fitted, loops) if isinstance(predictor.fitted, Additive) else None

    def predict(self, codes: Codes) -> Prediction:
        """As the predictor does, in double precision, and in microseconds for a few architectures."""
        if self._bulk is None or len(codes) > _FEW:
            return self.predictor.predict(codes)
        found = self._bulk.few(codes)
        self.quick = True
        return found

    def table_ms(self, codes: Codes, level: float) -> Singles:
        """(n, columns) to (n, 3): latency, and the low and high end of its interval.

        Raises CodeError where codes are not of the space, ValueError for a level that no interval has.
        """
        prediction = self.predictor.predict(codes) if self._bulk is None else _of(self._bulk, codes)
        interval = self.predictor.interval(prediction, level)
        table: Singles = np.empty((len(codes), 3), np.float32)
        table[:, 0], table[:, 1], table[:, 2] = prediction.mean_ms, interval.low_ms, interval.high_ms
        self.quick = self._bulk is not None
        return table

    def latency_ms(self, codes: Codes) -> Singles:
        """(n,): the latencies of that table alone, in a fraction of the time. Raises CodeError."""
        if self._bulk is None:
            return self.predictor.predict(codes).mean_ms.astype(np.float32)
        return self._bulk.latency_ms(codes)


def _of(bulk: Bulk, codes: Codes) -> Prediction:
    single: Any = bulk.latency_and_std_ms(codes)  # half the precision, and half the memory to go through
    return Prediction(*single)
