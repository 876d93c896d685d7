"""The loops that numba compiles, once for each machine. Callers have checked what they index."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Rows whose running sums stay in the first-level cache.
_BLOCK = 2_048


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def sum_pairs(
    codes: NDArray[np.uint8],
    columns: NDArray[np.intp],
    entries: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """`codes` (columns, n), `MeanTables`' arrays, two tables at a time. Unsigned indices keep the loop
    plain.
    """
    shift = np.uintp(8)
    for start in range(0, out.size, _BLOCK):
        total = out[start : min(start + _BLOCK, out.size)]
        total[:] = np.float32(0)
        for p in range(0, len(columns), 2):
            a, b = codes[columns[p, 0], start:], codes[columns[p, 1], start:]
            c, d = codes[columns[p + 1, 0], start:], codes[columns[p + 1, 1], start:]
            first, second = entries[p], entries[p + 1]
            for i in range(total.size):
                one = first[np.uintp(a[i]) << shift | np.uintp(b[i])]
                total[i] += one + second[np.uintp(c[i]) << shift | np.uintp(d[i])]


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
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
