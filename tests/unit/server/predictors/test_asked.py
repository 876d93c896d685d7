"""The sketch of what searches ask."""

import numpy as np

from edgemeter_server.predictors.asked import ROWS, About, Asked

ABOUT = About(1, 2, "tiny/1")


def asked(count: int) -> np.ndarray:
    return np.tile(np.arange(count, dtype=np.uint8)[:, None], 3)


def test_little_is_kept_whole_and_taken_once():
    sketch = Asked()
    sketch.note_codes(ABOUT, asked(1))
    sketch.note_codes(ABOUT, asked(16))
    assert sketch.take() == {ABOUT: [bytes([0] * 3), *(bytes([row] * 3) for row in range(16))]}
    assert sketch.take() == {}


def test_a_stream_of_one_call_leaves_room_for_others():
    sketch = Asked()
    sketch.note_codes(ABOUT, np.zeros((1_000_000, 3), np.uint8))
    [rows] = sketch.take().values()
    assert 8 <= len(rows) <= 16


def test_of_many_the_latest_are_likeliest():
    sketch = Asked()
    for number in range(20 * ROWS):
        sketch.note_codes(ABOUT, np.full((1, 3), number // (10 * ROWS), np.uint8))
    [rows] = sketch.take().values()
    assert len(rows) == ROWS
    assert rows.count(bytes([1] * 3)) > 0.99 * ROWS


def test_rows_are_noted_as_their_codes_are():
    rows, codes = Asked(), Asked()
    rows.note(ABOUT, [row.tobytes() for row in asked(200)])
    codes.note_codes(ABOUT, asked(200))
    assert rows.take() == codes.take()
