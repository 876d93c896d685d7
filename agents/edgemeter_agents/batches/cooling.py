"""Waits until the device is cool enough to measure (rule 8, the thermal gate)."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgemeter.failures import FailureError, FailureKind
from edgemeter_agents.conditions.snapshot import Conditions
from edgemeter_agents.conditions.temperature import hottest_c
from edgemeter_agents.conditions.thermal_gate import ThermalGate, ThermalState

COOLING_TIMEOUT_S = 600.0
LOOK_AGAIN_S = 1.0


@dataclass(slots=True)
class CoolDown:
    """Holds visits back while the device is hot.

    Without a `start_c` only limits that the device has put itself under count as hot. `note` is told
    once for each wait. `sleep` and `now_s` are the clock.
    """

    start_c: float | None
    read: Callable[[], Conditions]
    note: Callable[[str], None]
    timeout_s: float = COOLING_TIMEOUT_S
    sleep: Callable[[float], None] = time.sleep
    now_s: Callable[[], float] = time.monotonic
    state: ThermalState | None = None

    def wait(self) -> Conditions:
        """The conditions under which the device was found ready, or told no temperature.

        Raises FailureError (device_unready) where it stays hot for `timeout_s`.
        """
        gate = ThermalGate(math.inf if self.start_c is None else self.start_c)
        deadline_s = self.now_s() + self.timeout_s
        told = False
        while True:
            conditions = self.read()
            hottest = hottest_c(conditions.temperatures)
            self.state = gate.decide(self.state, hottest, conditions.throttling.active)
            if self.state is not ThermalState.HOT:
                return conditions
            if self.now_s() >= deadline_s:
                raise FailureError.of(
                    FailureKind.DEVICE_UNREADY, f"the device did not cool down: {_why(conditions)}"
                )
            if not told:
                self.note(f"waiting for the device to cool down: {_why(conditions)}")
                told = True
            self.sleep(LOOK_AGAIN_S)


def _why(conditions: Conditions) -> str:
    if limits := conditions.throttling.active:
        return f"it limits itself ({', '.join(limits)})"
    return f"it is at {hottest_c(conditions.temperatures):.0f} °C"
