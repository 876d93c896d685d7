from typing import Final

import numpy as np
import pytest

from edgemeter.spaces.counting import placed_at
from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError, Codes
from edgemeter.spaces.sums import max_over_layers, sum_over_layers

SPACE: Final = Hurricane()
#: Below and above the block of rows, and such that tables are merged by none, two and three.
COUNTS: Final = (0, 1, 2, 100, 20_000, 70_001)


@pytest.mark.parametrize("count", COUNTS)
def test_sums_and_maxima_are_those_of_the_layers(count: int) -> None:
    codes = sample(SPACE, count, seed=count)
    values = np.random.default_rng(0).integers(-(10**12), 10**12, (len(SPACE.placed), 2))
    layers = values[placed_at(SPACE, codes)]
    assert np.array_equal(sum_over_layers(SPACE, values, codes), layers.sum(axis=1))
    assert np.array_equal(max_over_layers(SPACE, values, codes), layers.max(axis=1, initial=0))


def test_memory_order_and_views_make_no_difference() -> None:
    codes = sample(SPACE, 50_000, seed=1)
    values = np.random.default_rng(0).random(len(SPACE.placed))
    expected = sum_over_layers(SPACE, values, codes)
    assert expected.shape == (50_000,)
    assert np.array_equal(sum_over_layers(SPACE, values, np.ascontiguousarray(codes)), expected)
    assert np.array_equal(sum_over_layers(SPACE, values, codes[::-3]), expected[::-3])


def test_float32_stays_float32() -> None:
    values = np.ones(len(SPACE.placed), dtype=np.float32)
    result = sum_over_layers(SPACE, values, sample(SPACE, 5, seed=1))
    assert result.dtype == np.float32
    assert result.tolist() == [22.0] * 5


@pytest.mark.parametrize("count", [10, 70_000])
def test_a_code_out_of_range_is_found_wherever_it_is(count: int) -> None:
    codes = sample(SPACE, count, seed=1)
    codes[-1, 4] = 32
    with pytest.raises(CodeError, match=rf"row {count - 1}, column 4 \(layer5\).*: 32"):
        sum_over_layers(SPACE, np.zeros(len(SPACE.placed)), codes)


@pytest.mark.parametrize(
    "codes", [np.zeros(20, np.uint8), np.zeros((1, 19), np.uint8), np.zeros((1, 20), np.int64)]
)
def test_codes_of_another_form_are_refused(codes: Codes) -> None:
    with pytest.raises(CodeError):
        sum_over_layers(SPACE, np.zeros(len(SPACE.placed)), codes)


def test_values_are_those_of_the_placed_operators() -> None:
    with pytest.raises(CodeError, match="258 placed operators"):
        sum_over_layers(SPACE, np.zeros(257), sample(SPACE, 1, seed=0))
