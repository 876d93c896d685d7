"""Long polls: they hold nothing while they wait, and end when the server does."""

import asyncio
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """How much longer a call waits, by the event loop's clock."""

    def __init__(self, wait_s: float) -> None:
        self._until_s = asyncio.get_running_loop().time() + wait_s

    def left_s(self) -> float:
        return self._until_s - asyncio.get_running_loop().time()


async def woken(event: asyncio.Event, within_s: float) -> bool:
    """Waits for a wake-up. False: none came."""
    try:
        async with asyncio.timeout(within_s):
            return await event.wait()
    except TimeoutError:
        return False
