import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter_agents.measuring.compare import LimitVerdict, Verdict, against_limit, compare, mann_whitney
from edgemeter_agents.measuring.statistics import Interval


def pairs(source, count, ratio, noise=0.01, drift=0.0):
    a, b = [], []
    for _ in range(count):
        shared = source.lognormvariate(0, drift)
        a.append(10 * shared * source.lognormvariate(0, noise))
        b.append(10 * ratio * shared * source.lognormvariate(0, noise))
    return a, b


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(0.9, Verdict.FASTER), (1.1, Verdict.SLOWER), (1.0, Verdict.SAME), (1.02, Verdict.UNKNOWN)],
)
def test_verdicts(ratio, verdict):
    found = compare(*pairs(random.Random(1), 10, ratio))
    assert found.verdict is verdict
    assert found.ratio == pytest.approx(ratio, rel=0.01)
    assert found.p_value is not None


def test_shared_drift_cancels():
    found = compare(*pairs(random.Random(2), 6, 0.9, drift=0.3))
    assert found.verdict is Verdict.FASTER
    assert found.interval.half_width < 0.03


def test_noise_makes_it_say_that_it_cannot_tell():
    assert compare(*pairs(random.Random(3), 3, 0.95, noise=0.1)).verdict is Verdict.UNKNOWN


def test_three_pairs_are_the_least():
    with pytest.raises(ValueError, match="at least 3 pairs"):
        compare([1.0, 1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="at least 3 pairs"):
        compare([1.0] * 4, [1.0] * 3)
    assert compare([1.0] * 3, [1.0] * 3).p_value is None


@pytest.mark.parametrize("count", [3, 9])
def test_the_interval_covers_the_true_ratio(count):
    source = random.Random(count)
    hits = sum(1.07 in compare(*pairs(source, count, 1.07, drift=0.05)).interval for _ in range(1000))
    assert 0.93 <= hits / 1000 <= 0.97


def test_equal_networks_are_hardly_ever_called_different():
    source = random.Random(5)
    found = [compare(*pairs(source, 5, 1.0, noise=0.02)).verdict for _ in range(1000)]
    assert sum(verdict in (Verdict.FASTER, Verdict.SLOWER) for verdict in found) < 25


def test_mann_whitney_against_a_tabled_case():
    # U = 15 of 81 at nine a side; exact two-sided p = 0.0244.
    first = [1, 2, 3, 4, 5, 6, 10, 14, 15]
    second = [7, 8, 9, 11, 12, 13, 16, 17, 18]
    assert mann_whitney(first, second) == pytest.approx(0.0244, abs=0.003)
    assert mann_whitney([1.0] * 9, [1.0] * 9) == 1.0


@given(
    st.lists(st.integers(0, 50), min_size=9, max_size=12),
    st.lists(st.integers(0, 50), min_size=9, max_size=12),
)
@settings(max_examples=50)
def test_mann_whitney_is_symmetric_and_a_probability(first, second):
    assert mann_whitney(first, second) == pytest.approx(mann_whitney(second, first))
    assert 0 <= mann_whitney(first, second) <= 1


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        (11.1, LimitVerdict.WITHIN),
        (11.0, LimitVerdict.WITHIN),
        (10, LimitVerdict.UNDECIDED),
        (8.9, LimitVerdict.ABOVE),
    ],
)
def test_a_limit_is_judged_by_the_whole_interval(limit, verdict):
    assert against_limit(Interval(9.0, 11.0), limit) is verdict
