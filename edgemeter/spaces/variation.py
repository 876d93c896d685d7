"""Architectures near others: neighbours, mutations and crossings, the moves of every search."""

import numpy as np

from edgemeter.spaces.codes import validate
from edgemeter.spaces.draws import below, words
from edgemeter.spaces.space import CodeError, Codes, Space

_CHANCES = 2**32


def neighbours(space: Space, row: Codes) -> Codes:
    """All architectures that differ from `row` in one code: (sum of the other choices, columns)."""
    if validate(space, row).ndim != 1:
        raise CodeError(f"neighbours are those of one row of {len(space.columns)} codes, not {row.shape}")
    changes = [
        (number, code)
        for number, column in enumerate(space.columns)
        for code in range(len(column.choices))
        if code != row[number]
    ]
    result = np.array(np.broadcast_to(row, (len(changes), len(row))), order="F")
    if changes:
        columns, codes = np.array(changes).T
        result[np.arange(len(changes)), columns] = codes
    return result


def mutate(space: Space, codes: Codes, rate: float, seed: int) -> Codes:
    """Each code of (n, columns), with chance `rate`, replaced by another one of its column, all others
    alike. The same for a seed everywhere.
    """
    result = np.array(np.atleast_2d(validate(space, codes)), order="F")
    for number, column in enumerate(space.columns):
        if len(column.choices) > 1:
            changed = _chosen(len(result), rate, seed, 2 * number)
            step = below(len(column.choices) - 1, words(seed, 2 * number + 1, len(result)))
            turned = (result[:, number].astype(np.uint16) + 1 + step) % len(column.choices)
            result[changed, number] = turned[changed]
    return result if codes.ndim == 2 else result[0]


def crossover(space: Space, first: Codes, second: Codes, seed: int, rate: float = 0.5) -> Codes:
    """Children of rows in pairs, (n, columns): each code is the second parent's with chance `rate`."""
    if validate(space, first).shape != validate(space, second).shape:
        raise CodeError(f"parents come in pairs: {first.shape} and {second.shape} are no pairs")
    result = np.array(np.atleast_2d(first), order="F")
    other = np.atleast_2d(second)
    for number in range(len(space.columns)):
        taken = _chosen(len(result), rate, seed, number)
        result[taken, number] = other[taken, number]
    return result if first.ndim == 2 else result[0]


def _chosen(count: int, rate: float, seed: int, stream: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if not 0 <= rate <= 1:
        raise CodeError(f"a rate is between 0 and 1, not {rate}")
    return words(seed, stream, count) < np.uint64(int(rate * _CHANCES))
