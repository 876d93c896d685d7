"""An additive model as tables of two columns each, for compiled loops.

A table has a place for every pair of bytes, so that no code can reach outside of it; places that are no
pair of codes hold NaN, so that a sum tells by itself that a code was out of range.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter_predictors.additive import Additive
from edgemeter_predictors.terms import Term

_BYTE = 256


@dataclass(frozen=True, slots=True, eq=False)
class MeanTables:
    """`columns` (tables, 2), `entries` (tables, 65536); an even number of tables. Their sum is the mean.

    The codes of a table's two columns, the first the lower byte, say where its entry is. `adjacent`: they
    take all columns two by two as these come, so that a row of codes can be read as places.
    """

    columns: NDArray[np.intp]
    entries: NDArray[np.float32]
    adjacent: bool


def mean_tables(fitted: Additive) -> MeanTables | None:
    """None where a term has more than two columns, or a space one column."""
    sizes = [len(column.choices) for column in fitted.space.columns]
    terms = list(zip(fitted.terms, fitted.tables(), strict=True))
    if len(sizes) < 2 or any(len(term.columns) > 2 for term, _ in terms):
        return None
    pairs = _pairs([term for term, _ in terms], len(sizes))
    tables = {pair: np.zeros((sizes[pair[0]], sizes[pair[1]])) for pair in pairs}
    tables[pairs[0]] += fitted.rest_ms
    for term, values in terms:
        _add(tables, term, values)
    whole = np.full((len(pairs), _BYTE, _BYTE), np.nan, np.float32)
    for table, (pair, values) in zip(whole, tables.items(), strict=True):
        table[: sizes[pair[1]], : sizes[pair[0]]] = values.T
    adjacent = pairs == [(at, at + 1) for at in range(0, len(sizes), 2)]
    if len(whole) % 2:
        whole, pairs = np.concatenate([whole, np.zeros((1, _BYTE, _BYTE), np.float32)]), [*pairs, pairs[0]]
    return MeanTables(np.array(pairs, np.intp), whole.reshape(len(whole), -1), adjacent)


def _pairs(terms: list[Term], columns: int) -> list[tuple[int, int]]:
    """Those of the terms themselves, and columns that are in none of them two by two."""
    pairs = list(
        dict.fromkeys((term.columns[0], term.columns[1]) for term in terms if len(term.columns) == 2)
    )
    seen = {column for pair in pairs for column in pair}
    rest = [column for column in range(columns) if column not in seen]
    if len(rest) % 2:
        rest.append(next(column for column in range(columns) if column != rest[-1]))
    return [*pairs, *zip(rest[::2], rest[1::2], strict=True)]


def _add(tables: dict[tuple[int, int], NDArray[np.float64]], term: Term, values: NDArray[np.float64]) -> None:
    if len(term.columns) == 2:
        tables[term.columns[0], term.columns[1]] += values.reshape(term.shape)
        return
    for pair, table in tables.items():
        if not term.columns or term.columns[0] == pair[0]:
            table += values[:, None] if term.columns else values
            return
        if term.columns[0] == pair[1]:
            table += values
            return
