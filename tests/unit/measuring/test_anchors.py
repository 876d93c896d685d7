import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.measuring.anchors import AnchorReading, AnchorSession, Reference, drift_of

REFERENCE = Reference(1, 2.0, 30.0)


def session(light=0.0, heavy=0.0, *, light_error=0.002, heavy_error=0.002, cpu=1.0):
    return AnchorSession(
        AnchorReading(2.0 * (1 + light), 2.0 * cpu, light_error),
        AnchorReading(30.0 * (1 + heavy), 30.0 * cpu, heavy_error),
        quiet=True,
    )


def test_equal_anchors_share_their_drift():
    drift = drift_of(session(0.04, 0.04), REFERENCE, 0.01)
    assert drift.value == pytest.approx(0.04)
    assert drift.sound


def test_the_surer_anchor_weighs_more():
    drift = drift_of(session(0.00, 0.04, light_error=0.05), REFERENCE, 0.01)
    assert drift.value > 0.035
    assert drift.agree


def test_anchors_far_apart_disagree():
    assert not drift_of(session(-0.03, 0.03), REFERENCE, 0.01).agree
    assert drift_of(session(-0.03, 0.03), REFERENCE, 0.02).agree


@pytest.mark.parametrize(("value", "sound"), [(0.09, True), (0.11, False), (-0.09, True), (-0.11, False)])
def test_a_drift_above_ten_percent_is_unsound(value, sound):
    assert drift_of(session(value, value), REFERENCE, 0.01).sound is sound


@given(st.floats(-0.09, 0.09), st.floats(0.001, 0.03), st.integers(0, 999))
def test_the_stated_error_is_the_error(true_drift, noise, seed):
    source = random.Random(seed)
    scores = []
    for _ in range(200):
        light, heavy = (true_drift + source.gauss(0, noise) for _ in range(2))
        drift = drift_of(session(light, heavy, light_error=0, heavy_error=0), REFERENCE, noise)
        scores.append((drift.value - true_drift) / drift.standard_error)
    spread = math.sqrt(sum(score**2 for score in scores) / len(scores))
    assert 0.8 < spread < 1.25


def test_the_cpu_ratio_is_quiet_wall_over_cpu_now():
    assert REFERENCE.cpu_ratio(session(3.0, 3.0, cpu=1.12), 0.01) == pytest.approx(1 / 1.12)


def test_anchors_that_disagree_give_no_cpu_ratio():
    odd = session()
    odd = replace(odd, light=replace(odd.light, cpu_ms=2.0 * 1.3))
    assert REFERENCE.cpu_ratio(odd, 0.01) is None
