"""A predictor laid out for many architectures: latency and interval as one table, single precision."""

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.codes import stacked
from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.contract import Prediction
from edgemeter_predictors.evaluation.bulk import Bulk, Singles
from edgemeter_predictors.judging.calibration import ends_ms
from edgemeter_predictors.predictor import Predictor

_FEW: Final = 16


class Evaluator:
    """`loops`: `compiled_loops()`, or None for numpy's. `quick` says that an architecture takes about a
    microsecond from now on: what the first call makes or compiles is there.
    """

    def __init__(self, predictor: Predictor[Codes], loops: ModuleType | None) -> None:
        self.predictor = predictor
        self.quick = False
        self._loops = loops
        self._bulk = Bulk(predictor.fitted, loops) if isinstance(predictor.fitted, Additive) else None

    def rows_ms(
        self, space: Space, rows: Sequence[bytes], level: float
    ) -> Iterable[tuple[float, float, float]]:
        """Of rows of a byte a code latency, low and high, in double precision, and of a few in microseconds.

        Raises as `table_ms`.
        """
        if self._bulk is None or len(rows) > _FEW:
            columns = self._columns(self.predictor.predict(stacked(space, rows)), level)
            return zip(*(column.tolist() for column in columns), strict=True)
        multiple = self.predictor.calibration.multiple(level)
        found = [(mean, *ends_ms(mean, multiple * std)) for mean, std in self._bulk.few(rows)]
        self.quick = True
        return found

    def table_ms(self, codes: Codes, level: float) -> Singles:
        """(n, columns) to (n, 3): latency, and the low and high end of its interval.

        Raises CodeError where codes are not of the space, ValueError for a level that no interval has.
        """
        if self._bulk is None:
            return self._table(self.predictor.predict(codes), level)
        mean, std = self._bulk.latency_and_std_ms(codes)
        if self._loops is None:
            single: Any = (mean, std)  # half the precision, and half the memory to go through
            table = self._table(Prediction(*single), level)
        else:
            table = np.empty((len(codes), 3), np.float32)
            self._loops.put_rows(mean, std, np.float32(self.predictor.calibration.multiple(level)), table)
        self.quick = True
        return table

    def latency_ms(self, codes: Codes) -> Singles:
        """(n,): the latencies of that table alone, in a fraction of the time. Raises CodeError."""
        if self._bulk is None:
            return self.predictor.predict(codes).mean_ms.astype(np.float32)
        return self._bulk.latency_ms(codes)

    def _table(self, prediction: Prediction, level: float) -> Singles:
        return np.column_stack(self._columns(prediction, level)).astype(np.float32, copy=False)

    def _columns(self, prediction: Prediction, level: float) -> tuple[NDArray[np.float64], ...]:
        interval = self.predictor.interval(prediction, level)
        return prediction.mean_ms, interval.low_ms, interval.high_ms
