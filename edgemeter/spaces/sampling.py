"""Random architectures: uniform or weighted, the same for a seed on every machine."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.draws import below, words
from edgemeter.spaces.space import CodeError, Codes, Column, Space

_CHUNK: Final = 2**20  # draws at once: keeps the memory beside the result small

Weights = Mapping[str, Sequence[float]]  #: by the name of a column, one number for each choice


def sample(space: Space, count: int, seed: int, weights: Weights | None = None) -> Codes:
    """`count` architectures drawn independently, column-major (count, columns).

    Each column is uniform, or in proportion to its `weights`. Columns have streams of their own: another
    column's weights change nothing, and the first rows of a larger sample are the smaller sample.
    Codes are drawn, not networks: of a space with duplicates, a network with more codes comes more often.
    """
    if count < 0:
        raise CodeError(f"a sample has 0 architectures or more, not {count}")
    given = weights or {}
    unknown = given.keys() - {column.name for column in space.columns}
    if unknown:
        raise CodeError(f"{space.name} has no column {sorted(unknown)[0]!r} to weigh")
    codes = np.empty((count, len(space.columns)), dtype=np.uint8, order="F")
    for number, column in enumerate(space.columns):
        bounds = _bounds(column, given[column.name]) if column.name in given else None
        _fill(codes[:, number], len(column.choices), bounds, seed, number)
    return codes


def _fill(
    out: NDArray[np.uint8], limit: int, bounds: NDArray[np.uint64] | None, seed: int, stream: int
) -> None:
    numbers = words(seed, stream, len(out))
    for start in range(0, len(out), _CHUNK):
        part = numbers[start : start + _CHUNK]
        chosen = below(limit, part) if bounds is None else np.searchsorted(bounds, part, side="right")
        out[start : start + _CHUNK] = chosen


def _bounds(column: Column, weights: Sequence[float]) -> NDArray[np.uint64]:
    """Where, among the 32-bit numbers, each choice but the last ends."""
    good = len(weights) == len(column.choices) and all(isfinite(each) and each >= 0 for each in weights)
    if not good or not sum(weights) > 0:
        raise CodeError(
            f"column {column.name} needs {len(column.choices)} weights of 0 or more, not all of them 0"
        )
    ends = list(accumulate(float(each) for each in weights))
    last = max(number for number, each in enumerate(weights) if each > 0)
    # Choices after the last that weighs anything must stay out of reach, whatever the rounding.
    return np.array(
        [2**32 if number >= last else int(end / ends[-1] * 2**32) for number, end in enumerate(ends[:-1])],
        dtype=np.uint64,
    )
