"""A way to the server that loses what it is told to lose: one connection a call."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Cut:
    """Of what goes that way, `after_bytes` arrive. A reply is cut when the server has begun it, so has
    committed.
    """

    way: Literal["request", "reply"]
    after_bytes: int


class Proxy:
    """`cuts` are used up, one by each connection; then nothing is lost."""

    def __init__(self, port: int) -> None:
        self.cuts: deque[Cut] = deque()
        self.url = ""
        self._port = port
        self._calls: set[asyncio.Task[None] | None] = set()  # the loop alone would let go of a closed one's

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        self._calls.add(call)
        try:
            await self._carry_on(client, to_client)
        finally:
            self._calls.discard(call)

    async def _carry_on(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        cut = self.cuts.popleft() if self.cuts else None
        reply, request = await asyncio.open_connection("127.0.0.1", self._port)
        limits = {cut.way: cut.after_bytes} if cut else {}
        asking = asyncio.create_task(_copy(client, request, limits.get("request")))
        answering = asyncio.create_task(_copy(reply, to_client, limits.get("reply")))
        try:
            # The server closes after its reply; a cut closes at once.
            await asyncio.wait(
                {asking, answering} if cut and cut.way == "request" else {answering},
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for task in (asking, answering):
                task.cancel()
            await asyncio.wait({asking, answering})
            for writer in (request, to_client):
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int | None) -> None:
    """Until the end, or `limit` bytes and the sign that there were more."""
    left = limit
    with contextlib.suppress(ConnectionError):
        while part := await source.read(_CHUNK):
            sink.write(part if left is None else part[:left])
            await sink.drain()
            if left is not None and len(part) >= left:
                return
            left = None if left is None else left - len(part)


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """A proxy in a thread of its own."""
    proxy, loop = Proxy(port), asyncio.new_event_loop()
    server = loop.run_until_complete(proxy.listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield proxy
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    # A call that is cancelled cancels others in turn, and sockets close a turn later.
    while tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
