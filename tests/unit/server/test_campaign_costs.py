import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.wire.campaigns import Purpose
from edgemeter_server.campaigns.costs import Claim, device_s, remaining_s

OPERATORS = Claim(10.0, {Purpose.OPERATOR: 20}, ended=True)
WHOLE = Claim(60.0, {Purpose.TRAIN: 8, Purpose.TEST: 2}, ended=True)
RUNNING = Claim(5.0, {Purpose.TRAIN: 10}, ended=False)


def test_operators_and_architectures_have_rates_of_their_own() -> None:
    left = {Purpose.OPERATOR: 4, Purpose.TRAIN: 3, Purpose.TEST: 2}
    assert remaining_s([OPERATORS, WHOLE, RUNNING], left) == pytest.approx(4 * 0.5 + 5 * 6.0)


def test_what_has_not_been_seen_to_the_end_has_no_rate() -> None:
    left = {Purpose.OPERATOR: 4, Purpose.TRAIN: 3}
    assert remaining_s([OPERATORS, RUNNING], left) is None
    assert remaining_s([OPERATORS, RUNNING], {**left, Purpose.TRAIN: 0}) == pytest.approx(2.0)
    assert remaining_s([], {Purpose.OPERATOR: 1}) is None
    assert remaining_s([], {Purpose.OPERATOR: 0}) == 0.0


def test_a_repeat_takes_what_networks_take_on_average() -> None:
    assert remaining_s([OPERATORS, WHOLE], {Purpose.REPEAT: 3}) == pytest.approx(3 * 70 / 30)


@given(
    st.lists(
        st.builds(
            Claim,
            st.floats(0.1, 100),
            st.dictionaries(st.sampled_from(Purpose), st.integers(1, 50), min_size=4),
            st.just(True),
        ),
        min_size=1,
    )
)
def test_as_much_again_takes_as_long_where_claims_are_alike(found: list[Claim]) -> None:
    """Whatever is mixed, all is given to somebody."""
    left = dict.fromkeys(Purpose, 0)
    for claim in found:
        for purpose, count in claim.jobs.items():
            left[purpose] += count
    apart = {**left, Purpose.REPEAT: 0}
    without = [Claim(c.device_s, {**c.jobs, Purpose.REPEAT: 0}, ended=True) for c in found]
    assert remaining_s(without, apart) == pytest.approx(device_s(found))
