"""Latencies of millions of architectures, single precision, in flat memory.

With numba (extra `fast`) compiled loops are used, without it numpy's. Both give what `Additive.predict`
gives, up to single precision. Column-major codes are fastest. Codes that are not of the space raise
CodeError.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import getitem
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.codes import stacked, validate
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
        if codes.dtype != np.uint8:
            validate(self.fitted.space, codes)
        return self._mean(codes.tobytes())

    def few(self, rows: Sequence[bytes]) -> Iterable[tuple[float, float]]:
        """Of rows of a byte a code, one after the other, the mean and deviation of `Additive.predict`."""
        means = list(map(self._mean, rows))
        if (relative := self._relative) is not None:
            return [(mean, max(relative * abs(mean), _LEAST_STD)) for mean in means]
        codes = self._canonical(stacked(self.fitted.space, rows))
        return zip(means, self.fitted.spread.std_ms(self.fitted.terms, codes).tolist(), strict=True)

    def _mean(self, row: bytes) -> float:
        if len(row) != len(self._alone) or self.fitted.pruned:
            return float(self.fitted.predict(np.frombuffer(row, np.uint8)[None]).mean_ms[0])
        try:
            total: float = sum(map(getitem, self._alone, row), self.fitted.rest_ms)
            for columns, nested in self._together:
                for column in columns:
                    nested = nested[row[column]]
                total += nested
        except IndexError:
            validate(self.fitted.space, np.frombuffer(row, np.uint8))
            raise
        return total

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
    def _alone(self) -> list[list[float]]:
        """What each column's choices add, by themselves."""
        tables = [np.zeros(len(column.choices)) for column in self.fitted.space.columns]
        for term, table in zip(self.fitted.terms, self.fitted.tables(), strict=True):
            if len(term.columns) == 1:
                tables[term.columns[0]] += table
        return [table.tolist() for table in tables]

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
