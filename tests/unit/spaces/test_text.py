from contextlib import suppress
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.spaces.codes import codes_of, validate
from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.registry import find_space, space_names
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError
from edgemeter.spaces.text import from_document, from_text, to_document, to_text

SPACE: Final = Hurricane()
ROW: Final = np.arange(20, dtype=np.uint8)


@given(st.lists(st.integers(0, 31), min_size=20, max_size=20))
def test_text_and_document_give_the_codes_back(numbers: list[int]) -> None:
    row = codes_of(SPACE, numbers)
    assert np.array_equal(from_text(SPACE, to_text(SPACE, row)), row)
    assert np.array_equal(from_document(SPACE, to_document(SPACE, row)), row)


@given(st.sampled_from(space_names()), st.integers(0, 2**32), st.data())
def test_texts_with_mistakes_are_read_or_refused_with_a_reason(
    name: str, seed: int, data: st.DataObject
) -> None:
    space = find_space(name)
    text = to_text(space, sample(space, 1, seed)[0])
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    mistaken = text[:start] + data.draw(st.text(max_size=6)) + text[end:]
    # Nothing but CodeError may come out of it.
    with suppress(CodeError):
        row = from_text(space, mistaken)
        assert np.array_equal(from_text(space, to_text(space, row)), row)


def test_text_carries_space_and_version() -> None:
    assert to_text(SPACE, ROW).startswith("hurricane@1:SEP_3,SEP_5,SEP_7,SEP_3_SE,")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hurricane@2:" + ",".join(["SEP_3"] * 20), "version 2; here is version 1"),
        ("spos@1:" + ",".join(["SEP_3"] * 20), "of 'spos', not of hurricane"),
        (",".join(["SEP_3"] * 19), "20 choices, not 19"),
        (",".join(["SEP_3"] * 19 + ["SEP_9"]), r"column 19 \(layer20\).*no choice 'SEP_9'.*nearest"),
        ("", "20 choices, not 1"),
    ],
)
def test_other_texts_are_refused(text: str, said: str) -> None:
    with pytest.raises(CodeError, match=said):
        from_text(SPACE, text)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (np.zeros(19, np.uint8), r"has 20 codes: the array is \(20,\) or \(n, 20\), not \(19,\)"),
        (np.zeros((2, 3, 20), np.uint8), r"not \(2, 3, 20\)"),
        (np.zeros(20, np.int64), "uint8, not int64"),
        (np.array([*[0] * 19, 32], np.uint8), r"column 19 \(layer20\) of hurricane: 32 .* 0 to 31"),
        (np.array([[0] * 20, [0, 99] + [0] * 18], np.uint8), r"^row 1, column 1 \(layer2\).*: 99"),
    ],
)
def test_codes_of_another_shape_type_or_range_are_refused(codes: np.ndarray, said: str) -> None:
    with pytest.raises(CodeError, match=said):
        validate(SPACE, codes)


@pytest.mark.parametrize("numbers", [[256] * 20, [-1] * 20, [True] * 20, [0.0] * 20, ["0"] * 20])
def test_numbers_that_are_no_codes_are_refused(numbers: list[int]) -> None:
    with pytest.raises(CodeError, match="whole number"):
        codes_of(SPACE, numbers)


def test_documents_of_another_form_are_refused() -> None:
    document = to_document(SPACE, ROW)
    for wrong in (
        document | {"version": 2},
        document | {"space": "spos"},
        document | {"choices": {"layer1": "SEP_3"}},
        document | {"choices": 3},
        {},
    ):
        with pytest.raises(CodeError):
            from_document(SPACE, wrong)
