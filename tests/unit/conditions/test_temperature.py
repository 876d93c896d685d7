from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.temperature import (
    COLDEST_C,
    HOTTEST_C,
    Temperature,
    hottest_c,
    parse_celsius,
    read_temperatures,
)


def test_only_temperatures_of_a_phone_count(snapdragon: Roots) -> None:
    found = {t.name: t.celsius for t in read_temperatures(snapdragon)}
    # "soc" is the battery's state of charge, ibat a current, -274 degrees a sensor asleep.
    assert found == {"cpu-1-3-usr": 41.5, "skin-therm-usr": 33.0, "battery": 30.2}


def test_a_jetson_skips_the_sleeping_gpu(jetson: Roots) -> None:
    assert [(t.sensor, t.celsius) for t in read_temperatures(jetson)] == [
        ("thermal_zone0", 48.25),
        ("thermal_zone2", 49.0),
    ]


def test_monitors_are_named_by_chip_and_label(desktop: Roots) -> None:
    assert read_temperatures(desktop) == (
        Temperature("hwmon0/temp1", "nvme temp1", 71.85),
        Temperature("hwmon3/temp1", "coretemp Package id 0", 61.0),
    )


def test_the_processor_decides_not_a_hotter_disk(desktop: Roots, snapdragon: Roots) -> None:
    assert hottest_c(read_temperatures(desktop)) == 61.0
    assert hottest_c([Temperature("thermal_zone0", "acpitz", 40.0)]) == 40.0
    assert hottest_c([]) is None


def test_nothing_where_there_is_nothing(bare_vm: Roots, tmp_path: Path) -> None:
    assert read_temperatures(bare_vm) == ()
    assert read_temperatures(Roots(sys=tmp_path / "absent")) == ()


def test_garbage_is_no_temperature(broken: Roots) -> None:
    assert read_temperatures(broken) == ()


@pytest.mark.parametrize(
    ("raw", "celsius"),
    [(41500, 41.5), (45, 45.0), (0, None), (-274000, None), (127000, None), (None, None), (-5000, -5.0)],
)
def test_units_and_sensors_that_are_off(raw: int | None, celsius: float | None) -> None:
    assert parse_celsius(raw) == celsius


@given(st.integers())
def test_any_number_is_plausible_or_unknown(raw: int) -> None:
    celsius = parse_celsius(raw)
    assert celsius is None or COLDEST_C < celsius < HOTTEST_C
