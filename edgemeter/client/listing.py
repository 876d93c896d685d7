"""Lists of the service as streams: page after page, as far as the caller reads."""

from collections.abc import Mapping
from typing import TypeVar

from edgemeter.client.asking import ask
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, Emit, Steps, Stream
from edgemeter.wire.base import Page

T = TypeVar("T")
Query = Mapping[str, str | float | bool | None]
LARGEST_PAGE = 1000


def every(path: str, page: type[Page[T]], query: Query, page_size: int = 200) -> Stream[T]:
    """All items in the server's order. Rows that are added meanwhile shift nothing."""
    cursor: str | None = None
    while True:
        found = yield from one_page(path, page, {**query, "limit": page_size, "cursor": cursor})
        for item in found.items:
            yield Emit(item)
        cursor = found.next_cursor
        if cursor is None:
            return


def one_page(path: str, page: type[Page[T]], query: Query) -> Steps[Page[T]]:
    return (yield from ask(Call(method="GET", path=path, query=written(query), read=reader(page))))


def written(query: Query) -> dict[str, str]:
    """What is None is left out."""
    return {name: _written(value) for name, value in query.items() if value is not None}


def _written(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
