import random

from hypothesis import given
from hypothesis import strategies as st

from edgemeter.protocols import PRECISE, SURVEY
from edgemeter_agents.measuring.samples import Sample
from edgemeter_agents.measuring.stopping import Stopping


def stopped(protocol, wall_ms):
    state = Stopping(protocol)
    while not state.finished:
        state.add(Sample(int(wall_ms(len(state.samples)) * 1e6), 0, 0))
    return state


def test_a_quiet_network_stops_at_fifty_samples_and_one_second():
    assert len(stopped(PRECISE, lambda _: 40.0).samples) == 50
    assert len(stopped(PRECISE, lambda _: 2.0).samples) == 500


def test_a_noisy_network_goes_on_until_its_median_is_known():
    noise = random.Random(1)
    state = stopped(PRECISE, lambda _: 25 * noise.lognormvariate(0, 0.07))
    assert state.converged
    assert len(state.samples) > 150


def test_a_wandering_network_takes_longer_than_a_shuffled_one():
    """Order statistics alone would see no difference."""
    noise, level, wandering = random.Random(3), 0.0, []
    for _ in range(PRECISE.max_samples):
        level = 0.97 * level + noise.gauss(0, 0.012)
        wandering.append(25 * (1 + level))
    shuffled = noise.sample(wandering, len(wandering))
    in_order, at_random = (
        len(stopped(PRECISE, values.__getitem__).samples) for values in (wandering, shuffled)
    )
    assert at_random < 400
    assert in_order > 2 * at_random


def test_a_slow_network_stops_at_the_cap():
    state = stopped(PRECISE, lambda _: 2000.0)
    assert len(state.samples) == 10
    assert state.converged, "ten equal samples leave nothing to learn"


def test_survey_stops_at_its_minimum_whatever_the_noise():
    noise = random.Random(2)
    assert len(stopped(SURVEY, lambda _: 30 * noise.lognormvariate(0, 0.5)).samples) == 6
    assert 10 <= len(stopped(SURVEY, lambda _: 1.0).samples) <= 12


@given(st.lists(st.floats(0, 5e3), min_size=1, max_size=20))
def test_it_always_stops(wall_ms):
    state = stopped(PRECISE, lambda i: wall_ms[i % len(wall_ms)])
    assert len(state.samples) <= PRECISE.max_samples
