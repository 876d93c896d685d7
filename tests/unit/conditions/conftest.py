"""Trees of files as devices show them: a phone, a Raspberry Pi, a Jetson, a PC, a bare VM, a broken one."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from edgemeter_agents.conditions.roots import Roots

CPU = "sys/devices/system/cpu"
Grow = Callable[[Mapping[str, str]], Roots]


def policy(
    first: int, cpus: str, governor: str, khz: tuple[int, int, int, int], states: str
) -> dict[str, str]:
    current, least, most, hardware = khz
    folder = f"{CPU}/cpufreq/policy{first}"
    return {
        f"{folder}/related_cpus": cpus + "\n",
        f"{folder}/scaling_governor": governor + "\n",
        f"{folder}/scaling_cur_freq": f"{current}\n",
        f"{folder}/scaling_min_freq": f"{least}\n",
        f"{folder}/scaling_max_freq": f"{most}\n",
        f"{folder}/cpuinfo_max_freq": f"{hardware}\n",
        f"{folder}/stats/time_in_state": states,
    }


def processors(count: int, online: str, capacity: Callable[[int], int] | None = None) -> dict[str, str]:
    files = {f"{CPU}/online": online + "\n", f"{CPU}/isolated": "\n"}
    for n in range(count):
        files[f"{CPU}/cpu{n}/topology/thread_siblings_list"] = f"{n}\n"
        if capacity is not None:
            files[f"{CPU}/cpu{n}/cpu_capacity"] = f"{capacity(n)}\n"
    return files


def process(allowed: str) -> dict[str, str]:
    return {
        "proc/self/status": f"Name:\tpython\nCpus_allowed:\tff\nCpus_allowed_list:\t{allowed}\n",
        "proc/self/cgroup": "0::/\n",
        "proc/loadavg": "1.52 0.98 0.40 3/512 4242\n",
        "proc/stat": "cpu  10 0 5 1000 2 0 1 25 0 0\ncpu0 10 0 5 1000 2 0 1 25 0 0\nintr 5 0\n",
        "proc/uptime": "3600.25 7000.10\n",
    }


@pytest.fixture
def grow(tmp_path: Path) -> Grow:
    """Writes the files (a later call adds to and overwrites an earlier one's) and returns the roots."""

    def write(files: Mapping[str, str]) -> Roots:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Roots(sys=tmp_path / "sys", proc=tmp_path / "proc", etc=tmp_path / "etc")

    return write


@pytest.fixture
def snapdragon(grow: Grow) -> Roots:
    """4 little, 3 big and 1 prime core, thermal zones among which lie some that are no temperatures."""
    capacities = [250] * 4 + [870] * 3 + [1024]
    thermal = "sys/class/thermal"
    return grow(
        processors(8, "0-7", capacities.__getitem__)
        | process("0-7")
        | policy(
            0, "0 1 2 3", "walt", (1_785_600, 300_000, 1_785_600, 1_785_600), "300000 500\n1785600 100\n"
        )
        | policy(4, "4 5 6", "walt", (710_400, 710_400, 2_419_200, 2_419_200), "710400 900\n2419200 40\n")
        | policy(7, "7", "walt", (844_800, 844_800, 2_841_600, 2_841_600), "844800 600\n2841600 7\n")
        | {
            f"{thermal}/thermal_zone0/type": "cpu-1-3-usr\n",
            f"{thermal}/thermal_zone0/temp": "41500\n",
            f"{thermal}/thermal_zone1/type": "soc\n",
            f"{thermal}/thermal_zone1/temp": "87\n",
            f"{thermal}/thermal_zone2/type": "pm8150-ibat-lvl0\n",
            f"{thermal}/thermal_zone2/temp": "900\n",
            f"{thermal}/thermal_zone3/type": "skin-therm-usr\n",
            f"{thermal}/thermal_zone3/temp": "33000\n",
            f"{thermal}/thermal_zone4/type": "gpuss-0-usr\n",
            f"{thermal}/thermal_zone4/temp": "-274000\n",
            f"{thermal}/thermal_zone10/type": "battery\n",
            f"{thermal}/thermal_zone10/temp": "30200\n",
            f"{thermal}/cooling_device0/type": "thermal-cpufreq-0\n",
            f"{thermal}/cooling_device0/cur_state": "0\n",
            f"{thermal}/cooling_device1/type": "panel0-backlight\n",
            f"{thermal}/cooling_device1/cur_state": "90\n",
            "sys/class/power_supply/battery/type": "Battery\n",
            "sys/class/power_supply/battery/capacity": "63\n",
            "sys/class/power_supply/battery/status": "Discharging\n",
            "sys/devices/soc0/family": "Snapdragon\n",
            "sys/devices/soc0/machine": "SM8250\n",
            "sys/devices/soc0/serial_number": "123456789\n",
            "proc/cpuinfo": "".join(
                f"processor\t: {n}\nBogoMIPS\t: 38.40\nCPU implementer\t: 0x51\nCPU part\t: {part}\n\n"
                for n, part in enumerate(["0x805"] * 4 + ["0x804"] * 4)
            )
            + "Hardware\t: Qualcomm Technologies, Inc SM8250\nSerial\t\t: 00000000deadbeef\n",
        }
    )


@pytest.fixture
def raspberry_pi(grow: Grow) -> Roots:
    return grow(
        processors(4, "0-3")
        | process("0-3")
        | policy(
            0, "0 1 2 3", "ondemand", (1_800_000, 600_000, 1_800_000, 1_800_000), "600000 9\n1800000 1\n"
        )
        | {
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
            "sys/class/thermal/thermal_zone0/temp": "52095\n",
            "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
            "sys/class/hwmon/hwmon0/temp1_input": "52095\n",
            "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/device-tree/compatible": "raspberrypi,4-model-b\0brcm,bcm2711\0",
            "proc/device-tree/serial-number": "10000000abcdef01\0",
            "proc/meminfo": "MemTotal:        3884360 kB\nMemFree: 1 kB\n",
            "proc/sys/kernel/osrelease": "6.6.31+rpt-rpi-v8\n",
            "proc/cpuinfo": "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\n"
            "Serial\t: 10000000abcdef01\n",
            "etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        }
    )


@pytest.fixture
def jetson(grow: Grow) -> Roots:
    """Two of six cores are switched off by the power mode; sensors of units asleep refuse to answer."""
    zones = {0: ("cpu-thermal", "48250"), 1: ("gpu-thermal", ""), 2: ("tj-thermal", "49000")}
    thermal = {
        f"sys/class/thermal/thermal_zone{n}/{name}": value + "\n"
        for n, zone in zones.items()
        for name, value in zip(("type", "temp"), zone, strict=True)
    }
    return grow(
        processors(6, "0-3")
        | process("0-3")
        | policy(0, "0 1 2 3", "performance", (1_510_400, 1_510_400, 1_510_400, 1_510_400), "1510400 77\n")
        | thermal
        | {"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"}
    )


@pytest.fixture
def desktop(grow: Grow) -> Roots:
    """4 cores of 2 threads, 0-3 and 4-7; each processor has its own clock and two turbo a little higher."""
    files = processors(8, "0-7") | process("0-7")
    for n in range(8):
        most = 5_000_000 if n % 4 in (1, 2) else 4_800_000
        files |= policy(n, str(n), "powersave", (800_000, 800_000, most, most), "")
        files[f"{CPU}/cpu{n}/topology/thread_siblings_list"] = f"{n % 4},{n % 4 + 4}\n"
        files[f"{CPU}/cpu{n}/thermal_throttle/core_throttle_count"] = "2\n"
    return grow(
        files
        | {
            "sys/class/hwmon/hwmon3/name": "coretemp\n",
            "sys/class/hwmon/hwmon3/temp1_label": "Package id 0\n",
            "sys/class/hwmon/hwmon3/temp1_input": "61000\n",
            "sys/class/hwmon/hwmon0/name": "nvme\n",
            "sys/class/hwmon/hwmon0/temp1_input": "71850\n",
            "sys/class/power_supply/hidpp_battery_0/type": "Battery\n",
            "sys/class/power_supply/hidpp_battery_0/scope": "Device\n",
            "sys/class/power_supply/hidpp_battery_0/capacity": "5\n",
            "sys/class/dmi/id/sys_vendor": "LENOVO\n",
            "sys/class/dmi/id/product_name": "30E0CTO1WW\n",
            "sys/class/dmi/id/product_serial": "SECRET77\n",
            "proc/cpuinfo": "processor\t: 0\nmodel name\t: A CPU @ 5.00GHz\nmicrocode\t: 0xf0\n",
        }
    )


@pytest.fixture
def bare_vm(grow: Grow) -> Roots:
    return grow(
        processors(2, "0-1")
        | process("0-1")
        | {"proc/cpuinfo": "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu hypervisor\n"}
    )


@pytest.fixture
def broken(grow: Grow) -> Roots:
    """Every file holds something else than it should; one is a folder, one no text."""
    garbage = "\x1b[31m-1 \u0663 1e9 0x \0 99999999999999999999999999\n"
    names = [
        *policy(0, "", "", (0, 0, 0, 0), ""),
        *processors(2, ""),
        *process(""),
        *(f"sys/class/thermal/thermal_zone0/{name}" for name in ("type", "temp")),
        *(f"sys/class/thermal/cooling_device0/{name}" for name in ("type", "cur_state")),
        *(f"sys/class/hwmon/hwmon0/{name}" for name in ("name", "temp1_input")),
        *(f"sys/class/power_supply/BAT0/{name}" for name in ("capacity", "status")),
        f"{CPU}/cpu0/cpu_capacity",
        "proc/cpuinfo",
        "proc/meminfo",
        "etc/os-release",
        "etc/machine-id",
        "sys/devices/platform/soc/soc:firmware/get_throttled",
    ]
    roots = grow(dict.fromkeys(names, garbage) | {"sys/class/power_supply/BAT0/type": "Battery"})
    (roots.proc / "device-tree" / "model").mkdir(parents=True)
    (roots.proc / "device-tree" / "compatible").write_bytes(bytes(range(256)))
    return roots
