"""Pareto fronts of 100,000 points: processor time, on points as costs are and on the worst there are.

Where moocore is installed, which nothing here needs, it must find the same rows; its time stands beside.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Figure, main, reported
from edgemeter.metrics.pareto import pareto_front

Array = NDArray[np.float64]
POINTS: Final = 100_000


def independent(metrics: int) -> Array:
    return np.random.default_rng(0).random((POINTS, metrics))


def correlated(metrics: int) -> Array:
    """As costs are: what is larger is larger in all of them."""
    generator = np.random.default_rng(0)
    return 0.3 * generator.random((POINTS, metrics)) + generator.random((POINTS, 1))


def opposed(metrics: int) -> Array:
    """Near a plane: what is better in one is worse in another, and nearly all are on the front."""
    values = independent(metrics)
    noise = 0.001 * np.random.default_rng(1).random((POINTS, 1))
    return np.asarray(values / values.sum(axis=1, keepdims=True) + noise)


CASES: Final[Sequence[tuple[Callable[[int], Array], int]]] = (
    (independent, 3),
    (correlated, 5),
    (independent, 8),
    (opposed, 3),
)


def run() -> Sequence[Figure]:
    return [figure for make, metrics in CASES for figure in _figures(make, metrics)]


def _figures(make: Callable[[int], Array], metrics: int) -> Iterator[Figure]:
    values, name = make(metrics), f"front of {POINTS:,}, {metrics} {make.__name__} metrics"
    front, own_s = _timed(lambda: pareto_front(values))
    yield reported(f"{name}: {len(front):,} on it", own_s, " s CPU")
    if find_spec("moocore") is not None:
        moocore = import_module("moocore")
        kept, other_s = _timed(lambda: moocore.is_nondominated(values, keep_weakly=True))
        if not np.array_equal(np.flatnonzero(kept), front):
            raise AssertionError(f"{name}: moocore finds another front")
        yield reported(f"{name}: moocore", other_s, " s CPU")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return work(), time.process_time() - start


if __name__ == "__main__":
    main(run)
