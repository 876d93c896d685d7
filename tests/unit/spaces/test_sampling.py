from typing import Final

import numpy as np
import pytest

from edgemeter.spaces.hurricane import OPERATORS, Hurricane
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError

SPACE: Final = Hurricane()
FIRST: Final = [[5, 17, 2, 18, 2, 14], [27, 27, 20, 14, 7, 13], [31, 12, 9, 9, 12, 27]]


def test_a_seed_means_the_same_architectures_for_ever() -> None:
    # Raw Philox4x64-10 output, scaled: nothing of NumPy's distributions stands between.
    codes = sample(SPACE, 3, seed=7)
    assert codes[:, :6].tolist() == FIRST


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    assert np.array_equal(sample(SPACE, 1000, seed=3)[:7], sample(SPACE, 7, seed=3))


def test_seeds_and_columns_differ() -> None:
    codes = sample(SPACE, 500, seed=1)
    assert not np.array_equal(codes, sample(SPACE, 500, seed=2))
    assert len({codes[:, column].tobytes() for column in range(20)}) == 20


def test_uniform_is_uniform() -> None:
    counts = np.bincount(sample(SPACE, 100_000, seed=5).ravel(), minlength=len(OPERATORS))
    expected = 2_000_000 / len(OPERATORS)
    # Chi square with 31 degrees of freedom: above 62 once in a thousand seeds; this one is fixed.
    assert ((counts - expected) ** 2 / expected).sum() < 62


def test_weights_decide_and_leave_other_columns_alone() -> None:
    weights = [0.0] * len(OPERATORS)
    weights[4], weights[9] = 1.0, 3.0
    codes = sample(SPACE, 40_000, seed=5, weights={"layer2": weights})
    counts = np.bincount(codes[:, 1], minlength=len(OPERATORS))
    assert counts.sum() == counts[4] + counts[9]
    assert counts[9] / counts[4] == pytest.approx(3, rel=0.05)
    assert np.array_equal(np.delete(codes, 1, axis=1), np.delete(sample(SPACE, 40_000, seed=5), 1, axis=1))


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"layer21": [1.0]}, "no column 'layer21'"),
        ({"layer1": [1.0]}, "32 weights"),
        ({"layer1": [0.0] * 32}, "not all of them 0"),
        ({"layer1": [float("nan"), *[1.0] * 31]}, "0 or more"),
        ({"layer1": [-1.0, *[1.0] * 31]}, "0 or more"),
    ],
)
def test_weights_that_say_nothing_are_refused(weights: dict[str, list[float]], said: str) -> None:
    with pytest.raises(CodeError, match=said):
        sample(SPACE, 1, seed=0, weights=weights)


@pytest.mark.parametrize(("count", "seed"), [(-1, 0), (1, -1), (1, 2**128)])
def test_counts_and_seeds_have_limits(count: int, seed: int) -> None:
    with pytest.raises(CodeError):
        sample(SPACE, count, seed)
