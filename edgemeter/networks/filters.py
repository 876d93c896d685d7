"""Weights of convolutions and dense layers, cut from the pool block by block as files are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.networks.building import BuildError
from edgemeter.networks.pool import LONGEST_CUT, cuts, pool

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: int8 weights keep to seven bits: processors without VNNI add two 8-bit products in 16 bits, which
#: eight bits overflow.
LARGEST_INT8: Final = 63
CENTRED_FROM: Final = 8  #: channels: fewer are too few to take their mean away
_BLOCK: Final = 1 << 15  #: weights made at once, to stay in a processor's cache


@dataclass(frozen=True, slots=True)
class Filters:
    """`outputs` filters of `taps` positions x `inputs` channels, in that order of the axes.

    Each is spread x noise, plus `centre` at the middle tap. From CENTRED_FROM channels on, the noise
    of every tap sums to zero over the channels: what is common to all channels (the mean that
    rectifiers leave, and its edge where padding begins) does not pass.
    """

    key: int
    outputs: int
    taps: int
    inputs: int
    spread: float
    centre: float = 0.0

    def __post_init__(self) -> None:
        if self.taps * self.inputs > LONGEST_CUT:
            raise BuildError(f"a filter of {self.taps * self.inputs:,} weights; the limit is {LONGEST_CUT:,}")

    @property
    def centred(self) -> bool:
        return self.inputs >= CENTRED_FROM

    @property
    def count(self) -> int:
        return self.outputs * self.taps * self.inputs

    def blocks(self) -> Iterator[Floats]:
        """All weights, (filters, taps, inputs), in blocks of whole filters."""
        for block in self._noise():
            block *= np.float32(self.spread)
            if self.centre:
                block[:, self.taps // 2] += np.float32(self.centre)
            yield block

    def int8_blocks(self) -> Iterator[NDArray[np.int8]]:
        """As `blocks`, in units of `scales`."""
        scales = self.scales()
        spreads = (np.float32(self.spread) / scales)[:, np.newaxis, np.newaxis]
        centres = (np.float32(self.centre) / scales)[:, np.newaxis]
        start = 0
        for block in self._noise():
            these = slice(start, start + len(block))
            block *= spreads[these]
            if self.centre:
                block[:, self.taps // 2] += centres[these]
            yield np.rint(block, out=block).astype(np.int8)
            start += len(block)

    def scales(self) -> Floats:
        """The int8 step of each filter: the largest that a weight can be, over LARGEST_INT8."""
        largest = np.ones(self.outputs)
        if self.centred:
            means = [self._means(start, n * self.taps).reshape(n, -1) for start, n in self._cuts()]
            largest += np.abs(np.concatenate(means)).max(axis=1)
        return ((largest * self.spread + self.centre) / LARGEST_INT8).astype(np.float32)

    def sums(self) -> Doubles:
        """The sum of each filter, as it would be without rounding."""
        if self.centred:
            return np.full(self.outputs, self.inputs * self.centre)
        length, sums = self.taps * self.inputs, pool().sums
        found = [sums[start : start + n * length + 1 : length] for start, n in self._cuts()]
        noise = np.concatenate([np.diff(each) for each in found])
        return noise * self.spread + self.inputs * self.centre

    def _noise(self) -> Iterator[Floats]:
        values = pool().values
        for start, filters in self._cuts():
            rows = filters * self.taps
            noise = values[start : start + rows * self.inputs].reshape(rows, self.inputs)
            noise = noise - self._means(start, rows)[:, np.newaxis] if self.centred else noise.copy()
            yield noise.reshape(filters, self.taps, self.inputs)

    def _cuts(self) -> Iterator[tuple[int, int]]:
        """Where each block starts in the pool, and how many filters it has."""
        length = self.taps * self.inputs
        at_once = min(max(1, _BLOCK // length), self.outputs)
        firsts = range(0, self.outputs, at_once)
        starts = cuts(self.key, len(firsts), at_once * length).tolist()
        for first, start in zip(firsts, starts, strict=True):
            yield start, min(at_once, self.outputs - first)

    def _means(self, start: int, rows: int) -> Floats:
        sums = pool().sums[start : start + rows * self.inputs + 1 : self.inputs]
        return (np.diff(sums) / self.inputs).astype(np.float32)
