from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.frequency import (
    FrequencyPolicy,
    effective_khz,
    parse_time_in_state,
    read_policies,
)
from edgemeter_agents.conditions.roots import Roots

Grow = Callable[[Mapping[str, str]], Roots]

STATES = ((300_000, 500), (1_000_000, 100), (2_000_000, 0))
IDLE = FrequencyPolicy((0,), "walt", None, None, None, None, STATES)


def test_every_clock_of_a_phone(snapdragon: Roots) -> None:
    little, big, prime = read_policies(snapdragon)
    assert (little.cpus, big.cpus, prime.cpus) == ((0, 1, 2, 3), (4, 5, 6), (7,))
    assert big.governor == "walt"
    assert (big.current_khz, big.min_khz, big.max_khz) == (710_400, 710_400, 2_419_200)
    assert prime.hardware_max_khz == 2_841_600
    assert prime.time_in_state == ((844_800, 600), (2_841_600, 7))


def test_a_machine_without_clocks_has_none(bare_vm: Roots) -> None:
    assert read_policies(bare_vm) == ()


def test_old_kernels_keep_clocks_below_each_processor(grow: Grow) -> None:
    cpu = "sys/devices/system/cpu"
    roots = grow(
        {f"{cpu}/cpu{n}/cpufreq/scaling_governor": "interactive" for n in (0, 1, 2)}
        | {f"{cpu}/cpu{n}/cpufreq/related_cpus": "0 1" for n in (0, 1)}
    )
    assert [policy.cpus for policy in read_policies(roots)] == [(0, 1), (2,)]


def test_garbage_is_unknown(broken: Roots) -> None:
    (policy,) = read_policies(broken)
    assert (policy.current_khz, policy.max_khz, policy.time_in_state) == (None, None, ())


def test_effective_clock_is_the_mean_weighted_by_time() -> None:
    later = replace(IDLE, time_in_state=((300_000, 500), (1_000_000, 130), (2_000_000, 10)))
    assert effective_khz(IDLE, later) == pytest.approx((1_000_000 * 30 + 2_000_000 * 10) / 40)


@pytest.mark.parametrize(
    "later",
    [
        STATES,  # no tick passed
        (),  # counters vanished
        ((300_000, 400), (1_000_000, 500), (2_000_000, 0)),  # counters were reset
    ],
)
def test_no_effective_clock_without_sound_counters(later: tuple[tuple[int, int], ...]) -> None:
    assert effective_khz(IDLE, replace(IDLE, time_in_state=later)) is None
    assert effective_khz(replace(IDLE, time_in_state=()), IDLE) is None


ticks = st.lists(st.integers(0, 10**6), min_size=3, max_size=3)


@given(ticks, ticks)
def test_effective_clock_lies_between_the_slowest_and_the_fastest(
    start: list[int], passed: list[int]
) -> None:
    khz = (300_000, 1_000_000, 2_000_000)
    before = replace(IDLE, time_in_state=tuple(zip(khz, start, strict=True)))
    ends = [s + p for s, p in zip(start, passed, strict=True)]
    value = effective_khz(before, replace(IDLE, time_in_state=tuple(zip(khz, ends, strict=True))))
    assert value is None if sum(passed) == 0 else value is not None
    assert value is None or khz[0] - 1e-6 <= value <= khz[-1] + 1e-6


@given(st.text())
def test_garbled_counters_never_raise(text: str) -> None:
    assert all(khz >= 0 and count >= 0 for khz, count in parse_time_in_state(text))
