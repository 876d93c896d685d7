"""Sums and maxima over the layers of many architectures: the hot path of costs and predictors.

Each layer has a table indexed by its codes. Neighbouring layers are merged into one larger table while it
stays small enough for the cache, so that an architecture takes a third of the look-ups; blocks of rows are
worked on one after the other in buffers that are made once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import CodeError, Codes, Layer, Space

LARGEST_TABLE: Final = 2**15  #: entries: their indices fit 16 bits, a table of float32 the second-level cache
_ROWS: Final = 2**15  # of a block: five buffers of this length stay in the second-level cache
_ROWS_AN_ENTRY: Final = 16  # a merged table pays where its entries are looked up as often as this

Numbers = NDArray[Any]


def sum_over_layers(space: Space, values: Numbers, codes: Codes) -> Numbers:
    """For each architecture the sum of its layers' `values`, which are those of `space.placed`: (placed,)
    gives (n,), and m quantities at once, (placed, m), give (n, m). Integers are summed as int64, floats in
    their own type. CodeError where codes are not of the space.

    Column-major codes are fastest; row-major ones work too.
    """
    return _over_layers(space, values, codes, np.add)


def max_over_layers(space: Space, values: Numbers, codes: Codes) -> Numbers:
    """As `sum_over_layers`, with the largest of the layers' values, at least 0."""
    return _over_layers(space, values, codes, np.maximum)


def sum_over_tables(space: Space, layers: Sequence[Layer], values: Numbers, codes: Codes) -> Numbers:
    """As `sum_over_layers`, of `layers` whose tables are positions in `values` instead of `space.placed`."""
    return _over_tables(space, layers, values, codes, np.add)


def _over_layers(space: Space, values: Numbers, codes: Codes, combine: np.ufunc) -> Numbers:
    if values.ndim not in (1, 2) or len(values) != len(space.placed):
        raise CodeError(f"{space.name} has {len(space.placed)} placed operators, not {values.shape}")
    return _over_tables(space, space.layers, values, codes, combine)


def _over_tables(
    space: Space, layers: Sequence[Layer], values: Numbers, codes: Codes, combine: np.ufunc
) -> Numbers:
    _require_shape(space, codes)
    quantities = values.reshape(len(values), -1)
    dtype = np.result_type(values, np.int64) if values.dtype.kind in "iub" else values.dtype
    results = np.empty((len(codes), quantities.shape[1]), dtype=dtype, order="F")
    limit = min(LARGEST_TABLE, max(1, len(codes) // _ROWS_AN_ENTRY))
    tables = _tables(space, layers, quantities.astype(dtype), limit, combine)
    if not _look_up(space, tables, codes, results, combine):
        validate(space, codes)
    return results if values.ndim == 2 else results[:, 0]


def _require_shape(space: Space, codes: Codes) -> None:
    if not isinstance(codes, np.ndarray) or codes.dtype != np.uint8 or codes.ndim != 2:
        validate(space, codes)
        raise CodeError(f"architectures are rows: the array is (n, {len(space.columns)}), not {codes.shape}")
    validate(space, codes[:0])


@dataclass(frozen=True, slots=True)
class _Table:
    """What the layers of `columns` add up to: (quantities, entries), the last column's codes side by side."""

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    entries: Numbers


def _tables(
    space: Space, layers: Sequence[Layer], values: Numbers, limit: int, combine: np.ufunc
) -> list[_Table]:
    # One more row is what NOTHING (-1) takes.
    extended = np.vstack([values, np.zeros((1, values.shape[1]), dtype=values.dtype)])
    sizes = [len(column.choices) for column in space.columns]
    return [
        _merged(group, extended, sizes, combine)
        for group in _groups([layer for layer in layers if layer.placed.size], sizes, limit)
    ]


def _groups(layers: list[Layer], sizes: list[int], limit: int) -> Iterator[list[Layer]]:
    """Neighbouring layers whose columns together have at most `limit` combinations, or one layer."""
    group: list[Layer] = []
    columns: set[int] = set()
    for layer in layers:
        together = columns | set(layer.columns)
        if group and prod(sizes[column] for column in together) > limit:
            yield group
            group, together = [], set(layer.columns)
        group, columns = [*group, layer], together
    if group:
        yield group


def _merged(layers: list[Layer], values: Numbers, sizes: list[int], combine: np.ufunc) -> _Table:
    columns = tuple(sorted({column for layer in layers for column in layer.columns}))
    shape = tuple(sizes[column] for column in columns)
    total = np.zeros((*shape, values.shape[1]), dtype=values.dtype)
    for layer in layers:
        # A layer's axes are in the order of its own columns, and missing where others decide.
        order = np.argsort(layer.columns)
        axes = [sizes[column] if column in layer.columns else 1 for column in columns]
        placed = layer.placed.transpose(order).reshape(axes) if layer.columns else layer.placed
        total = combine(total, values[placed])
    return _Table(columns, shape, np.ascontiguousarray(total.reshape(-1, values.shape[1]).T))


def _look_up(space: Space, tables: list[_Table], codes: Codes, out: Numbers, combine: np.ufunc) -> bool:
    """Fills `out`; False where a code is out of range."""
    largest = np.array([len(column.choices) - 1 for column in space.columns], dtype=np.uint8)
    buffers = _Buffers(len(space.columns), min(_ROWS, len(codes)), out.dtype)
    for start in range(0, len(codes), _ROWS):
        block = buffers.columns(codes[start : start + _ROWS])
        if (block.max(axis=1, initial=0) > largest).any():
            return False
        results = out[start : start + _ROWS].T
        for number, table in enumerate(tables):
            index = buffers.index(block, table)
            for result, entries in zip(results, table.entries, strict=True):
                if number:
                    combine(result, buffers.taken(entries, index), out=result)
                else:
                    # Clipped, not checked: the range of the whole block is known.
                    np.take(entries, index, out=result, mode="clip")
    return True


class _Buffers:
    """Arrays as long as a block, made once."""

    def __init__(self, columns: int, rows: int, dtype: np.dtype[Any]) -> None:
        self._block = np.empty((columns, rows), dtype=np.uint8)
        self._index, self._codes = np.empty((2, rows), dtype=np.uint16)
        self._wide = np.empty(rows, dtype=np.intp)
        self._taken = np.empty(rows, dtype=dtype)

    def columns(self, rows: Codes) -> Codes:
        """The block's columns, each in one piece."""
        if rows.flags.f_contiguous or rows.strides[0] == 1:
            return rows.T
        block = self._block[:, : len(rows)]
        np.copyto(block, rows.T)
        return block

    def index(self, block: Codes, table: _Table) -> NDArray[np.intp]:
        count = block.shape[1]
        index, codes, wide = self._index[:count], self._codes[:count], self._wide[:count]
        for number, (column, size) in enumerate(zip(table.columns, table.sizes, strict=True)):
            if number:
                np.copyto(codes, block[column])
                np.multiply(index, np.uint16(size), out=index)
                np.add(index, codes, out=index)
            else:
                np.copyto(index, block[column])
        np.copyto(wide, index)
        return wide

    def taken(self, entries: Numbers, index: NDArray[np.intp]) -> Numbers:
        return np.take(entries, index, out=self._taken[: len(index)], mode="clip")
