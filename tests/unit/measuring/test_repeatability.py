import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.measuring.repeatability import (
    Repeat,
    mean_retest_error,
    retest_error,
    session_spread,
)


def series(source, sessions, networks, deviation):
    return [
        Repeat(f"n{n}", f"s{s}", (n + 1) * source.lognormvariate(0, deviation))
        for s in range(sessions)
        for n in range(networks)
    ]


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_the_retest_error_is_symmetric_and_bounded(a, b):
    assert retest_error(a, b) == retest_error(b, a)
    assert 0 <= retest_error(a, b) < 2
    assert retest_error(10, 11) == pytest.approx(2 / 21)


def test_the_mean_retest_error_pairs_sessions_of_the_same_network():
    repeats = [Repeat("a", "1", 10), Repeat("b", "1", 100), Repeat("a", "2", 11), Repeat("a", "3", 10)]
    assert mean_retest_error(repeats) == pytest.approx(2 / 21)
    assert mean_retest_error(repeats[:2]) is None


def test_a_mean_retest_error_is_1_13_deviations():
    repeats = series(random.Random(1), 2, 4000, 0.02)
    assert mean_retest_error(repeats) == pytest.approx(1.128 * 0.02, rel=0.05)


def test_ten_repeats_are_asked_for():
    assert session_spread(series(random.Random(2), 10, 5, 0.04)) is None
    spread = session_spread(series(random.Random(2), 11, 5, 0.04))
    assert spread is not None
    assert spread.degrees == 10
    assert spread.deviation == pytest.approx(0.04, rel=0.25)


def test_networks_measured_once_say_nothing():
    once = [Repeat(f"n{i}", f"s{i}", 1.0 + i) for i in range(50)]
    assert session_spread(once) is None
