"""Lists page by an opaque cursor: the id of the last row shown, so that inserts shift nothing."""

import base64
import re
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from edgemeter.wire.base import Page
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.http.problems import Refusal

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=40)]
NEWEST = 2**63 - 1  #: the greatest id there can be
_MAX_DIGITS = 19
_PLACE = re.compile(r"(\d{1,19})/(\d{1,19})", re.ASCII)


def before_id(cursor: str | None) -> int:
    """Rows with a smaller id come next. Raises Refusal for what was never a cursor of ours."""
    if cursor is None:
        return NEWEST
    try:
        digits = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        raise _refused() from None
    if not digits.isdigit() or len(digits) > _MAX_DIGITS or not 1 <= int(digits) <= NEWEST:
        raise _refused()
    return int(digits)


def page_of(rows: Sequence[T], limit: int, id_of: Callable[[T], int]) -> Page[T]:
    """From up to `limit` + 1 rows: the extra one tells that there is another page."""
    shown = tuple(rows[:limit])
    more = len(rows) > limit
    return Page(items=shown, next_cursor=cursor_after(id_of(shown[-1])) if more else None)


def page_of_numbered(rows: Sequence[tuple[int, T]], limit: int) -> Page[T]:
    """As `page_of`, of documents that do not tell the id of their row."""
    page = page_of(rows, limit, lambda row: row[0])
    return Page(items=tuple(document for _, document in page.items), next_cursor=page.next_cursor)


def cursor_after(row_id: int) -> str:
    return base64.urlsafe_b64encode(str(row_id).encode()).decode()


def place_cursor(place: tuple[int, int]) -> str:
    """Of lists that are ordered by two numbers, of which neither is negative."""
    return base64.urlsafe_b64encode(f"{place[0]}/{place[1]}".encode()).decode()


def after_place(cursor: str | None) -> tuple[int, int]:
    """Rows beyond that place come next. Raises Refusal for what was never a cursor of ours."""
    if cursor is None:
        return 0, -1
    try:
        text = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise _refused() from None
    found = _PLACE.fullmatch(text)
    if found is None or max(numbers := (int(found[1]), int(found[2]))) > NEWEST:
        raise _refused()
    return numbers


def _refused() -> Refusal:
    wrong = FieldError(pointer="", detail="query parameter `cursor`: not one of this server")
    return Refusal(
        ProblemType.INVALID, "`cursor` must be the `next_cursor` of a page before", errors=(wrong,)
    )
