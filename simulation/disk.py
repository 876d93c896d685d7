"""A database whose disk is full at times: nothing of a unit that meets it is kept."""

import asyncio
from typing import TypeVar

from edgemeter_server.database.base import Database, UnavailableError, Work
from simulation.chaos import Chaos

T = TypeVar("T")


class FullAtTimes(Database):
    """Around another one, which survives what befalls the server."""

    def __init__(self, inner: Database, chaos: Chaos) -> None:
        self._inner = inner
        self._chaos = chaos

    @property
    def dialect(self) -> str:
        return self._inner.dialect

    async def write(self, work: Work[T]) -> T:
        now_s = asyncio.get_running_loop().time()
        if self._chaos.strikes("disk full", self._chaos.odds.disk_full, now_s):
            raise UnavailableError("no space is left", full=True)
        return await self._inner.write(work)

    async def read(self, work: Work[T]) -> T:
        return await self._inner.read(work)

    async def size_bytes(self) -> int:
        return await self._inner.size_bytes()

    async def close(self) -> None:
        await self._inner.close()
