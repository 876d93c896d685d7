import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.measuring.confidence import (
    batch_interval,
    guarded_interval,
    median_interval,
    relative_half_width,
    student_quantile,
)


def test_the_ranks_of_the_median_interval():
    values = list(range(100))  # n/2 -+ 9.8: ranks 40 and 60
    assert (median_interval(values).low, median_interval(values).high) == (40, 60)


def test_few_samples_bound_nothing():
    assert median_interval([1.0] * 5).half_width == math.inf
    assert relative_half_width([1.0] * 5) == math.inf
    assert batch_interval([1.0] * 49) is None


@given(st.lists(st.floats(0.1, 1e3), min_size=6, max_size=200))
def test_it_encloses_the_median(values):
    interval = median_interval(values)
    assert interval.low <= np.median(values) <= interval.high


@pytest.mark.parametrize("n", [6, 20, 101])
def test_it_covers_the_true_median_of_independent_samples(n):
    noise = np.random.default_rng(n)
    hits = [1.0 in median_interval(noise.lognormal(0, 0.3, n)) for _ in range(1500)]
    assert 0.93 <= np.mean(hits) <= 0.985


def test_the_guard_covers_far_better_where_samples_depend_on_each_other():
    noise = random.Random(5)

    def series():
        level, values = 0.0, []
        for _ in range(300):
            level = 0.9 * level + noise.gauss(0, 0.01)
            values.append(1 + level)
        return values

    drawn = [series() for _ in range(300)]
    simple = np.mean([1.0 in median_interval(values) for values in drawn])
    guarded = np.mean([1.0 in guarded_interval(values) for values in drawn])
    assert simple < 0.5
    assert guarded > 0.85


@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    [
        (0.975, 1, 12.706),
        (0.95, 2, 2.920),
        (0.975, 3, 3.182),
        (0.95, 4, 2.132),
        (0.975, 9, 2.262),
        (0.95, 30, 1.697),
    ],
)
def test_student_quantiles_as_tabled(probability, degrees, expected):
    assert student_quantile(probability, degrees) == pytest.approx(expected, rel=3e-3)
