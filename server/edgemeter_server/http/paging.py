"""Lists page by an opaque cursor: the id of the last row shown, so that inserts shift nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from edgemeter.wire.base import Page
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=40)]
NEWEST = 2**63 - 1


def before_id(cursor: str | None) -> int:
    """Rows with a smaller id come next. Raises Refusal for what was never a cursor of ours."""
    if cursor is None:
        return NEWEST
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode())
    except (ValueError, binascii.Error):
        raise Refusal(ProblemType.INVALID, "`cursor` must be the `next_cursor` of a page before") from None


def page_of(rows: Sequence[T], limit: int, id_of: Callable[[T], int]) -> Page[T]:
    """From up to `limit` + 1 rows: the extra one tells that there is another page."""
    shown = tuple(rows[:limit])
    more = len(rows) > limit
    cursor = base64.urlsafe_b64encode(str(id_of(shown[-1])).encode()).decode() if more else None
    return Page(items=shown, next_cursor=cursor)
