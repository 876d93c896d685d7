"""Pareto fronts against their definition."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgemeter.metrics import pareto
from edgemeter.metrics.pareto import pareto_front

#: Few values, so that networks tie and repeat.
POINTS = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 4))


def by_definition(values):
    def dominates(a, b):
        return (a <= b).all() and (a < b).any()

    return [row for row, own in enumerate(values) if not any(dominates(other, own) for other in values)]


@given(POINTS)
def test_the_front_is_that_of_the_definition(values):
    assert pareto_front(values).tolist() == by_definition(values)


@given(POINTS, st.integers(1, 3))
def test_blocks_change_nothing(values, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pareto, "_BLOCK", block)
        assert pareto_front(values).tolist() == by_definition(values)


def test_units_far_apart_do_not_hide_a_difference():
    """As a sum of floats the milliseconds would be lost beside the multiply-adds."""
    assert pareto_front(np.array([[1e18, 2.0], [1e18, 1.0]])).tolist() == [1]


@pytest.mark.parametrize("values", [np.array([[1.0, np.nan]]), np.array([[np.inf]]), np.array([1.0])])
def test_what_has_no_order_is_refused(values):
    with pytest.raises(ValueError, match="finite numbers"):
        pareto_front(values)


def test_a_hundred_thousand_networks_in_flat_memory():
    values = np.random.default_rng(0).random((100_000, 3)) + np.linspace(0, 1, 100_000)[:, None]
    tracemalloc.start()
    front = pareto_front(values)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 40 * values.nbytes  # 96 MB; all pairs would be 10 GB
    kept = values[front]
    assert len(by_definition(kept)) == len(kept)
    others = np.delete(values, front, axis=0)
    some = others[::97]
    assert (kept[None] <= some[:, None]).all(axis=2).any(axis=1).all()
