"""Long polls: they hold nothing while they wait, and end when the server does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from edgemeter_server.database.wakeups import Wakeups

T = TypeVar("T")
LOOK_AGAIN_S = 1.0  #: a wake-up may be lost with the server process that was to send it


class Patience:
    """How much longer a call waits, by the event loop's clock: not at all when the server is stopping."""

    def __init__(self, wait_s: float, wakeups: Wakeups) -> None:
        self._until_s = asyncio.get_running_loop().time() + wait_s
        self._wakeups = wakeups

    def left_s(self) -> float:
        if self._wakeups.ended:
            return 0.0
        return self._until_s - asyncio.get_running_loop().time()


async def woken(event: asyncio.Event, within_s: float) -> bool:
    """Waits for a wake-up. False: none came."""
    try:
        async with asyncio.timeout(within_s):
            return await event.wait()
    except TimeoutError:
        return False


async def looked_until(
    wakeups: Wakeups,
    topics: Iterable[str],
    look: Callable[[], Awaitable[T]],
    ended: Callable[[T], bool],
    wait_s: float,
) -> T:
    """What `look` finds as soon as it has ended, else what it finds after `wait_s`."""
    patience = Patience(wait_s, wakeups)
    async with wakeups.listen(topics) as event:
        while not ended(document := await look()):
            if wakeups.ended or patience.left_s() <= 0:
                break
            event.clear()
            await woken(event, min(LOOK_AGAIN_S, patience.left_s()))
    return document
