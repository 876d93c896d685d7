from hypothesis import given
from hypothesis import strategies as st

from edgemeter.protocols import PRECISE, SURVEY
from edgemeter_agents.measuring.samples import Sample
from edgemeter_agents.measuring.warm_up import MOST_RUNS_PER_SAMPLE, WarmUp, batch_size


def warm(protocol, run_ns_of):
    state = WarmUp(protocol)
    while not state.finished:
        run_ns = run_ns_of(len(state.samples))
        state.add(Sample(int(run_ns * state.runs), 0, 0))
    return state


def test_it_takes_ten_runs_and_half_a_second():
    assert len(warm(PRECISE, lambda _: 10e6).samples) == 50
    assert len(warm(PRECISE, lambda _: 200e6).samples) == 10


def test_it_waits_for_steady_runs():
    falling = warm(PRECISE, lambda i: 60e6 if i < 30 else 50e6)
    assert falling.complete
    assert len(falling.samples) == 10, "a plateau that lasts looks steady"
    ramp = warm(PRECISE, lambda i: 60e6 * 0.9 ** min(i, 20))
    assert ramp.complete
    assert len(ramp.samples) > 20


def test_a_network_that_never_settles_ends_at_the_cap():
    state = warm(PRECISE, lambda i: 1e6 * 1.05 ** min(i, 150))
    assert not state.complete
    assert 10e9 <= sum(sample.wall_ns for sample in state.samples) < 13e9


def test_a_slow_network_ends_at_the_cap_after_few_runs():
    assert len(warm(PRECISE, lambda _: 7e9).samples) == 2


def test_survey_asks_for_two_runs_after_the_first_inference():
    assert len(warm(SURVEY, lambda _: 20e6).samples) == 2


def test_warm_up_samples_are_per_invocation():
    state = warm(PRECISE, lambda _: 20e3)
    assert {sample.wall_ns for sample in state.samples} == {20_000}
    assert state.runs_per_sample() == 50


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=30), st.sampled_from([PRECISE, SURVEY]))
def test_it_always_ends(run_ns, protocol):
    state = warm(protocol, lambda i: run_ns[i % len(run_ns)])
    assert len(state.samples) <= protocol.max_samples
    assert 1 <= state.runs_per_sample() <= MOST_RUNS_PER_SAMPLE


@given(st.floats(0, 1e10))
def test_short_runs_fill_a_millisecond_and_others_stand_alone(run_ns):
    runs = batch_size(run_ns, PRECISE)
    if run_ns >= 100e3:
        assert runs == 1
    else:
        assert runs == MOST_RUNS_PER_SAMPLE or runs * run_ns >= 0.999e6
        assert (runs - 1) * max(run_ns, 1) < 1e6
