"""Answers of `check` and `compare` from documents, in words and exit codes."""

import pytest

from edgemeter.cli.exits import Exit
from edgemeter_agents.commands import limit, ratio
from edgemeter_agents.measuring.compare import compare


@pytest.mark.parametrize(
    ("b_ms", "words"),
    [
        ([0.5, 0.5, 0.5], "b.onnx is faster than a.onnx"),
        ([2.0, 2.0, 2.1], "b.onnx is slower than a.onnx"),
        ([1.0, 1.001, 0.999], "b.onnx takes as long as a.onnx"),
        ([0.5, 1.0, 2.0], "Cannot tell which is faster"),
    ],
)
def test_compare_in_words(b_ms: list[float], words: str) -> None:
    assert words in ratio.sentence(compare([1.0, 1.0, 1.0], b_ms), "a.onnx", "b.onnx")


def test_compare_without_a_measurement_says_so() -> None:
    assert "could not be measured" in ratio.sentence(None, "a", "b")


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (Exit.OK, "Within"),
        (Exit.ABOVE, "Above"),
        (Exit.UNDECIDED, "Undecided"),
        (Exit.FAILED, "Not checked"),
    ],
)
def test_check_in_words(verdict: Exit, word: str) -> None:
    assert limit.sentence(verdict, 5).startswith(word)
