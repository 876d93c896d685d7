import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.protocols import Statistic
from edgemeter_agents.measuring.headline import Headline
from edgemeter_agents.measuring.interval import (
    PRIOR_SPREAD,
    Condition,
    batch_noise,
    expected_spread,
    prediction_interval,
    prior_spread,
)
from edgemeter_agents.measuring.repeatability import Repeat, SessionSpread, session_spread

SESSIONS = 600
#: Standard error of a session of `samples` a visit, as `session` below makes them.
WITHIN = {8: 0.0063, 60: 0.0036}


def normal(noise, deviation):
    return noise.normal(0, deviation)


def heavy_tailed(noise, deviation):
    return noise.standard_t(3) / math.sqrt(3) * deviation


def session(noise, effect, samples):
    """Three visits with noise of their own, jitter and preemption spikes; true latency 1."""
    visits = []
    for _ in range(3):
        values = np.exp(effect + noise.normal(0, 0.005) + noise.normal(0, 0.02, samples))
        hit = noise.random(samples) < 0.03
        values[hit] *= 1 + noise.exponential(1.0, int(hit.sum()))
        visits.append(values.tolist())
    return Headline.of(visits, Statistic.LOWER_QUARTILE)


@pytest.mark.parametrize("effect", [normal, heavy_tailed])
@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("samples", [8, 60])
def test_with_the_right_prior_nine_of_ten_other_sessions_lie_inside(effect, condition, samples):
    spread = PRIOR_SPREAD[condition]
    between = math.sqrt(spread.deviation**2 - WITHIN[samples] ** 2)
    noise = np.random.default_rng(17)
    hits = 0
    for _ in range(SESSIONS):
        first, other = (session(noise, effect(noise, between), samples) for _ in range(2))
        hits += other.value in prediction_interval(first.value, first.standard_error, 3, spread)
    assert 0.87 <= hits / SESSIONS <= 0.96


@pytest.mark.parametrize("condition", Condition)
def test_brief_visits_are_trusted_less(condition):
    assert prior_spread(condition, 0.01).deviation >= prior_spread(condition, 1.0).deviation


@pytest.mark.parametrize("true_deviation", [0.005, 0.05])
@pytest.mark.parametrize("sessions", [11, 40])
def test_a_history_corrects_a_wrong_prior(true_deviation, sessions):
    noise = np.random.default_rng(sessions)
    hits = 0
    for _ in range(800):
        latencies = np.exp(noise.normal(0, true_deviation, sessions + 2))
        repeats = [Repeat("anchor", str(i), latency) for i, latency in enumerate(latencies[2:])]
        # What three visits of the session itself show of the same deviation.
        within = true_deviation * math.sqrt(noise.chisquare(2) / 2)
        spread = session_spread(repeats)
        assert spread is not None
        hits += latencies[1] in prediction_interval(latencies[0], within, 3, spread)
    assert 0.87 <= hits / 800 <= 0.94


def test_the_prior_holds_until_there_is_a_history():
    history = SessionSpread(0.03, 12)
    for condition in Condition:
        assert expected_spread(condition, 1.0, None) == prior_spread(condition, 1.0)
    assert expected_spread(Condition.QUIET_REALTIME, 1.0, history) == history
    contended = expected_spread(Condition.CONTENDED_CPU_TIME, 1.0, history)
    assert contended.degrees == history.degrees
    assert 1 <= contended.deviation / history.deviation < 2


@pytest.mark.parametrize("restless", [1, 5])
def test_a_history_of_calm_times_does_not_promise_too_much_in_restless_ones(restless):
    """Twenty networks a batch: three visits each, whose own scatter has grown since the history was made."""
    noise = np.random.default_rng(restless)
    calm, hits, promised = SessionSpread(0.01, 30), [], []
    for _ in range(60):
        visits = noise.normal(0, 0.015 * restless, (20, 3))
        errors = visits.std(axis=1, ddof=1) / math.sqrt(3)
        others = noise.normal(0, 0.015 * restless, (20, 3)).mean(axis=1)
        spread = expected_spread(Condition.QUIET_NORMAL, 1.0, calm, batch_noise(errors.tolist()))
        for value, error, other in zip(visits.mean(axis=1), errors, others, strict=True):
            hits.append(math.exp(other) in prediction_interval(math.exp(value), error, 3, spread))
            promised.append(math.exp(other) in prediction_interval(math.exp(value), error, 3, calm))
    assert 0.86 <= np.mean(hits) <= 0.97
    assert restless == 1 or np.mean(promised) < 0.6


def test_a_batch_without_networks_says_nothing():
    history = SessionSpread(0.03, 12)
    assert expected_spread(Condition.QUIET_NORMAL, 1.0, history, batch_noise([])) == history


@given(st.floats(1e-3, 1e4), st.floats(0, 0.1), st.floats(1e-3, 0.2), st.floats(0, 0.1))
def test_the_interval_is_positive_encloses_the_latency_and_grows(latency, within, between, device):
    spread = SessionSpread(between)
    interval = prediction_interval(latency, within, 3, spread, device)
    assert 0 < interval.low < latency < interval.high
    assert interval.low * interval.high == pytest.approx(latency**2)
    assert prediction_interval(latency, within + 0.01, 3, spread, device).half_width > interval.half_width
    wider = prediction_interval(latency, within, 3, spread, device + 0.01)
    assert wider.half_width > interval.half_width


@given(st.floats(1e-3, 0.2), st.integers(1, 50))
def test_fewer_sessions_make_a_wider_interval(deviation, degrees):
    few = prediction_interval(1.0, deviation, 3, SessionSpread(deviation, degrees))
    more = prediction_interval(1.0, deviation, 3, SessionSpread(deviation, degrees + 1))
    assert few.half_width > more.half_width
