import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.runtimes.base import TensorSpec
from edgemeter_agents.visits.inputs import random_inputs

SHAPES = st.lists(st.integers(1, 5), max_size=4).map(tuple)
DTYPES = st.sampled_from(["float32", "float16", "float64", "int8", "uint8", "int32", "int64", "bool"])


@given(SHAPES, DTYPES, st.integers(0, 2**32))
def test_inputs_have_the_shape_and_type_that_were_asked_for(
    shape: tuple[int, ...], dtype: str, seed: int
) -> None:
    spec = TensorSpec("x", shape, np.dtype(dtype))
    (tensor,) = random_inputs([spec], seed).values()
    assert (tensor.shape, tensor.dtype) == (shape, np.dtype(dtype))
    assert np.array_equal(tensor, random_inputs([spec], seed)["x"])
    if dtype in {"int32", "int64"}:
        assert set(np.unique(tensor)) <= {0, 1}
    if dtype.startswith("float"):
        assert tensor.min() >= 0
        assert tensor.max() <= 1


def test_eight_bits_use_their_whole_range() -> None:
    tensor = random_inputs([TensorSpec("x", (10_000,), np.dtype("int8"))], seed=0)["x"]
    assert (tensor.min(), tensor.max()) == (-128, 127)


def test_another_seed_gives_other_inputs() -> None:
    spec = TensorSpec("x", (8,), np.dtype("float32"))
    assert not np.array_equal(random_inputs([spec], 0)["x"], random_inputs([spec], 1)["x"])


def test_text_has_to_be_supplied() -> None:
    with pytest.raises(ValueError, match="--input"):
        random_inputs([TensorSpec("words", (1,), np.dtype("O"))], seed=0)
