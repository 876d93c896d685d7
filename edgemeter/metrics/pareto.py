"""Pareto fronts: the networks that no other one is as good as in everything, and better in something."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: So many candidates meet so many of the front at once: bounds the memory, not the answer.
_BLOCK: Final = 512

Rows = NDArray[np.intp]
Places = NDArray[np.int32]


def pareto_front(values: NDArray[Any]) -> Rows:
    """The rows of `values` (n, metrics), each to be as small as possible, that no other row dominates: none
    is at most as large everywhere and smaller somewhere. In ascending order; equal rows stand there together.

    Exact, in memory of O(n metrics) and time of O(n front metrics). Raises ValueError for what is not finite,
    which has no place in any order.
    """
    if values.ndim != 2 or not np.isfinite(values).all():
        raise ValueError("a front is of finite numbers: a row for each network, a column for each metric")
    points, point_of_row = np.unique(_places(values), axis=0, return_inverse=True)
    kept = np.empty(0, np.intp)
    # What dominates has a smaller sum of places and comes first, so that nothing kept is taken back.
    order = np.argsort(points.sum(axis=1, dtype=np.int64), kind="stable")
    for start in range(0, len(order), _BLOCK):
        left = order[start : start + _BLOCK]
        for first in range(0, len(kept), _BLOCK):  # those of the smallest sums strike out most
            left = left[~_reached(points[left], points[kept[first : first + _BLOCK]]).any(axis=1)]
        inside = _reached(points[left], points[left])
        np.fill_diagonal(inside, False)
        kept = np.concatenate([kept, left[~inside.any(axis=1)]])
    return np.flatnonzero(np.isin(point_of_row.reshape(-1), kept))


def _places(values: NDArray[Any]) -> Places:
    """The place of each value among the distinct ones of its metric: sums are exact, whatever the units."""
    places = np.empty(values.shape, np.int32)
    for number, column in enumerate(values.T):
        places[:, number] = np.unique(column, return_inverse=True)[1].reshape(-1)
    return places


def _reached(points: Places, by: Places) -> NDArray[np.bool_]:
    """(points, by): whether the other is nowhere larger. Distinct points are then dominated."""
    reached = np.ones((len(points), len(by)), bool)
    for own, other in zip(points.T, by.T, strict=True):
        reached &= other <= own[:, None]
    return reached
