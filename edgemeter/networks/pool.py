"""A fixed pool of numbers from an integer counter hash, from which all weights are cut.

Integer arithmetic alone decides its values, so that they are the same on every machine and NumPy.
Hashing each weight of a large network would take a second; cutting them from a pool takes memory speed.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

LENGTH: Final = 1 << 18
LONGEST_CUT: Final = LENGTH // 2
_STEP: Final = 1 << 15  #: values are multiples of its inverse: their sums are exact


@dataclass(frozen=True, slots=True)
class Pool:
    """`values` are uniform in (-1, 1), multiples of 2^-15; `sums[i]` is the sum of the first i of them."""

    values: NDArray[np.float32]
    sums: NDArray[np.float64]


@cache
def pool() -> Pool:
    bits = _mixed(np.arange(LENGTH, dtype=np.uint32))
    whole = (bits % np.uint32(2 * _STEP - 1)).astype(np.int64) - (_STEP - 1)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(whole)])
    values = (whole / _STEP).astype(np.float32)
    values.flags.writeable = False
    return Pool(values, sums / _STEP)


def cuts(key: int, count: int, length: int) -> NDArray[np.int64]:
    """Where each of `count` cuts of at most `length` begins in the pool: a hash of the key and its number."""
    first = np.uint32(key * 0x9E3779B1 & 0xFFFFFFFF)
    counters = first + np.arange(count, dtype=np.uint32) * np.uint32(0x85EBCA77)
    return _mixed(counters).astype(np.int64) % (LENGTH - length + 1)


def _mixed(counters: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Two rounds of multiply, shift and xor: each bit of the counter moves about half of the bits."""
    z = counters + np.uint32(0x9E3779B9)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        z = (z ^ (z >> np.uint32(shift))) * np.uint32(factor)
    return z ^ (z >> np.uint32(16))
