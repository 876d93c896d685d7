import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.measuring.distribution import Distribution
from edgemeter_agents.measuring.statistics import Outliers

VISITS = st.lists(st.lists(st.floats(0.01, 1e3), min_size=1, max_size=40), min_size=1, max_size=4)


def test_the_figures_of_three_visits():
    shown = Distribution.of([[10, 11, 12, 13, 14]] * 2 + [[10, 11, 12, 13, 100]])
    assert (shown.n, shown.median, shown.minimum, shown.maximum) == (15, 12, 10, 100)
    assert shown.mean == pytest.approx(266 / 15)
    assert shown.trimmed_mean == pytest.approx((266 - 100 - 10) / 13)
    assert shown.median_absolute_deviation == 1
    assert shown.percentiles == {5: 10, 10: 10, 25: 11, 75: 13, 90: 14, 95: 100}
    assert shown.outliers == Outliers(mild=0, severe=1)
    assert shown.visit_medians == (12, 12, 12)
    assert shown.relative_range == 0
    assert shown.coefficient_of_variation == pytest.approx(shown.deviation / shown.mean)


def test_the_99th_percentile_needs_500_samples():
    assert 99 not in Distribution.of([[1.0] * 499]).percentiles
    assert Distribution.of([[1.0] * 500]).percentiles[99] == 1.0


@given(VISITS)
def test_the_figures_are_ordered(visits):
    shown = Distribution.of(visits)
    ladder = [shown.minimum, *(shown.percentiles[p] for p in (5, 10, 25)), shown.median]
    ladder += [*(shown.percentiles[p] for p in (75, 90, 95)), shown.maximum]
    assert ladder == sorted(ladder)
    assert shown.minimum <= shown.mean * (1 + 1e-9)


def test_one_disturbed_visit_of_three_moves_little():
    quiet = Distribution.of([[1.0, 1.01, 1.02] * 10] * 3)
    disturbed = Distribution.of([[1.0, 1.01, 1.02] * 10] * 2 + [[1.3, 1.31, 1.32] * 200])
    assert disturbed.median == pytest.approx(quiet.median, rel=0.011)
    assert disturbed.relative_range > 0.25
