import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.thermal_gate import ThermalGate, ThermalState

READY, HOT, UNKNOWN = ThermalState.READY, ThermalState.HOT, ThermalState.UNKNOWN
GATE = ThermalGate(start_c=45.0, hysteresis_c=5.0)


@pytest.mark.parametrize(
    ("previous", "celsius", "state"),
    [
        (None, 45.0, READY),
        (None, 45.1, HOT),
        (READY, 50.0, READY),  # its own work heats it
        (READY, 50.1, HOT),
        (HOT, 48.0, HOT),  # once hot, it must cool down to the start again
        (HOT, 45.0, READY),
        (UNKNOWN, 48.0, HOT),
    ],
)
def test_hysteresis(previous: ThermalState | None, celsius: float, state: ThermalState) -> None:
    assert GATE.decide(previous, celsius, limits=()) is state


@pytest.mark.parametrize("previous", [None, READY, HOT, UNKNOWN])
def test_no_sensor_is_unknown_not_stable(previous: ThermalState | None) -> None:
    assert GATE.decide(previous, None, limits=()) is UNKNOWN
    assert GATE.decide(previous, None, limits=None) is UNKNOWN


@pytest.mark.parametrize("celsius", [None, 20.0])
def test_a_limit_in_force_is_hot_whatever_sensors_say(celsius: float | None) -> None:
    assert GATE.decide(READY, celsius, limits=("throttled",)) is HOT


def test_temperature_decides_where_limits_cannot_be_told() -> None:
    assert GATE.decide(None, 30.0, limits=None) is READY


@given(st.lists(st.floats(0, 100), min_size=1))
def test_it_never_opens_above_the_start_nor_stays_open_above_the_margin(temperatures: list[float]) -> None:
    state: ThermalState | None = None
    for celsius in temperatures:
        previous, state = state, GATE.decide(state, celsius, limits=())
        if state is READY:
            assert celsius <= (50.0 if previous is READY else 45.0)


def test_a_negative_hysteresis_is_refused() -> None:
    with pytest.raises(ValueError, match="hysteresis_c is -1"):
        ThermalGate(45.0, -1)
