from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgemeter.failures import FailureError, FailureKind
from edgemeter_agents.batches.cooling import CoolDown
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.snapshot import Conditions, read_conditions
from edgemeter_agents.conditions.temperature import Temperature
from edgemeter_agents.conditions.throttling import Throttling


class Device:
    """Cools one degree a second while nobody measures."""

    def __init__(self, tmp_path: Path, celsius: float | None, limits: tuple[str, ...] | None = None) -> None:
        self._nothing = read_conditions(Roots(tmp_path, tmp_path, tmp_path))
        self.celsius, self.limits, self.time_s = celsius, limits, 0.0
        self.notes: list[str] = []

    def read(self) -> Conditions:
        sensors = () if self.celsius is None else (Temperature("thermal", "cpu-thermal", self.celsius),)
        return replace(self._nothing, temperatures=sensors, throttling=Throttling(self.limits, None))

    def sleep(self, duration_s: float) -> None:
        self.time_s += duration_s
        if self.celsius is not None:
            self.celsius -= duration_s

    def cool_down(self, start_c: float | None) -> CoolDown:
        return CoolDown(start_c, self.read, self.notes.append, sleep=self.sleep, now_s=lambda: self.time_s)


@pytest.fixture
def device(tmp_path: Path) -> Callable[..., Device]:
    return lambda *facts: Device(tmp_path, *facts)


def test_waits_for_the_starting_temperature_and_says_so_once(device: Callable[..., Device]) -> None:
    hot = device(80.0)
    conditions = hot.cool_down(50.0).wait()
    assert conditions.temperatures[0].celsius == 50.0
    assert hot.notes == ["waiting for the device to cool down: it is at 80 °C"]


def test_between_visits_the_hysteresis_keeps_the_gate_open(device: Callable[..., Device]) -> None:
    warm = device(49.0)
    gate = warm.cool_down(50.0)
    gate.wait()
    warm.celsius = 54.0
    gate.wait()
    assert warm.notes == []


def test_without_a_sensor_nothing_is_waited_for(device: Callable[..., Device]) -> None:
    unknown = device(None)
    unknown.cool_down(50.0).wait()
    assert unknown.time_s == 0


def test_a_device_that_limits_itself_is_hot_without_any_limit_of_ours(device: Callable[..., Device]) -> None:
    limited = device(40.0, ("cpu",))
    with pytest.raises(FailureError, match="limits itself") as caught:
        limited.cool_down(None).wait()
    assert caught.value.failure.kind is FailureKind.DEVICE_UNREADY
    assert limited.time_s >= 600
