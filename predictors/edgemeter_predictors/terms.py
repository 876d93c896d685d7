"""Sums over the decisions of an architecture: what every additive model is made of.

A term is one table that a few columns of codes index. Its entries, flattened in C order, stand one
term after the other in one list of `entries`; an architecture picks exactly one entry of every term.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import NOTHING, Codes, Space

#: Rows that are looked up at once: their indices stay in a core's cache.
CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Term:
    """`shape` has one length for each of `columns`; a fixed part has none. `layer` is the position of the
    space's layer that it stands for, -1 where it stands for none.
    """

    columns: tuple[int, ...]
    shape: tuple[int, ...]
    layer: int

    @property
    def entries(self) -> int:
        return prod(self.shape)

    def index(self, codes: Codes) -> NDArray[np.intp]:
        """(n,): which of its entries each architecture picks."""
        index = np.zeros(len(codes), np.intp)
        for column, length in zip(self.columns, self.shape, strict=True):
            index *= length
            index += codes[:, column]
        return index


def layer_terms(space: Space) -> tuple[Term, ...]:
    """One for each layer, fixed parts included."""
    return tuple(Term(layer.columns, layer.placed.shape, n) for n, layer in enumerate(space.layers))


def column_terms(space: Space) -> tuple[Term, ...]:
    """One for each column: the plain one-hot view. A column that alone decides one layer stands for it."""
    alone = {layer.columns: n for n, layer in enumerate(space.layers) if len(layer.columns) == 1}
    return tuple(
        Term((n,), (len(column.choices),), alone.get((n,), -1)) for n, column in enumerate(space.columns)
    )


def spread_placed(space: Space, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values over `Space.placed`, (placed,) or (placed, m), for `layer_terms`; 0 for NOTHING."""
    placed = np.concatenate([layer.placed.reshape(-1) for layer in space.layers])
    entries: NDArray[np.float64] = values[placed].astype(np.float64)
    entries[placed == NOTHING] = 0.0
    return entries


def offsets(terms: tuple[Term, ...]) -> NDArray[np.intp]:
    """Where each term's entries begin, and after the last, how many there are."""
    return np.concatenate([[0], np.cumsum([term.entries for term in terms])]).astype(np.intp)


def chunks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, CHUNK):
        yield slice(start, min(start + CHUNK, rows))


def entry_index(terms: tuple[Term, ...], codes: Codes) -> NDArray[np.intp]:
    """(n, terms): the entry that each architecture picks of each term."""
    index = np.empty((len(codes), len(terms)), np.intp, order="F")
    for n, (term, offset) in enumerate(zip(terms, offsets(terms), strict=False)):
        index[:, n] = term.index(codes) + offset
    return index
