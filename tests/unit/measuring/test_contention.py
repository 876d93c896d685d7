import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.failures import FailureKind
from edgemeter.protocols import SURVEY
from edgemeter_agents.measuring.contention import Accept, Fail, Repeat, Substitute, is_contended, next_action
from edgemeter_agents.measuring.samples import Block, Sample
from edgemeter_agents.measuring.visit import Load, Visit


def block(*samples):
    return Block(1, (), samples, 1, True, True, False)


def visit(share=0.0, steal=0):
    return Visit(block(*[Sample(1_000_000, 1_000_000, 0)] * 10), Load(10_000_000, round(share * 1e7), steal))


QUIET, BUSY = visit(0.009), visit(0.02)


def test_delay_and_steal_add_up():
    assert not is_contended(visit(0.009), SURVEY)
    assert is_contended(visit(0.011), SURVEY)
    assert is_contended(visit(0.006, steal=60_000), SURVEY)


def test_the_load_of_a_visit_is_that_of_all_its_blocks():
    load = Load.of_blocks(
        [block(Sample(100, 0, 5)), block(Sample(300, 0, 0), Sample(600, 0, 0))], steal_share=0.02
    )
    assert load == Load(wall_ns=1000, delay_ns=5, steal_ns=20)
    assert load.share == pytest.approx(0.025)
    assert Load.of_blocks([]).share == 0


def test_a_burst_of_load_on_one_job_is_found_in_a_quiet_visit():
    hit = block(*[Sample(2_000_000, 1_000_000, 1_000_000)] * 5, *[Sample(1_000_000, 1_000_000, 0)] * 3)
    assert is_contended(Visit(hit, Load(1_000_000_000, 5_000_000, 0)), SURVEY)


def test_single_preemptions_in_a_quiet_visit_are_left_to_the_median():
    spiked = block(*[Sample(1_000_000, 1_000_000, 0)] * 6, Sample(5_000_000, 1_000_000, 4_000_000))
    assert not is_contended(Visit(spiked, Load(1_000_000_000, 4_000_000, 0)), SURVEY)


def act(*visits, repeats=0, ratio=None):
    return next_action(visits, SURVEY, repeats_made=repeats, cpu_ratio=ratio)


def test_visits_are_made_until_the_protocol_has_its_number():
    assert act() == Repeat(3)
    assert act(QUIET) == Repeat(2)
    assert act(QUIET, QUIET, QUIET) == Accept((QUIET,) * 3)


def test_a_passing_disturbance_is_repeated_and_left_out():
    assert act(QUIET, BUSY, QUIET, ratio=0.9) == Repeat(1)
    assert act(QUIET, BUSY, QUIET, QUIET, repeats=1, ratio=0.9) == Accept((QUIET,) * 3)


def test_a_lasting_disturbance_is_replaced_by_cpu_time_where_it_may():
    assert act(BUSY, BUSY, QUIET, ratio=0.9) == Substitute((BUSY, BUSY, QUIET), 0.9)
    assert act(BUSY, BUSY, QUIET) == Repeat(2)


def test_three_repeats_without_quiet_fail():
    assert act(*[BUSY] * 9, repeats=2) == Repeat(3)
    action = act(*[BUSY] * 12, repeats=3)
    assert isinstance(action, Fail)
    assert action.failure.kind is FailureKind.CONTENDED
    assert "2% of the time in 12 of 12 visits" in action.failure.message


@given(st.lists(st.booleans(), min_size=60, max_size=60), st.sampled_from([None, 0.9]))
def test_it_always_comes_to_an_end(quiet, ratio):
    host, visits, repeats = iter(quiet), [], 0
    while isinstance(action := act(*visits, repeats=repeats, ratio=ratio), Repeat):
        repeats += len(visits) >= SURVEY.visits
        visits += [QUIET if next(host) else BUSY for _ in range(action.visits)]
    assert repeats <= SURVEY.contended_repeats
    if isinstance(action, Accept):
        assert len(action.visits) == SURVEY.visits
        assert not any(is_contended(accepted, SURVEY) for accepted in action.visits)
    assert isinstance(action, Accept | Substitute) or ratio is None
