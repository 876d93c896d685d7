import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.snapshot import difference, parse_uptime_s, read_conditions
from edgemeter_agents.conditions.throttling import Throttling

Grow = Callable[[Mapping[str, str]], Roots]

ALL = ("snapdragon", "raspberry_pi", "jetson", "desktop", "bare_vm", "broken")


@pytest.mark.parametrize("device", ALL)
def test_every_device_is_read_and_written_as_json(request: pytest.FixtureRequest, device: str) -> None:
    conditions = read_conditions(request.getfixturevalue(device))
    document = json.loads(json.dumps(conditions.document(), allow_nan=False))
    assert set(document) == {"policies", "temperatures", "throttling", "load", "power", "uptime_s"}
    json.dumps(difference(conditions, conditions).document(), allow_nan=False)


def test_this_very_machine_is_read() -> None:
    before = read_conditions(Roots())
    assert before.uptime_s is not None
    assert before.load.runnable_threads is not None
    assert difference(before, read_conditions(Roots())).clock_moved in (False, True)


def test_a_phone_that_heats_up_and_clocks_down(snapdragon: Roots) -> None:
    before = read_conditions(snapdragon)
    big = snapdragon.sys / "devices/system/cpu/cpufreq/policy4"
    (big / "scaling_max_freq").write_text("1_804_800".replace("_", ""))
    (big / "stats/time_in_state").write_text("710400 900\n1804800 30\n2419200 50\n")
    (snapdragon.sys / "class/thermal/thermal_zone0/temp").write_text("72500")
    (snapdragon.sys / "class/thermal/thermal_zone3/temp").write_text("35000")
    (snapdragon.proc / "stat").write_text("cpu  10 0 5 1000 2 0 1 26 0 0\n")
    (snapdragon.sys / "class/power_supply/battery/status").write_text("Charging")
    change = difference(before, read_conditions(snapdragon))
    assert change.effective_khz((5,)) == pytest.approx((1_804_800 * 30 + 2_419_200 * 10) / 40)
    assert change.effective_khz((5, 7)) is None  # the prime core's counters did not move
    assert change.temperature_rise_c == pytest.approx(31.0)
    assert change.throttled is True
    assert change.clock_moved
    assert not change.governor_moved
    assert change.charging_moved is True
    assert change.steal_ns is not None
    assert change.steal_ns > 0


def test_nothing_moved(snapdragon: Roots) -> None:
    conditions = read_conditions(snapdragon)
    change = difference(conditions, conditions)
    assert (change.clock_moved, change.throttled, change.charging_moved) == (False, False, False)
    assert (change.steal_ns, change.temperature_rise_c) == (0, 0)


def test_another_governor(raspberry_pi: Roots) -> None:
    before = read_conditions(raspberry_pi)
    (raspberry_pi.sys / "devices/system/cpu/cpufreq/policy0/scaling_governor").write_text("powersave")
    change = difference(before, read_conditions(raspberry_pi))
    assert change.governor_moved
    assert change.clock_moved


def test_newly_logged_events_are_throttling(desktop: Roots) -> None:
    before = read_conditions(desktop)
    calm = difference(before, before)
    assert calm.throttled is False
    after = replace(before, throttling=Throttling((), 17))
    assert difference(before, after).throttled is True


def test_unknown_stays_unknown(bare_vm: Roots) -> None:
    conditions = read_conditions(bare_vm)
    change = difference(conditions, conditions)
    assert change.throttled is None
    assert change.temperature_rise_c is None
    assert change.charging_moved is None
    assert change.effective_khz((0,)) is None


def test_totals_that_shrank_were_reset(bare_vm: Roots) -> None:
    before = read_conditions(bare_vm)
    after = replace(before, load=replace(before.load, steal_ns=0))
    assert difference(before, after).steal_ns is None


def test_two_sensors_of_one_name_are_not_mixed_up(grow: Grow) -> None:
    zone = "sys/class/thermal/thermal_zone"
    names = {f"{zone}{n}/type": "acpitz" for n in (0, 1)}
    before = read_conditions(grow(names | {f"{zone}0/temp": "30000", f"{zone}1/temp": "60000"}))
    after = read_conditions(grow({f"{zone}0/temp": "31000"}))
    assert difference(before, after).temperature_rise_c == 1.0


@given(st.text())
def test_garbled_uptime_never_raises(text: str) -> None:
    uptime_s = parse_uptime_s(text)
    assert uptime_s is None or uptime_s >= 0
