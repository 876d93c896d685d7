"""Long polls: they hold nothing while they wait, and end when the server does."""

import asyncio

from edgemeter_server.database.wakeups import Wakeups


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
