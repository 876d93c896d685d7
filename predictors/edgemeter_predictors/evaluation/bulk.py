"""Latencies of millions of architectures, single precision, in flat memory.

With numba (extra `fast`) compiled loops are used, without it numpy's. Both give what `Additive.predict`
gives, up to single precision. Column-major codes are fastest. Codes that are not of the space raise
CodeError.
"""

from collections.abc import Iterable
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import Codes, Layer
from edgemeter.spaces.sums import sum_over_tables
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.evaluation.mean_tables import MeanTables, mean_tables
from edgemeter_predictors.evaluation.variance_tables import VarianceTables, variance_tables
from edgemeter_predictors.terms import chunks, offsets

Singles = NDArray[np.float32]
_LEAST_STD = float(np.sqrt(np.finfo(np.float64).tiny))


def compiled_loops() -> ModuleType | None:
    """The compiled loops, where numba is installed."""
    try:
        from edgemeter_predictors.evaluation import compiled
    except ImportError:
        return None
    return compiled


class Bulk:
    """One additive model, its tables laid out once. `loops`: `compiled_loops()`, or None for numpy's."""

    def __init__(self, fitted: Additive, loops: ModuleType | None) -> None:
        self.fitted = fitted
        self._loops = loops

    def latency_ms(self, codes: Codes) -> Singles:
        """(n, columns) to (n,)."""
        codes = self._canonical(codes)
        if self._loops is None or self._pairs is None:
            return self._by_numpy(codes)
        mean: Singles = np.empty(len(codes), np.float32)
        if self._pairs.adjacent and codes.flags.c_contiguous:
            self._loops.sum_places(codes.view("<u2"), self._pairs.entries, mean)
        else:
            columns = codes.T if codes.flags.forc else np.ascontiguousarray(codes.T)
            self._loops.sum_pairs(columns, self._pairs.columns, self._pairs.entries, mean)
        if np.isnan(mean.sum()):
            validate(self.fitted.space, codes)
        return mean

    def latency_and_std_ms(self, codes: Codes) -> tuple[Singles, Singles]:
        """(n, columns) to (n,) twice: the mean, and its standard deviation."""
        mean = self.latency_ms(codes)
        if (relative := self._relative) is not None:
            return mean, np.maximum(np.float32(relative) * np.abs(mean), np.finfo(np.float32).tiny)
        codes = self._canonical(codes)
        tables = self._variance
        if tables is None:
            return mean, self.fitted.spread.std_ms(self.fitted.terms, codes).astype(np.float32)
        variance: Singles = np.empty(len(codes), np.float32)
        for rows in chunks(len(codes)):
            index = tables.index(codes[rows])
            if self._loops is None:
                tables.sum_into(variance[rows], index)
            else:
                self._loops.sum_tables(
                    index, tables.pairs, tables.lengths, tables.starts, tables.flat, variance[rows]
                )
        return mean, np.sqrt(np.maximum(variance, np.finfo(np.float32).tiny))

    def one(self, codes: Codes) -> float:
        """The mean of one architecture, (columns,)."""
        if codes.shape != self._row_shape or codes.dtype != np.uint8 or self.fitted.pruned:
            return float(self.fitted.predict(codes[None]).mean_ms[0])
        row = codes.tolist()
        total = self.fitted.rest_ms
        try:
            for column, table in self._alone:
                total += table[row[column]]
            for columns, nested in self._together:
                for column in columns:
                    nested = nested[row[column]]
                total += nested
        except IndexError:
            validate(self.fitted.space, codes)
            raise
        return total

    def few(self, codes: Codes) -> Iterable[tuple[float, float]]:
        """(n, columns) to the mean and deviation of `Additive.predict`, by one row after the other."""
        means = [self.one(row) for row in codes]
        if (relative := self._relative) is not None:
            return [(mean, max(relative * abs(mean), _LEAST_STD)) for mean in means]
        stds = self.fitted.spread.std_ms(self.fitted.terms, self._canonical(codes))
        return zip(means, stds.tolist(), strict=True)

    def _canonical(self, codes: Codes) -> Codes:
        validate(self.fitted.space, codes[:0])
        return self.fitted.space.canonical(codes) if self.fitted.pruned else codes

    def _by_numpy(self, codes: Codes) -> Singles:
        mean: Singles = sum_over_tables(self.fitted.space, self._layers, self._entries, codes)
        return mean

    @cached_property
    def _entries(self) -> Singles:
        """Every architecture picks one entry of the first term, so that the rest is added there."""
        entries = self.fitted.entries_ms.copy()
        entries[: self.fitted.terms[0].entries] += self.fitted.rest_ms
        return entries.astype(np.float32)

    @cached_property
    def _layers(self) -> tuple[Layer, ...]:
        """Each term as a layer whose table says which entry its codes pick."""
        terms = self.fitted.terms
        starts = offsets(terms).tolist()
        picks = (np.arange(start, start + term.entries) for start, term in zip(starts, terms, strict=False))
        return tuple(
            Layer("", term.columns, pick.astype(np.int32).reshape(term.shape))
            for term, pick in zip(terms, picks, strict=True)
        )

    @cached_property
    def _row_shape(self) -> tuple[int]:
        return (len(self.fitted.space.columns),)

    @cached_property
    def _alone(self) -> list[tuple[int, list[float]]]:
        tables = zip(self.fitted.terms, self.fitted.tables(), strict=True)
        return [(term.columns[0], table.tolist()) for term, table in tables if len(term.columns) == 1]

    @cached_property
    def _together(self) -> list[tuple[tuple[int, ...], Any]]:
        tables = zip(self.fitted.terms, self.fitted.tables(), strict=True)
        rest = [(term, table) for term, table in tables if len(term.columns) != 1]
        return [(term.columns, table.reshape(term.shape).tolist()) for term, table in rest]

    @cached_property
    def _relative(self) -> float | None:
        return self.fitted.spread.share_of(self.fitted.entries_ms, self.fitted.rest_ms)

    @cached_property
    def _pairs(self) -> MeanTables | None:
        return mean_tables(self.fitted)

    @cached_property
    def _variance(self) -> VarianceTables | None:
        return variance_tables(self.fitted)
