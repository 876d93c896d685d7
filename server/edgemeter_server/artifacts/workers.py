"""Where a storage's blocking work runs: in few threads of its own, or in the caller's."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_IO_THREADS: Final = 4
_LOOK_THREADS: Final = 2  #: each keeps a child process busy


class Workers(ABC):
    @abstractmethod
    async def io(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Reading, writing, syncing. Has ended when this ends, also when the caller is cancelled."""

    @abstractmethod
    async def look(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Slow work on a file. A cancelled caller does not wait for it."""

    @abstractmethod
    async def close(self) -> None: ...


class Threads(Workers):
    def __init__(self) -> None:
        self._io = ThreadPoolExecutor(_IO_THREADS, "storage")
        self._look = ThreadPoolExecutor(_LOOK_THREADS, "storage-look")

    async def io(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        work = asyncio.get_running_loop().run_in_executor(self._io, lambda: function(*args, **kwargs))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread still uses the file: closed now, its number could be another's.
            await asyncio.wait([work])
            raise

    async def look(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._look, lambda: function(*args, **kwargs))

    async def close(self) -> None:
        await asyncio.to_thread(self._shut_down)

    def _shut_down(self) -> None:
        self._look.shutdown(cancel_futures=True)
        self._io.shutdown()


class NoThreads(Workers):
    async def io(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    async def look(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    async def close(self) -> None:
        pass
