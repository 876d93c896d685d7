"""When a device is cool enough to measure: a pure decision with hysteresis."""

from dataclasses import dataclass
from enum import StrEnum


class ThermalState(StrEnum):
    READY = "ready"
    HOT = "hot"
    UNKNOWN = "unknown"  #: no sensor: not the same as stable, and stored as such


@dataclass(frozen=True, slots=True)
class ThermalGate:
    """Opens at `start_c`, closes only above `start_c + hysteresis_c`.

    A batch starts where a device has cooled to `start_c`; between the jobs of a batch the
    hysteresis keeps it from waiting for the heat that its own work makes.
    """

    start_c: float
    hysteresis_c: float = 5.0

    def __post_init__(self) -> None:
        if self.hysteresis_c < 0:
            raise ValueError(f"hysteresis_c is {self.hysteresis_c}, it cannot be negative")

    def decide(
        self, previous: ThermalState | None, hottest_c: float | None, limits: tuple[str, ...] | None
    ) -> ThermalState:
        """The state that follows `previous` (None at the start).

        `limits` are the thermal limits in force (`Throttling.active`): with one in force a device is
        hot whatever its sensors say; without any way to tell (None) the temperature alone decides.
        """
        if limits:
            return ThermalState.HOT
        if hottest_c is None:
            return ThermalState.UNKNOWN
        margin_c = self.hysteresis_c if previous is ThermalState.READY else 0.0
        return ThermalState.READY if hottest_c <= self.start_c + margin_c else ThermalState.HOT
