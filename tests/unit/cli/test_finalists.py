"""Architectures of a search, as people hand them in."""

import numpy as np
import pytest
import rich_click as click
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.cli.finalists import Finalist, read_finalists
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.text import to_text
from edgemeter_predictors.judging.interval import Interval
from edgemeter_predictors.judging.verifying import verify

SPACE = find_space("hurricane")
TEXTS = [to_text(SPACE, row) for row in sample(SPACE, 3, seed=1)]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_what_is_written_is_read(qualities):
    lines = [f"  {text}\t{quality!r} " for text, quality in zip(TEXTS, qualities, strict=True)]
    found = read_finalists(SPACE, (), ["# a comment", "", *lines])
    assert found == [Finalist(text, quality) for text, quality in zip(TEXTS, qualities, strict=True)]


def test_a_network_stands_once_and_arguments_come_first():
    assert read_finalists(SPACE, TEXTS[:2], [TEXTS[1], TEXTS[2]]) == [Finalist(text, None) for text in TEXTS]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "there is no architecture"),
        (["hurricane@1:nonsense"], "line 1"),
        ([f"{TEXTS[0]} 0.5", TEXTS[1]], "some have none"),
        ([f"{TEXTS[0]} 0.5", f"{TEXTS[0]} 0.6"], "line 2: the same network"),
        ([f"{TEXTS[0]} nan"], "line 1"),
    ],
)
def test_what_is_wrong_is_told(lines, words):
    with pytest.raises(click.UsageError, match=words):
        read_finalists(SPACE, (), lines)


def test_a_verification_sees_the_limit():
    predicted, measured = np.array([1.0, 2.0, 3.0]), np.array([1.5, 1.0, 3.0])
    interval = Interval(predicted * 0.9, predicted * 1.1, 0.9)
    found = verify(predicted, interval, measured, np.array([0.1, 0.2, 0.3]), 1.2)
    assert found.latency_regret_percent == pytest.approx(50)
    assert found.coverage.coverage_percent == pytest.approx(100 / 3)
    regret = found.quality_regret
    assert (regret.chosen, regret.best) == (0, 1)
    assert regret.lost == pytest.approx(0.1)
    assert regret.over_percent == pytest.approx(25)
    assert verify(predicted, interval, measured, None, np.inf).quality_regret is None
