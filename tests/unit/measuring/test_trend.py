import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.measuring.trend import trend


def test_a_steady_rise_is_found_with_its_size():
    shown = trend([100 + 10 * i / 199 for i in range(200)])
    assert shown.rise == pytest.approx(0.10, rel=0.06)
    assert shown.exceeds(0.03)
    assert not shown.exceeds(0.12)


def test_spikes_do_not_make_a_trend():
    noise = random.Random(1)
    values = [100 + noise.gauss(0, 1) + (400 if i % 40 == 39 else 0) for i in range(400)]
    assert abs(trend(values).rise) < 0.01


def test_noise_alone_hardly_ever_counts():
    noise = random.Random(2)
    alarms = sum(trend([noise.gauss(100, 3) for _ in range(8)]).exceeds(0.03) for _ in range(2000))
    assert alarms / 2000 < 0.02


def test_throttling_in_a_long_block_is_found():
    noise = random.Random(3)
    values = [
        10 * (1 + 0.08 * max(0, i - 2000) / 8000) * noise.lognormvariate(0, 0.03) for i in range(10_000)
    ]
    assert trend(values).exceeds(0.03)


@given(st.lists(st.floats(1, 100), min_size=0, max_size=300))
def test_reversed_values_have_the_opposite_trend(values):
    if len(values) > 10:  # else longer blocks would be cut into stretches of unequal length
        values = values[: len(values) // 10 * 10]
    forward, backward = trend(values), trend(values[::-1])
    assert forward.rise == pytest.approx(-backward.rise, abs=1e-9)
    assert forward.score == pytest.approx(-backward.score)
