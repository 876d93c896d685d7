from statistics import median, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter.protocols import PRECISE, SURVEY
from edgemeter_agents.measuring.block import measure_block, take_sample, undisturbed_ns
from edgemeter_agents.measuring.bursts import RestDebt
from edgemeter_agents.measuring.samples import Sample


def stretches(log):
    """(run time, following sleep) in ns of each real-time stretch between two sleeps."""
    found, running = [], 0.0
    for kind, realtime, begin, end in log:
        if kind == "run" and realtime:
            running += end - begin
        elif kind == "sleep":
            found.append((running, end - begin))
            running = 0.0
    return [*found, (running, 0.0)] if running else found


def test_a_sample_holds_wall_cpu_and_delay(simulated):
    device = simulated.Device(jitter=0, read_cost_ns=0, preemptions_per_s=1000, preemption_ms=2)
    sample = take_sample(device, device.network(5, cold_runs=0), 3)
    assert sample.cpu_ns == 15_000_000
    assert sample.delay_ns > 0
    assert sample.wall_ns == pytest.approx(sample.cpu_ns + sample.delay_ns, abs=2)


def test_the_cost_of_the_other_clocks_is_not_in_the_wall_time(simulated):
    class Slow(simulated.Device):
        def cpu_ns(self):
            self.now_ns += 1e6
            return super().cpu_ns()

        def delay_ns(self):
            self.now_ns += 1e6
            return super().delay_ns()

    device = Slow(jitter=0, read_cost_ns=0)
    assert take_sample(device, device.network(5, cold_runs=0), 1).wall_ns == 5_000_000


def test_first_inference_and_warm_up_are_kept_apart(simulated):
    device = simulated.Device(jitter=0, read_cost_ns=0)
    block = measure_block(device, device.network(20, cold_runs=5, cold_factor=4), PRECISE)
    assert block.first_ns == 80_000_000
    assert block.warmup[0].wall_ns > 1.3 * 20e6
    assert set(block.wall_ms()) == {20.0}
    assert block.converged
    assert block.warmed_up
    assert not block.realtime


def test_a_survey_of_a_network_of_one_millisecond_is_cheap(simulated):
    device = simulated.Device()
    block = measure_block(device, device.network(1.0), SURVEY)
    assert sum(sample.wall_ns for sample in block.samples) >= 10e6
    assert quantiles(block.wall_ms())[0] == pytest.approx(1.0, rel=0.01)
    assert device.now_ns < 25e6


@given(st.floats(0.001, 0.09), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_samples_of_short_networks_last_a_millisecond(simulated, run_ms, seed):
    device = simulated.Device(seed=seed, read_cost_ns=0)
    block = measure_block(device, device.network(run_ms), SURVEY)
    assert block.runs_per_sample > 1
    assert median(sample.wall_ns for sample in block.samples) >= 0.99e6
    assert median(block.wall_ms()) == pytest.approx(run_ms, rel=0.01)


@given(st.floats(0.02, 300), st.integers(0, 99), st.sampled_from([PRECISE.evolve(max_timed_s=5.0), SURVEY]))
@settings(max_examples=25, deadline=None)
def test_no_real_time_stretch_is_long_and_each_has_its_rest(simulated, run_ms, seed, protocol):
    device = simulated.Device(seed=seed, jitter=0.02)
    block = measure_block(device, device.network(run_ms, cold_runs=1), protocol, device)
    found = stretches(device.log)
    assert block.realtime
    assert max(run for run, _ in found) < 0.4e9
    for run, rest in found:
        assert rest >= run * 0.999
    assert not device.realtime


def test_a_network_too_slow_for_a_burst_keeps_normal_priority(simulated):
    device = simulated.Device()
    block = measure_block(device, device.network(500), SURVEY, device)
    assert not block.realtime
    assert all(not realtime for _, realtime, _, _ in device.log)


def test_contention_does_not_hide_that_a_network_fits_into_a_burst(simulated):
    device = simulated.Device(preemptions_per_s=30, preemption_ms=100)
    block = measure_block(device, device.network(100), SURVEY, device)
    assert block.realtime
    assert median(block.wall_ms()) == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    ("wall", "cpu", "delay", "expected"),
    [(100, 100, 0, 100), (400, 100, 300, 100), (100, 10, 0, 100), (400, 200, 600, 200), (100, 180, 0, 100)],
    ids=["alone", "one thread", "accelerator", "two threads", "two quiet threads"],
)
def test_the_undisturbed_time_is_never_above_the_wall_time(wall, cpu, delay, expected):
    assert undisturbed_ns(Sample(wall, cpu, delay)) == expected


def test_runs_after_a_rest_are_not_samples(simulated):
    class ColdAfterSleep(simulated.Device):
        chilled = False

        def sleep(self, duration_s):
            super().sleep(duration_s)
            self.chilled = True

    device = ColdAfterSleep(jitter=0, read_cost_ns=0)
    plain = device.network(10, cold_runs=0)

    def run():
        plain()
        if device.chilled:
            device.chilled = False
            plain()  # takes twice as long

    block = measure_block(device, run, PRECISE, device)
    assert set(block.wall_ms()) == {10.0}
    assert any(sample.wall_ns == 20_000_000 for sample in block.warmup)


def test_a_shared_debt_spares_short_blocks_their_own_rests(simulated):
    device, debt = simulated.Device(), RestDebt()
    for _ in range(64):
        measure_block(device, device.network(1.0), SURVEY, device, debt=debt)
    debt.settle(device)
    assert len([kind for kind, *_ in device.log if kind == "sleep"]) < 10
    # Never more than 0.4 s of real time ahead of other time: in any second less than 0.7 s.
    owed = highest = 0.0
    for _, realtime, begin, end in device.log:
        owed = max(0.0, owed + (end - begin if realtime else begin - end))
        highest = max(highest, owed)
    assert highest < 0.4e9
    assert owed == pytest.approx(0, abs=1e6)


@pytest.mark.parametrize("run_ms", [6, 20, 100])
def test_a_network_warms_up_before_its_first_burst_and_rests_what_is_owed(simulated, run_ms):
    device, debt = simulated.Device(jitter=0, read_cost_ns=0), RestDebt()
    measure_block(device, device.network(3), SURVEY, device, debt=debt)
    assert debt.owed_ns > 0
    before = len(device.log)
    block = measure_block(device, device.network(run_ms), SURVEY, device, debt=debt)
    log = device.log[before:]
    at_normal = [kind for kind, realtime, *_ in log if not realtime]
    assert at_normal[:3] == ["run"] * 3, "first, and a warm-up of two"
    assert sum(realtime for _, realtime, *_ in log) == len(block.samples) == SURVEY.min_samples
    assert len(block.warmup) == SURVEY.warmup_runs


def test_where_steadiness_is_judged_long_networks_warm_up_as_they_are_sampled(simulated):
    device = simulated.Device(jitter=0, read_cost_ns=0)
    block = measure_block(device, device.network(100), PRECISE.evolve(max_timed_s=2.0), device)
    realtime = sum(realtime for _, realtime, *_ in device.log)
    assert realtime == len(block.samples) + len(block.warmup) - 1, "all but the probing run"


def test_what_the_network_raises_comes_through_at_normal_priority(simulated):
    device, calls = simulated.Device(), 0
    plain = device.network(1.0)

    def run():
        nonlocal calls
        calls += 1
        if calls > 5:
            raise OSError("engine lost its device")
        plain()

    with pytest.raises(OSError, match="lost"):
        measure_block(device, run, SURVEY, device)
    assert not device.realtime


@given(st.floats(0.005, 50), st.integers(0, 99), st.sampled_from([1, 1000, 100_000]))
@settings(max_examples=25, deadline=None)
def test_every_block_ends_near_the_truth_whatever_the_grain_of_the_clock(simulated, run_ms, seed, grain_ns):
    device = simulated.Device(seed=seed, grain_ns=grain_ns)
    block = measure_block(device, device.network(run_ms, cold_runs=3), SURVEY)
    values = block.wall_ms()
    # A sample lasts at least a tenth of a millisecond; its mean is right to a grain over all samples.
    grain_ms = grain_ns / 1e6 / block.runs_per_sample
    assert sum(values) / len(values) == pytest.approx(run_ms, rel=0.02, abs=grain_ms)
