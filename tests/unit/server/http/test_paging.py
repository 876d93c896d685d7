"""Cursors: ours come back as they went, anything else is refused in words, never by a crash."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.paging import NEWEST, before_id, cursor_after, page_of, page_of_numbered
from edgemeter_server.http.problems import Refusal


@given(st.integers(min_value=1, max_value=NEWEST))
def test_a_cursor_of_ours_comes_back(row_id: int):
    assert before_id(cursor_after(row_id)) == row_id


@given(st.text(max_size=40))
@example("-1")
@example("é")
def test_anything_else_is_an_id_or_refused(cursor: str):
    try:
        found = before_id(cursor)
    except Refusal as error:
        refused = error.kind
    else:
        refused = None

    assert refused is ProblemType.INVALID or 1 <= found <= NEWEST


@pytest.mark.parametrize("text", ["0", "-1", "+1", " 1", "1_0", str(2**63), "9" * 29, "٣", ""])
def test_numbers_that_are_no_id_are_refused(text: str):
    with pytest.raises(Refusal):
        before_id(base64.urlsafe_b64encode(text.encode()).decode())


@given(st.lists(st.integers(1, 1000), unique=True), st.integers(1, 20))
def test_pages_show_every_row_once(ids: list[int], limit: int):
    rows, shown, cursor = sorted(ids, reverse=True), [], None
    while True:
        before = before_id(cursor)
        page = page_of([row for row in rows if row < before][: limit + 1], limit, lambda row: row)
        shown += page.items
        cursor = page.next_cursor
        if cursor is None:
            break

    assert shown == rows


def test_documents_without_an_id_page_by_their_rows():
    page = page_of_numbered([(9, "c"), (7, "b"), (2, "a")], limit=2)

    assert page.items == ("c", "b")
    assert before_id(page.next_cursor) == 7
