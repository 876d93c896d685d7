import json
import random
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter_agents.measuring.anchors import AnchorReading, AnchorSession
from edgemeter_agents.measuring.history import AnchorHistory
from edgemeter_agents.measuring.interval import prediction_interval
from edgemeter_agents.measuring.repeatability import retest_error


def session(light_ms=2.0, heavy_ms=30.0, *, quiet=True, repeats=None):
    return AnchorSession(
        AnchorReading(light_ms, light_ms, 0.002),
        AnchorReading(heavy_ms, heavy_ms, 0.002),
        quiet,
        repeats or {},
    )


def simulate(source, count, drift, own):
    """Sessions that share a drift, beside what each anchor and a network do on their own."""
    for _ in range(count):
        shared = source.gauss(0, drift)
        light, heavy, network = (1 + shared + source.gauss(0, own) for _ in range(3))
        yield session(2 * light, 30 * heavy), 10 * network


def grown(sessions, history=None):
    history = history or AnchorHistory()
    for each in sessions:
        history = history.add(each)
    return history


def test_the_first_session_is_the_first_reference():
    assert AnchorHistory().drift(session()) is None
    history = AnchorHistory().add(session())
    assert (history.reference.light_ms, history.reference.heavy_ms) == (2.0, 30.0)
    assert history.drift(session(2.04, 30.6)).value == pytest.approx(0.02)


def test_the_reference_is_frozen_after_ten_sessions():
    ten = grown(session(2 + i / 1000, 30 + i / 100) for i in range(10))
    later = grown([session(2.1, 31.5)] * 20, ten)
    assert later.reference == ten.reference
    assert len(later.recent) == 30


def test_contended_sessions_leave_no_trace():
    history = grown([session()])
    assert history.add(session(9.0, 120.0, quiet=False)) is history
    assert history.drift(session(quiet=False)) is None


def test_three_unsound_sessions_in_a_row_make_a_new_reference():
    history = grown([session()] * 12)
    slow = session(2.4, 36.0)
    assert not history.drift(slow).sound
    twice = grown([slow, slow], history)
    assert (twice.version, twice.reference) == (1, history.reference)
    assert grown([session(), slow, slow], twice).version == 1, "a sound one in between starts over"
    renewed = twice.add(slow)
    assert renewed.version == 2
    assert renewed.reference.version == 2
    assert (renewed.reference.light_ms, renewed.reference.heavy_ms) == (2.4, 36.0)
    assert renewed.shrinkage == 0


def test_nothing_is_corrected_before_ten_sessions():
    sessions = [each for each, _ in simulate(random.Random(1), 40, drift=0.04, own=0.005)]
    assert grown(sessions[:9]).shrinkage == 0
    assert grown(sessions).shrinkage > 0.8


@pytest.mark.parametrize("seed", range(5))
def test_correcting_common_drift_lowers_the_retest_error(seed):
    source = random.Random(seed)
    raw, corrected = [], []
    history = AnchorHistory()
    previous = None
    for each, network_ms in simulate(source, 80, drift=0.035, own=0.008):
        drift = history.drift(each)
        better = network_ms / (1 + history.shrinkage * drift.value) if drift else network_ms
        if previous and history.shrinkage:
            raw.append(retest_error(previous[0], network_ms))
            corrected.append(retest_error(previous[1], better))
        previous = network_ms, better
        history = history.add(each)
    assert len(raw) > 40
    assert fmean(corrected) < 0.5 * fmean(raw)


def test_drift_that_is_not_common_is_not_corrected():
    sources = [random.Random(seed) for seed in range(200)]
    shrinkages = [
        grown(s for s, _ in simulate(source, 30, drift=0, own=0.02)).shrinkage for source in sources
    ]
    assert sum(s > 0 for s in shrinkages) <= 16, "a test at 5 % is wrong that often"
    assert fmean(shrinkages) < 0.04


def test_repeated_jobs_can_veto_what_the_anchors_suggest():
    """Both anchors move together, but the networks of the target do not follow."""
    source, history = random.Random(7), AnchorHistory()
    for _ in range(40):
        shared = 1 + source.gauss(0, 0.03)
        repeats = {f"job{i}": 10.0 * (1 + source.gauss(0, 0.002)) for i in range(20)}
        history = history.add(session(2 * shared, 30 * shared, repeats=repeats))
    assert history.shrinkage == 0


@given(st.lists(st.tuples(st.floats(1, 4), st.floats(20, 60), st.booleans()), max_size=40))
@settings(max_examples=50, deadline=None)
def test_any_history_survives_being_stored_and_stays_small(readings):
    history = grown(
        session(light, heavy, quiet=quiet, repeats={"x": light}) for light, heavy, quiet in readings
    )
    again = AnchorHistory.from_json(json.loads(json.dumps(history.to_json())))
    assert again == history
    assert again.reference == history.reference
    assert 0 <= again.shrinkage <= 1
    assert len(again.founding) <= 10
    assert len(again.strays) < 3


def test_old_sessions_are_forgotten():
    assert len(grown([session()] * 150).recent) == 100


def published(history, source, drift, own):
    """One session of a network of 10 ms as it would be published, corrected by what its anchors show."""
    anchors, network_ms = next(simulate(source, 1, drift, own))
    return network_ms / (1 + history.shrinkage * history.drift(anchors).value)


@pytest.mark.parametrize("drift", [0.0, 0.005, 0.02])
def test_the_spread_is_that_of_corrected_latencies(drift):
    """Common drift that is corrected widens no interval: nine of ten other sessions lie inside, not all."""
    source, hits, pairs = random.Random(29), 0, 0
    for _ in range(40):
        sessions = simulate(source, 24, drift, own=0.006)
        history = grown(replace(anchors, repeats={"network": ms}) for anchors, ms in sessions)
        values = [published(history, source, drift, own=0.006) for _ in range(20)]
        intervals = [prediction_interval(value, 0.006, 3, history.spread) for value in values]
        hits += sum(after in interval for interval, after in zip(intervals, values[1:], strict=False))
        pairs += len(values) - 1
    assert 0.88 <= hits / pairs <= 0.95
