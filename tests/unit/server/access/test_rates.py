"""A token may call so often in a minute, all at once or evenly, and no oftener."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_server.access.rates import MAX_TOKENS, Rates


def test_a_minutes_worth_at_once_then_evenly():
    rates = Rates()

    assert [rates.wait_s(1, 60, now_s=0.0) for _ in range(60)] == [0.0] * 60
    assert rates.wait_s(1, 60, now_s=0.0) == pytest.approx(1.0)
    assert rates.wait_s(1, 60, now_s=1.0) == 0.0
    assert rates.wait_s(1, 60, now_s=1.0) > 0.0


def test_tokens_do_not_pay_for_each_other():
    rates = Rates()
    while rates.wait_s(1, 10, now_s=0.0) == 0.0:
        pass

    assert rates.wait_s(2, 10, now_s=0.0) == 0.0


@given(st.lists(st.floats(min_value=0, max_value=30), min_size=1, max_size=200), st.integers(1, 50))
def test_no_minute_holds_more_than_two_minutes_worth(pauses_s: list[float], per_minute: int):
    rates, now_s, passed = Rates(), 0.0, []
    for pause_s in pauses_s:
        now_s += pause_s
        if rates.wait_s(7, per_minute, now_s) == 0.0:
            passed.append(now_s)

    for begin_s in passed:
        assert sum(begin_s <= at_s < begin_s + 60 for at_s in passed) <= 2 * per_minute


@given(st.integers(1, 1000), st.floats(min_value=0, max_value=1e6))
def test_who_waits_as_told_is_let_through(per_minute: int, now_s: float):
    rates = Rates()
    while (wait_s := rates.wait_s(7, per_minute, now_s)) == 0.0:
        pass

    assert rates.wait_s(7, per_minute, now_s + wait_s + 1e-6) == 0.0


def test_memory_is_bounded():
    rates = Rates()
    for token_id in range(3 * MAX_TOKENS):
        rates.wait_s(token_id, 6000, now_s=float(token_id))

    assert len(rates) <= MAX_TOKENS
