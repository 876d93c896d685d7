import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.measuring.statistics import (
    Interval,
    Outliers,
    median_absolute_deviation,
    nearest_rank,
    outliers,
    pooled_median,
    pooled_quantile,
    trimmed_mean,
)

LATENCIES = st.lists(st.floats(1e-3, 1e4), min_size=1, max_size=60)


@pytest.mark.parametrize(("share", "expected"), [(0.05, 15), (0.3, 20), (0.4, 20), (0.5, 35), (1.0, 50)])
def test_nearest_rank(share, expected):
    assert nearest_rank([35, 20, 15, 50, 40], share) == expected


@given(LATENCIES, st.floats(0.001, 1))
def test_a_nearest_rank_is_the_smallest_value_that_covers_the_share(values, share):
    found = nearest_rank(values, share)
    n = len(values)
    assert found in values
    assert sum(value <= found for value in values) / n >= share - 1e-9
    assert sum(value < found for value in values) / n < share + 1e-9


@given(LATENCIES)
def test_the_pooled_median_of_one_group_is_the_median(values):
    assert pooled_median([values]) == pytest.approx(np.median(values))


@given(st.lists(st.lists(st.floats(1, 100), min_size=7, max_size=7), min_size=1, max_size=4))
def test_groups_of_one_size_pool_like_one_group(groups):
    together = [value for group in groups for value in group]
    assert pooled_median(groups) == pytest.approx(np.median(together))
    assert pooled_quantile(groups, 0.9) == nearest_rank(together, 0.9)


def test_a_large_group_does_not_outvote_small_ones():
    assert pooled_median([[10.0] * 50, [10.0] * 50, [20.0] * 9000]) == 10.0


def test_robust_spread_and_trimmed_mean():
    assert median_absolute_deviation([1, 1, 2, 2, 4, 6, 9]) == 1
    assert trimmed_mean([100.0, *[2.0] * 8, -50.0]) == 2.0
    assert trimmed_mean([1.0, 2.0, 3.0]) == 2.0


def test_outliers_are_counted_once_by_tukeys_fences():
    values = [*range(100, 121), 150, 170]  # quartiles 105.5 and 116.5: fences at 133 and 149.5
    assert outliers(values) == Outliers(mild=0, severe=2)
    assert outliers([*values[:-2], 140, 75]) == Outliers(mild=2, severe=0)
    assert outliers([5.0]) == Outliers(0, 0)


def test_interval():
    interval = Interval(1.0, 3.0)
    assert interval.half_width == 1.0
    assert 3.0 in interval
    assert 3.1 not in interval
