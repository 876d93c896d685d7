from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.spaces.space import CodeError
from edgemeter_predictors.data import DataError, OperatorTable
from tests.unit.predictors import blocks


@given(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.5]), st.integers(0, 9))
def test_a_latency_that_is_none_is_refused_with_its_row(value: float, row: int) -> None:
    data = blocks.data(10)
    latency_ms = data.latency_ms.copy()
    latency_ms[row] = value
    with pytest.raises(DataError, match=f"row {row} is {value}"):
        replace(data, latency_ms=latency_ms)


def test_latencies_and_networks_must_be_as_many() -> None:
    data = blocks.data(10)
    with pytest.raises(DataError, match="10 networks have 9 latencies"):
        replace(data, latency_ms=data.latency_ms[1:])


def test_a_table_of_another_version_is_refused() -> None:
    data = blocks.data(10)
    with pytest.raises(DataError, match="another version"):
        replace(data, table=OperatorTable(np.ones(3), np.ones(3)))


def test_codes_of_another_version_are_refused_with_their_row_and_column() -> None:
    data = blocks.data(10)
    codes = data.codes.copy()
    codes[7, 2] = 6
    with pytest.raises(CodeError, match=r"row 7, column 2 \(layer2\) of blocks: 6 is not one"):
        replace(data, codes=codes)


@pytest.mark.parametrize("value", [np.inf, 0.0, -0.1])
def test_an_operator_takes_a_positive_time_or_is_unknown(value: float) -> None:
    with pytest.raises(DataError, match="row 1"):
        OperatorTable(np.array([1.0, value, np.nan]), np.zeros(3))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_the_same_networks_have_the_same_number(picks: list[int]) -> None:
    data = blocks.data(5).select(np.array(picks))
    same = data.same
    for n, one in enumerate(picks):
        for m, other in enumerate(picks):
            assert (same[n] == same[m]) == (one == other)
