"""When later measurements are a reason to look, and to fit anew."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.wire.predictors import DriftDocument
from edgemeter_predictors.judging.anchors import anchor_shift, anchors_moved
from edgemeter_server.predictors.news import News
from edgemeter_server.predictors.watching import FEWEST, GROWTH, _reason, worth_a_look
from edgemeter_server.settings import Settings

NONE = np.empty(0)
MOVED = DriftDocument(
    drifted=True,
    networks=9,
    inside_percent=1,
    shift_percent=9,
    reason="it moved",
    checked_at=datetime.now(UTC),
)
HOLDS = MOVED.model_copy(update={"drifted": False, "reason": ""})


def _not_asked():
    raise AssertionError("nothing is compared here")


def news(count, known=100):
    return News(count, known, (), NONE, NONE, _not_asked)


@pytest.mark.parametrize(
    ("refit", "count", "drift", "reason"),
    [
        ("never", 99, MOVED, ""),
        ("drift", 99, HOLDS, ""),
        ("drift", 99, None, ""),
        ("drift", 9, MOVED, "drift: it moved"),
        ("new", 9, MOVED, "drift: it moved"),
        ("new", 19, HOLDS, ""),
        ("new", 20, HOLDS, "20 new measurements beside 100"),
    ],
)
def test_when_a_new_version_is_due(refit, count, drift, reason):
    assert _reason(Settings(refit=refit), news(count), drift) == reason


def test_a_share_of_what_is_known_is_enough_too():
    settings = Settings(refit="new", refit_share=0.1)
    assert _reason(settings, news(9), None) == ""
    assert _reason(settings, news(10), None)


@given(st.integers(0, 500), st.integers(1, 500))
def test_looks_are_few(last, enough):
    """However measurements come one by one: as many as the growth has powers, and one for `enough`."""
    before, looks = 0, 0
    for count in range(1, last + 1):
        if worth_a_look(count, before, enough):
            before, looks = count, looks + 1
    most = 0 if last < FEWEST else 1 + int(np.log(last / FEWEST) / np.log(GROWTH)) + 1
    assert looks <= most
    assert (looks > 0) == (last >= FEWEST)


def test_anchors_move_beyond_what_they_always_do():
    draws = np.random.default_rng(3)
    before, since = 0.01 * draws.standard_normal(50), 0.01 * draws.standard_normal(20)
    assert anchors_moved(before, since, 0.01) == ""
    assert "+" in anchors_moved(before, since + 0.1, 0.01)
    assert anchor_shift(before, since + 0.1) == pytest.approx(0.1, abs=0.01)
    assert anchors_moved(before, since + 0.1, 0.2) == ""  # sessions differ by more
    disturbed = np.append(since, [9.0] * 5)
    assert anchors_moved(before, disturbed, 0.01) == ""
