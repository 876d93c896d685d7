"""The loops that numba compiles, once for each machine. Callers have checked what they index."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Loop = TypeVar("Loop", bound=Callable[..., None])

#: Rows whose running sums stay in the first-level cache.
_BLOCK = 2_048


def _compiled(loop: Loop) -> Loop:
    """numba tells no types: compiled or not, a loop takes the same."""
    compiled: Loop = njit(nogil=True, cache=True)(loop)
    return compiled


@_compiled
def sum_pairs(
    codes: NDArray[np.uint8],
    columns: NDArray[np.intp],
    entries: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """`codes` (columns, n), either way round, `MeanTables`' arrays, two tables at a time. Where an entry
    lies is computed for a whole block first, which processors do for many rows at once.
    """
    index = np.empty((2, _BLOCK), np.uint16)
    for start in range(0, out.size, _BLOCK):
        total = out[start : min(start + _BLOCK, out.size)]
        total[:] = np.float32(0)
        for p in range(0, len(columns), 2):
            for half in range(2):
                a, b = codes[columns[p + half, 0], start:], codes[columns[p + half, 1], start:]
                for i in range(total.size):
                    index[half, i] = np.uint16(a[i]) | np.uint16(b[i]) << np.uint16(8)
            first, second, one, other = entries[p], entries[p + 1], index[0], index[1]
            for i in range(total.size):
                total[i] = total[i] + first[np.uintp(one[i])] + second[np.uintp(other[i])]


@_compiled
def sum_places(places: NDArray[np.uint16], entries: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """`places` (n, tables), of adjacent `MeanTables`: codes row after row, two of them read as one number.
    Added in the order of `sum_pairs`, so that both give the same to the last bit.
    """
    for i in range(out.size):
        total = np.float32(0)
        for p in range(places.shape[1]):
            total += entries[p, places[i, p]]
        out[i] = total


@_compiled
def put_rows(
    mean: NDArray[np.float32], std: NDArray[np.float32], multiple: np.float32, out: NDArray[np.float32]
) -> None:
    """(n, 3): the mean and the ends of `Calibration.interval`."""
    for i in range(mean.size):
        half = multiple * std[i]
        out[i, 0] = mean[i]
        out[i, 1] = max(mean[i] - half, np.float32(0))
        out[i, 2] = mean[i] + half


@_compiled
def sum_tables(
    index: NDArray[np.uint16],
    pairs: NDArray[np.intp],
    lengths: NDArray[np.intp],
    starts: NDArray[np.intp],
    flat: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """`index` (terms, n) and `VarianceTables`' arrays."""
    for start in range(0, out.size, _BLOCK):
        total = out[start : min(start + _BLOCK, out.size)]
        total[:] = np.float32(0)
        for p in range(len(pairs)):
            a, b = index[pairs[p, 0], start:], index[pairs[p, 1], start:]
            length, table = np.uintp(lengths[pairs[p, 1]]), flat[starts[p] :]
            for i in range(total.size):
                total[i] += table[np.uintp(a[i]) * length + np.uintp(b[i])]
