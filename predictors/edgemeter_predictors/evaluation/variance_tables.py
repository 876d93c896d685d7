"""A model's variance as a sum over pairs of its decisions.

    variance = c + sum over terms t <= u of P[t, u][entry of t, entry of u]

which is `Spread`'s quadratic form multiplied out. Each term's features are first taken about their
mean, so that the sums are of small numbers and single precision is enough.
"""

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.additive import Additive
from edgemeter_predictors.spread import Spread
from edgemeter_predictors.terms import Term, offsets

#: Pairs of entries are tabled up to this many, 64 MB; features are summed beyond.
MOST_PAIRS = 16 * 2**20

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class VarianceTables:
    """`terms` that codes decide. Table p is of terms `pairs[p]`: `flat` from `starts[p]` on, row by
    row, `lengths[t]` entries of term t. The constant is part of the first one.
    """

    terms: tuple[Term, ...]
    pairs: NDArray[np.intp]
    lengths: NDArray[np.intp]
    starts: NDArray[np.intp]
    flat: NDArray[np.float32]

    def index(self, codes: Codes) -> NDArray[np.uint16]:
        """(terms, n): which of its entries each architecture picks."""
        index = np.empty((len(self.terms), len(codes)), np.uint16)
        for row, term in zip(index, self.terms, strict=True):
            row[:] = codes[:, term.columns[0]] if len(term.columns) == 1 else term.index(codes)
        return index

    def sum_into(self, variance: NDArray[np.float32], index: NDArray[np.uint16]) -> None:
        rows = index.shape[1]
        joint, wide, taken = np.empty(rows, np.uint32), np.empty(rows, np.intp), np.empty(rows, np.float32)
        variance[:] = 0
        for (t, u), start in zip(self.pairs.tolist(), self.starts.tolist(), strict=True):
            np.multiply(index[t], np.uint32(self.lengths[u]), out=joint)
            np.add(joint, index[u], out=joint)
            np.copyto(wide, joint)
            table = self.flat[start : start + int(self.lengths[t] * self.lengths[u])]
            np.take(table, wide, out=taken, mode="clip")
            np.add(variance, taken, out=variance)


def variance_tables(fitted: Additive) -> VarianceTables | None:
    """None where there would be too many pairs, or there is no pair of decisions."""
    constant, blocks = _about_means(fitted.spread, fitted.terms)
    terms = tuple(term for term in fitted.terms if term.columns)
    lengths = np.array([term.entries for term in terms], np.intp)
    if len(terms) < 2 or lengths.max() > 2**16 or (lengths.sum() ** 2) / 2 > MOST_PAIRS:
        return None
    pairs = list(combinations(range(len(terms)), 2))
    form = _Form(fitted.spread)
    tables = {(t, u): 2 * form(blocks[t], blocks[u]) for t, u in pairs}
    tables[0, 1] += form(constant[None], constant[None])
    # What one decision does alone goes into the table that it shares with its neighbour.
    own = [2 * form(block, constant[None])[:, 0] + form.diagonal(block) for block in blocks]
    for (t, u), mine in zip(pairwise(range(len(terms))), own, strict=False):
        tables[t, u] += mine[:, None]
    tables[len(terms) - 2, len(terms) - 1] += own[-1]
    flat = np.concatenate([table.reshape(-1) for table in tables.values()]).astype(np.float32)
    starts = np.cumsum([0, *(table.size for table in tables.values())])[:-1].astype(np.intp)
    return VarianceTables(terms, np.array(pairs, np.intp), lengths, starts, flat)


def _about_means(spread: Spread, terms: tuple[Term, ...]) -> tuple[Array, list[Array]]:
    """The features' constant with every term's mean in it, and the terms' features (entries, m) about
    them.
    """
    dense = np.zeros((len(spread.index), len(spread.constant)))
    row = np.arange(len(dense))
    for group in range(spread.index.shape[1]):
        dense[row, spread.index[:, group]] += spread.weight[:, group]
    constant, blocks = spread.constant.copy(), []
    for term, block in zip(terms, np.split(dense, offsets(terms)[1:-1]), strict=True):
        mean = block.mean(axis=0)
        constant += mean
        if term.columns:
            blocks.append(block - mean)
    return constant, blocks


class _Form:
    """The quadratic form between rows of features."""

    def __init__(self, spread: Spread) -> None:
        self._spread = spread

    def __call__(self, one: Array, other: Array) -> Array:
        spread = self._spread
        form: Array = (one * (spread.prior + spread.noise)) @ other.T
        form += spread.sign * (one @ spread.factor.T) @ (other @ spread.factor.T).T
        return form

    def diagonal(self, block: Array) -> Array:
        spread = self._spread
        own: Array = np.square(block) @ (spread.prior + spread.noise)
        own += spread.sign * np.square(block @ spread.factor.T).sum(axis=1)
        return own
