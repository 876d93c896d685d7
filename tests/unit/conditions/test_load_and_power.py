import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.load import parse_loadavg, parse_steal_ns, read_load
from edgemeter_agents.conditions.power import Power, read_power
from edgemeter_agents.conditions.roots import Roots


def test_load_of_a_machine(bare_vm: Roots) -> None:
    load = read_load(bare_vm)
    assert load.averages == (1.52, 0.98, 0.40)
    assert load.runnable_threads == 3
    assert load.steal_ns == 25 * 10**9 // os.sysconf("SC_CLK_TCK")
    assert load.quota_throttled_ns is None


def test_garbage_is_unknown(broken: Roots) -> None:
    load = read_load(broken)
    assert (load.averages, load.runnable_threads, load.steal_ns) == (None, None, None)


def test_steal_is_that_of_all_processors_together() -> None:
    stat = "cpu  1 2 3 4 5 6 7 250 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
    assert parse_steal_ns(stat, 100) == 2_500_000_000
    assert parse_steal_ns("cpu  1 2 3 4\n", 100) is None  # kernels before 2.6.11


@given(st.text())
def test_garbled_texts_never_raise(text: str) -> None:
    parse_loadavg(text)
    parse_steal_ns(text, 100)


@given(st.text(alphabet="cpu 0123456789\n/."))
def test_almost_right_texts_never_raise(text: str) -> None:
    averages, runnable = parse_loadavg(text)
    assert (averages is None) == (runnable is None)
    assert (parse_steal_ns("cpu " + text, 100) or 0) >= 0


def test_battery_of_a_phone(snapdragon: Roots) -> None:
    assert read_power(snapdragon) == Power(63, charging=False, status="Discharging")


def test_the_battery_of_a_mouse_is_not_the_machines(desktop: Roots) -> None:
    assert read_power(desktop) == Power(None, None, None)


@pytest.mark.parametrize(
    ("status", "charging"), [("Charging", True), ("Full", False), ("Not charging", False), ("Unknown", None)]
)
def test_charging(snapdragon: Roots, status: str, charging: bool | None) -> None:
    (snapdragon.sys / "class/power_supply/battery/status").write_text(status + "\n")
    assert read_power(snapdragon).charging is charging


def test_an_impossible_charge_is_unknown(snapdragon: Roots) -> None:
    (snapdragon.sys / "class/power_supply/battery/capacity").write_text("250\n")
    assert read_power(snapdragon).battery_percent is None
