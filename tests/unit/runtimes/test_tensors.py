import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.runtimes.base import TensorSpec
from edgemeter_agents.runtimes.tensors import checked, zeros

SPECS = (
    TensorSpec("image", (1, 2, 3), np.dtype(np.float32)),
    TensorSpec("size", (2,), np.dtype(np.int64)),
)


def test_tensors_come_in_the_order_of_the_specs() -> None:
    image, size = checked(SPECS, dict(reversed(zeros(SPECS).items())))
    assert (image.shape, size.shape) == ((1, 2, 3), (2,))


def test_views_become_contiguous() -> None:
    view = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(1, 2, 3))
    (image, _) = checked(SPECS, {"image": view, "size": np.zeros(2, np.int64)})
    assert image.flags.c_contiguous
    np.testing.assert_array_equal(image, view)
    assert not np.shares_memory(image, view)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"image": None}, "'image' is missing"),
        ({"other": np.zeros(1)}, "no input 'other'"),
        ({"size": np.zeros(3, np.int64)}, r"'size' has the shape \(2,\), not \(3,\)"),
        ({"size": np.zeros(2, np.int32)}, "'size' is of type int64, not int32"),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, object], told: str) -> None:
    tensors = {name: value for name, value in {**zeros(SPECS), **changed}.items() if value is not None}
    with pytest.raises(ValueError, match=told):
        checked(SPECS, tensors)  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 5), max_size=4))
def test_zeros_always_fit(shape: list[int]) -> None:
    specs = (TensorSpec("x", tuple(shape), np.dtype(np.uint8)),)
    assert checked(specs, zeros(specs))[0].shape == tuple(shape)
