"""Waiting for requests to end: few calls for many of them, and each is told as soon as it has ended."""

from collections.abc import Callable, Collection, Iterable
from math import ceil

from edgemeter.client.asking import ask
from edgemeter.client.errors import StillWaitingError
from edgemeter.client.listing import LARGEST_PAGE, one_page
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, Emit, Steps, Stream, consult
from edgemeter.wire.base import Page
from edgemeter.wire.requests import MAX_REQUEST_WAIT_S, RequestDocument, RequestState

ENDED = frozenset({RequestState.DONE, RequestState.FAILED, RequestState.CANCELLED})
#: While one is waited for, others end unseen: with many the turns are short.
_ONE_POLL_S = 30.0
_TURN_S = 2.0


def wait(
    request_ids: Iterable[int],
    *,
    timeout_s: float | None = None,
    note: Callable[[RequestDocument], None] | None = None,
) -> Stream[RequestDocument]:
    """Each of the requests as it ends, in the order of ending.

    The oldest is polled, the others are looked up in the list: 1,000 at a time. `note` is told of the oldest
    again and again, as long as it is waited for. Raises StillWaitingError when `timeout_s` has passed.
    """
    context = yield from consult()
    open_ids = set(request_ids)
    give_up = None if timeout_s is None else context.clock() + timeout_s
    longest_s = _TURN_S  # the first look is a short one: it says whether anything is done yet
    while open_ids:
        left_s = None if give_up is None else max(0.0, give_up - context.clock())
        polled = yield from request(min(open_ids), wait_s=_turn_s(longest_s, left_s))
        if note is not None and polled.state not in ENDED:
            note(polled)
        others = yield from _listed(open_ids - {polled.id})
        for document in (polled, *others):
            if document.state in ENDED:
                open_ids.discard(document.id)
                yield Emit(document)
        if open_ids and left_s == 0:
            raise StillWaitingError(open_ids)
        longest_s = _ONE_POLL_S if len(open_ids) == 1 else _TURN_S


def request(request_id: int, *, wait_s: float = 0.0) -> Steps[RequestDocument]:
    """One request. With `wait_s` the server answers when it ends, or after that time."""
    wait_s = min(wait_s, MAX_REQUEST_WAIT_S)
    return (
        yield from ask(
            Call(
                method="GET",
                path=f"/v1/requests/{int(request_id)}",
                query={"wait": f"{wait_s:g}"} if wait_s else {},
                longer_s=wait_s,
                read=reader(RequestDocument),
            )
        )
    )


def _turn_s(longest_s: float, left_s: float | None) -> float:
    return longest_s if left_s is None else min(longest_s, left_s)


def _listed(wanted: Collection[int]) -> Steps[list[RequestDocument]]:
    """What the newest pages say of them. Older ones, which are on none, come to be polled themselves."""
    found: list[RequestDocument] = []
    cursor: str | None = None
    for _ in range(ceil(len(wanted) / LARGEST_PAGE) + 1 if wanted else 0):
        query = {"limit": LARGEST_PAGE, "cursor": cursor}
        page = yield from one_page("/v1/requests", Page[RequestDocument], query)
        found += [document for document in page.items if document.id in wanted]
        cursor = page.next_cursor
        if cursor is None or page.items[-1].id < min(wanted):
            break
    return found
