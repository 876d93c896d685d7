import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.cores import core_name
from edgemeter_agents.conditions.device import parse_cpu_models, parse_memory_bytes, read_device
from edgemeter_agents.conditions.roots import Roots


def test_a_raspberry_pi(raspberry_pi: Roots) -> None:
    device = read_device(raspberry_pi)
    assert device.cpu_models == ("ARM Cortex-A72",)
    assert device.model == "Raspberry Pi 4 Model B Rev 1.4"
    assert device.soc == "brcm,bcm2711"
    assert device.memory_bytes == 3884360 * 1024
    assert device.kernel == "6.6.31+rpt-rpi-v8"
    assert device.system == "Debian GNU/Linux 12 (bookworm)"
    assert not device.virtual


def test_a_phone_has_each_kind_of_core_once(snapdragon: Roots) -> None:
    device = read_device(snapdragon)
    assert device.cpu_models == ("Qualcomm Kryo 4xx Silver", "Qualcomm Kryo 4xx Gold")
    assert device.soc == "Snapdragon SM8250"


def test_a_pc(desktop: Roots) -> None:
    device = read_device(desktop)
    assert (device.model, device.microcode) == ("LENOVO 30E0CTO1WW", "0xf0")
    assert device.cpu_models == ("A CPU @ 5.00GHz",)


def test_a_virtual_machine_says_so(bare_vm: Roots) -> None:
    assert read_device(bare_vm).virtual


def test_garbage_never_raises(broken: Roots) -> None:
    device = read_device(broken)
    assert (device.cpu_models, device.memory_bytes, device.machine, device.model) == ((), None, None, None)


def test_the_machine_is_recognised_but_not_revealed(raspberry_pi: Roots) -> None:
    first = read_device(raspberry_pi).machine
    assert first is not None
    assert first == read_device(raspberry_pi).machine
    assert first != "0123456789abcdef0123456789abcdef"
    (raspberry_pi.etc / "machine-id").write_text("0123456789abcdef0123456789abcdee\n")
    assert read_device(raspberry_pi).machine != first
    (raspberry_pi.etc / "machine-id").write_text("uninitialized\n")
    assert read_device(raspberry_pi).machine is None


@pytest.mark.parametrize("device", ["raspberry_pi", "snapdragon", "desktop"])
def test_no_serial_number_gets_out(request: pytest.FixtureRequest, device: str) -> None:
    text = json.dumps(asdict(read_device(request.getfixturevalue(device))))
    for secret in (
        "10000000abcdef01",
        "deadbeef",
        "123456789",
        "SECRET77",
        "0123456789abcdef0123456789abcdef",
    ):
        assert secret not in text


def test_unknown_cores_are_still_told_apart() -> None:
    assert core_name(0x41, 0xD0B) == "ARM Cortex-A76"
    assert core_name(0x41, 0xFFF) == "ARM part 0xfff"
    assert core_name(0x99, 0x1) == "implementer 0x99 part 0x001"


@given(st.text(alphabet=st.sampled_from("processor\t: \nCPUimplentpa0x41d_8zhdwe")))
def test_garbled_cpuinfo_never_raises(text: str) -> None:
    parse_cpu_models(text)
    parse_cpu_models(f"processor : 0\nCPU implementer : {text}\nCPU part : {text}\n")
    parse_memory_bytes(f"MemTotal: {text}")
