"""Every transition of a device's health, and what holds for any sequence of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.wire.devices import DeviceHealth
from edgemeter_server.devices.trust import TRUSTED, Trust, after_failure, after_success, at_word

UNKNOWN, GOOD, BAD, MAINTENANCE, RETIRED = DeviceHealth
LIMIT = 3


@pytest.mark.parametrize("health", DeviceHealth)
@pytest.mark.parametrize("strikes", range(LIMIT))
def test_a_failure_of_its_own(health: DeviceHealth, strikes: int) -> None:
    before = Trust(health, strikes, "before")
    after = after_failure(before, LIMIT, "too hot")
    if health not in TRUSTED:
        assert after == before
    elif strikes + 1 < LIMIT:
        assert after == Trust(UNKNOWN, strikes + 1, "too hot")
    else:
        assert (after.health, after.strikes) == (BAD, LIMIT)
        assert after.reason == "3 failures in a row of its own; the last: too hot"


@pytest.mark.parametrize("health", DeviceHealth)
def test_a_success(health: DeviceHealth) -> None:
    before = Trust(health, 2, "before")
    assert after_success(before) == (Trust(GOOD) if health in TRUSTED else before)


@pytest.mark.parametrize("health", DeviceHealth)
@pytest.mark.parametrize("word", DeviceHealth)
def test_an_admins_word_holds_whatever_was_before(health: DeviceHealth, word: DeviceHealth) -> None:
    assert at_word(Trust(health, 4, "before"), word, "I say so") == Trust(word, 0, "I say so")


def test_a_limit_of_one_needs_no_row() -> None:
    assert after_failure(Trust(GOOD), 1, "unplugged").reason == "a failure of its own; the last: unplugged"


EVENTS = st.lists(st.sampled_from(["failure", "success"]), max_size=30)


@given(EVENTS, st.integers(1, 6), st.sampled_from(DeviceHealth))
def test_any_sequence(events: list[str], limit: int, start: DeviceHealth) -> None:
    trust, in_a_row = Trust(start), 0
    for event in events:
        was = trust
        trust = after_failure(trust, limit, "x") if event == "failure" else after_success(trust)
        in_a_row = in_a_row + 1 if event == "failure" else 0
        if was.health not in TRUSTED:
            assert trust == was  # nothing but an admin's word brings it back
        else:
            assert trust.strikes == in_a_row
            assert (trust.health is BAD) == (in_a_row >= limit)
            assert (trust.health is GOOD) == (in_a_row == 0)
