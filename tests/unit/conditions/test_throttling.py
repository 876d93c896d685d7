from collections.abc import Callable, Mapping

import pytest

from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.throttling import Throttling, read_throttling

Grow = Callable[[Mapping[str, str]], Roots]
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


def test_a_dimmed_screen_is_no_throttling(snapdragon: Roots) -> None:
    assert read_throttling(snapdragon) == Throttling(active=(), events=None)


def test_a_cooled_processor_is(snapdragon: Roots) -> None:
    (snapdragon.sys / "class/thermal/cooling_device0/cur_state").write_text("3\n")
    assert read_throttling(snapdragon).active == ("thermal-cpufreq-0",)


def test_the_firmware_of_a_raspberry_pi_tells_limits_in_force(raspberry_pi: Roots) -> None:
    # Bits 16 and up are what happened since boot: they say nothing about now.
    assert read_throttling(raspberry_pi).active == ("under-voltage", "throttled")


@pytest.mark.parametrize(
    ("text", "active"), [("0", ()), ("0x50000", ()), ("8", ("soft temperature limit",)), ("zz", None)]
)
def test_firmware_bits(grow: Grow, text: str, active: tuple[str, ...] | None) -> None:
    assert read_throttling(grow({THROTTLED: text})).active == active


def test_logged_events_are_summed(desktop: Roots) -> None:
    assert read_throttling(desktop) == Throttling(active=(), events=16)


def test_unknown_is_not_none_active(bare_vm: Roots, broken: Roots) -> None:
    assert read_throttling(bare_vm) == Throttling(None, None)
    assert read_throttling(broken) == Throttling(None, None)
