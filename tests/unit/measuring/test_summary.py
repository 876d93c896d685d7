import random
from dataclasses import replace

import pytest

from edgemeter.protocols import PRECISE, SURVEY
from edgemeter_agents.measuring.anchors import Drift
from edgemeter_agents.measuring.block import measure_block
from edgemeter_agents.measuring.contention import Substitute, next_action
from edgemeter_agents.measuring.repeatability import SessionSpread
from edgemeter_agents.measuring.summary import Method, ThermalState, summarise
from edgemeter_agents.measuring.validity import Finding, Reason
from edgemeter_agents.measuring.visit import Load, Visit


@pytest.fixture
def visits(simulated):
    """Makes the visits of one network of 5 ms on a device with the given noise."""

    def make(protocol=SURVEY, realtime=False, run_ms=5.0, **noise):
        device = simulated.Device(**noise)
        found = []
        for _ in range(protocol.visits):
            network = device.network(run_ms, cold_runs=3)
            block = measure_block(device, network, protocol, device if realtime else None)
            found.append(Visit(block, Load.of_blocks([block])))
            device.sleep(1.0)
        return found

    return make


def reasons(summary):
    return {finding.reason for finding in summary.findings}


def test_a_quiet_precise_measurement(visits):
    summary = summarise(visits(PRECISE), PRECISE)
    assert summary.valid
    assert not summary.findings
    assert summary.latency_ms == pytest.approx(5.0, rel=0.002)
    assert summary.latency_ms == summary.raw_ms == summary.wall_ms
    assert summary.cpu_ms == pytest.approx(5.0, rel=0.002)
    assert summary.latency_ms in summary.interval_ms
    assert summary.first_inference_ms == pytest.approx(20, rel=0.02)
    assert (summary.method, summary.converged, summary.realtime) == (Method.WALL, True, False)
    assert summary.protocol_digest == PRECISE.digest()
    assert summary.timed_s >= 3.0
    assert summary.runs_per_sample == (1, 1, 1)


def test_real_time_priority_is_told_and_has_its_own_prior(visits):
    fifo, normal = summarise(visits(realtime=True), SURVEY), summarise(visits(), SURVEY)
    assert fifo.realtime
    assert fifo.interval_ms.half_width > normal.interval_ms.half_width


@pytest.mark.parametrize("realtime", [False, True])
def test_preemption_spikes_do_not_move_the_latency(visits, realtime):
    summary = summarise(visits(PRECISE, realtime, preemptions_per_s=2, preemption_ms=4), PRECISE)
    assert summary.latency_ms == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_common_drift_moves_the_latency_no_further_than_itself(visits, simulated, seed):
    drift = simulated.common_drift(0.026, period_s=1.7, phase=seed)
    summary = summarise(visits(factor=drift, seed=seed), SURVEY)
    assert summary.latency_ms == pytest.approx(5.0, rel=0.027)
    assert summary.valid or reasons(summary) & {Reason.DRIFT}


@pytest.mark.parametrize("seed", range(6))
def test_a_bimodal_clock_yields_one_of_its_levels_and_is_told_where_it_matters(visits, simulated, seed):
    clock = simulated.bimodal(slow=1.25, dwell_s=0.7, share=0.4, seed=seed)
    measured = visits(PRECISE, factor=clock, seed=seed)
    summary = summarise(measured, PRECISE)
    assert any(summary.latency_ms == pytest.approx(level, rel=0.01) for level in (5.0, 6.25))
    slow = [
        sum(value > 5.6 for value in visit.block.wall_ms()) / len(visit.block.samples) for visit in measured
    ]
    doubted = bool(reasons(summary) & {Reason.UNSTABLE_VISITS, Reason.UNCONVERGED, Reason.DRIFT})
    assert doubted or max(slow) < 0.25, slow


def test_throttling_through_the_blocks_invalidates(visits, simulated):
    slowing = simulated.throttling(begin_s=0, slowest=3.0, ramp_s=40)
    short = PRECISE.evolve(max_timed_s=3.0)
    summary = summarise(visits(short, factor=slowing), short)
    assert Reason.DRIFT in reasons(summary)
    assert not summary.valid


def test_short_networks_are_summarised_per_invocation(visits):
    summary = summarise(visits(run_ms=0.02), SURVEY)
    assert summary.latency_ms == pytest.approx(0.02, rel=0.01)
    assert min(summary.runs_per_sample) >= 49


def test_contention_is_found_and_replaced_by_cpu_time(visits):
    busy = visits(preemptions_per_s=200, preemption_ms=10)
    as_wall = summarise(busy, SURVEY)
    assert not as_wall.valid
    assert Reason.CONTENDED in reasons(as_wall)
    action = next_action(busy, SURVEY, repeats_made=0, cpu_ratio=0.9)
    assert isinstance(action, Substitute)
    summary = summarise(action.visits, SURVEY, cpu_ratio=action.ratio)
    assert summary.method is Method.CPU_TIME
    assert summary.valid
    assert Reason.CPU_TIME in reasons(summary)
    assert summary.latency_ms == pytest.approx(0.9 * 5.0, rel=0.01)
    assert summary.wall_ms > 1.5 * summary.cpu_ms
    quiet = summarise(visits(), SURVEY)
    assert summary.interval_ms.high / summary.latency_ms > quiet.interval_ms.high / quiet.latency_ms
    assert summary.disturbance > 0.3


def test_an_unseen_run_queue_is_told(visits):
    blind = [replace(visit, delay_available=False) for visit in visits()]
    assert Reason.CONTENTION_UNKNOWN in reasons(summarise(blind, SURVEY))


def test_drift_is_corrected_as_far_as_it_was_shown_to_help(visits):
    drift = Drift(value=0.05, standard_error=0.01, agree=True)
    summary = summarise(visits(), SURVEY, drift=drift, shrinkage=0.8)
    assert summary.latency_ms == pytest.approx(summary.raw_ms / 1.04)
    assert (summary.drift, summary.shrinkage) == (0.05, 0.8)
    assert summarise(visits(), SURVEY, drift=drift).latency_ms == summary.raw_ms


def test_cpu_time_already_holds_the_anchors(visits):
    drift = Drift(value=0.05, standard_error=0.01, agree=True)
    summary = summarise(visits(), SURVEY, cpu_ratio=1.0, drift=drift, shrinkage=0.8)
    assert summary.latency_ms == summary.raw_ms
    assert summary.shrinkage == 0


@pytest.mark.parametrize(
    ("drift", "reason"),
    [
        (Drift(0.02, 0.01, agree=False), Reason.ANCHORS_DISAGREE),
        (Drift(0.12, 0.01, agree=True), Reason.ANCHOR_DRIFT),
    ],
)
def test_unsound_anchors_invalidate_the_batch(visits, drift, reason):
    summary = summarise(visits(), SURVEY, drift=drift)
    assert not summary.valid
    assert reasons(summary) == {reason}


def test_what_the_shell_found_is_kept(visits):
    summary = summarise(
        visits(),
        SURVEY,
        findings=[Finding(Reason.THROTTLED, "900 MHz")],
        thermal_state=ThermalState.SUSTAINED,
    )
    assert not summary.valid
    assert summary.findings[0] == Finding(Reason.THROTTLED, "900 MHz")
    assert summary.thermal_state is ThermalState.SUSTAINED


def test_a_history_of_the_target_replaces_the_prior(visits):
    measured = visits()
    narrow = summarise(measured, SURVEY, spread=SessionSpread(0.003, 30)).interval_ms
    assert narrow.half_width < summarise(measured, SURVEY).interval_ms.half_width
    devices = summarise(measured, SURVEY, device_deviation=0.03).interval_ms
    assert devices.half_width > 1.5 * narrow.half_width


@pytest.mark.parametrize(("protocol", "advised"), [(SURVEY, True), (PRECISE, False)])
def test_a_protocol_is_not_advised_to_whom_has_used_it(visits, protocol, advised):
    [found] = [
        finding
        for finding in summarise(visits(jitter=0.3), protocol).findings
        if finding.reason is Reason.UNCONVERGED
    ]
    assert ("Use the protocol `precise`" in found.text) is advised
    assert ("stop other programs" in str(found)) is not advised


def test_unsteady_networks_are_flagged_not_invalid(visits):
    noise = random.Random(4)
    summary = summarise(visits(jitter=0.3, seed=noise.randrange(99)), SURVEY)
    assert Reason.UNCONVERGED in reasons(summary)
    assert not summary.converged
    unwarm = [replace(v, block=replace(v.block, warmed_up=False)) for v in visits()]
    assert reasons(summarise(unwarm, SURVEY)) == {Reason.NOT_WARMED_UP}
    assert summarise(unwarm, SURVEY).valid
