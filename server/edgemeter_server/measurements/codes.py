"""The bits of packed columns: one after the other where they are few or large, else many at once by numpy."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_NARROW = 1 << 60  #: values between this and its negative may be coded at once
_FEW = 1000  #: values for which that takes longer than one by one
_AT_ONCE = 4096  #: values, that memory stays small: each of their bits takes tens of bytes

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]  #: one in each byte


class Column(NamedTuple):
    """`usual` is k + 1, or 0 where all values are the smallest: these take no bits."""

    values: Sequence[int]
    smallest: int
    usual: int
    narrow: bool


def column_of(values: Sequence[int]) -> Column:
    ordered = sorted(values) or [0]
    smallest, largest = ordered[0], ordered[-1]
    narrow = smallest > -_NARROW and largest < _NARROW
    if smallest == largest:
        return Column(values, smallest, 0, narrow)
    # Four tenths up is within a few thousandths of the best k, on real samples.
    usual_length = (ordered[len(ordered) * 2 // 5] - smallest).bit_length()
    return Column(values, smallest, usual_length + 1, narrow)


def coded(packs: Sequence[Sequence[Column]]) -> list[bytes]:
    """Of each pack of columns its codes, the last byte filled up with zeros."""
    narrow = [all(column.narrow for column in pack) for pack in packs]
    told = [[column for column in pack if column.usual] for pack in packs]
    together = [pack for pack, is_narrow in zip(told, narrow, strict=True) if is_narrow]
    if sum(len(column.values) for column in chain.from_iterable(together)) < _FEW:
        return [_one_by_one(pack) for pack in told]
    bits = iter(_at_once(together))
    return [
        np.packbits(next(bits)).tobytes() if is_narrow else _one_by_one(pack)
        for pack, is_narrow in zip(told, narrow, strict=True)
    ]


def _one_by_one(pack: Sequence[Column]) -> bytes:
    bits = "".join(chain.from_iterable(map(_texts, pack)))
    size = (len(bits) + 7) // 8
    return (int("1" + bits, 2) << 8 * size - len(bits)).to_bytes(size + 1, "big")[1:]


def _texts(column: Column) -> list[str]:
    k, zero = column.usual - 1, _zero(column)
    tails = [bin(value - zero)[3:] for value in column.values]
    return ["1" * (len(tail) - k) + "0" + tail for tail in tails]


def _zero(column: Column) -> int:
    return column.smallest - (1 << column.usual - 1)


# No operators between arrays in what follows: before it reuses the result of one in the next, numpy looks at
# the C stack, and crashes where that is a greenlet's, as in units of work on PostgreSQL.


def _at_once(packs: Sequence[Sequence[Column]]) -> list[Bits]:
    columns = [*chain.from_iterable(packs)]
    sizes = [len(column.values) for column in columns]
    values = np.fromiter(chain.from_iterable(column.values for column in columns), np.int64, sum(sizes))
    k = np.repeat(np.array([column.usual - 1 for column in columns], np.int64), sizes)
    zeros = np.repeat(np.array([_zero(column) for column in columns], np.int64), sizes)
    raised = np.subtract(values, zeros)
    below = _bits_below_the_leading_one(raised)
    more = np.subtract(below, k)
    parts = [slice(start, start + _AT_ONCE) for start in range(0, len(values), _AT_ONCE)]
    bits = np.concatenate([_bits(raised[part], below[part], more[part]) for part in parts])
    ends = np.cumsum(np.concatenate(([0], np.add(np.add(below, more), 1))))
    counts = np.cumsum([0, *(sum(len(column.values) for column in pack) for pack in packs)])
    return [bits[start:end] for start, end in pairwise(ends[counts])]


def _bits_below_the_leading_one(values: Integers) -> Integers:
    below = np.subtract(np.frexp(values.astype(np.float64))[1], 1, dtype=np.int64)
    rounded_up = np.equal(np.right_shift(values, below), 0)
    return np.subtract(below, rounded_up, dtype=np.int64)


def _bits(raised: Integers, below: Integers, more: Integers) -> Bits:
    """How much longer each value is than k, in unary, then its bits below the leading one."""
    lengths = np.empty(2 * len(raised), np.int64)
    halves = np.empty_like(lengths)
    lengths[0::2], lengths[1::2] = np.add(more, 1), below
    halves[0::2] = np.subtract(np.left_shift(2, more), 2)
    halves[1::2] = np.bitwise_xor(raised, np.left_shift(1, below))
    ends = np.cumsum(lengths)
    places = np.subtract(np.repeat(ends, lengths), np.arange(1, ends[-1] + 1))
    return np.bitwise_and(np.right_shift(np.repeat(halves, lengths), places), 1).astype(np.uint8)
