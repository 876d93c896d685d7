"""Ids in the log."""

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from edgemeter_server import tracing


@pytest.mark.parametrize(
    ("ids", "text"),
    [([], ""), ([7], "7"), ([3, 1, 2, 2], "1-3"), ([1, 3, 4, 9], "1,3-4,9")],
)
def test_ranges(ids: list[int], text: str) -> None:
    assert tracing.ranges(ids) == text


def test_the_length_is_bounded() -> None:
    text = tracing.ranges(range(0, 20_000, 2))
    assert text.startswith("0,2,4,")
    assert text.endswith(",126,...")
    assert tracing.ranges(range(10_000)) == "0-9999"


def test_what_a_call_is_about_stays_until_its_end() -> None:
    with bound_contextvars(request_id="x", jobs=None, attempts=None):
        tracing.about(jobs=[7], attempts=[])
        assert get_contextvars() == {"request_id": "x", "jobs": "7", "attempts": None}
