"""The real application, in process, killed and started again on the same database."""

import asyncio
from collections.abc import Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
from fastapi import FastAPI

from edgemeter_server import faults
from simulation.chaos import Chaos

RESTART_S = 2.0


class KilledError(BaseException):
    """Stands in for SIGKILL: no handler of the server's may catch it."""


class SimulatedServer:
    """`make` builds the application over what survives a kill: database, files and keys."""

    def __init__(self, make: Callable[[], FastAPI], chaos: Chaos) -> None:
        self._make = make
        self._chaos = chaos
        self._app: FastAPI | None = None
        self._killed = asyncio.Event()
        # In order, unlike a set: the same seed must kill the same calls first.
        self._under_way: dict[asyncio.Task[Any], None] = {}

    async def run(self) -> None:
        """Lives, is killed and lives again until it is cancelled."""
        faults.install(self._at_point)
        try:
            while True:
                await self._live()
                await asyncio.sleep(RESTART_S)
        finally:
            faults.install(None)

    async def serve(self, request: httpx.Request) -> httpx.Response:
        """Raises ConnectError where the server is down, ReadError where it dies over this call."""
        if self._app is None:
            raise httpx.ConnectError("the server is down", request=request)
        answering = asyncio.create_task(_answer(self._app, request))
        self._under_way[answering] = None
        try:
            return await answering
        except (KilledError, asyncio.CancelledError):
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            raise httpx.ReadError("the server died", request=request) from None
        finally:
            self._under_way.pop(answering, None)

    async def _live(self) -> None:
        app, living = self._make(), AsyncExitStack()
        await living.enter_async_context(app.router.lifespan_context(app))
        self._killed.clear()
        self._app = app
        try:
            await self._killed.wait()
        finally:
            self._app = None
            # Ends background tasks, one of which may have been hit: then the kill comes out here.
            try:
                await living.aclose()
            except* KilledError:
                pass

    def _at_point(self, name: str) -> None:
        now_s = asyncio.get_running_loop().time()
        share = self._chaos.odds.server_kill_at_point
        if self._app is not None and self._chaos.strikes(f"killed at {name}", share, now_s):
            self._kill()
            raise KilledError(name)

    def _kill(self) -> None:
        """Everything in memory is gone at once. What was committed stays."""
        self._chaos.happened["server killed"] += 1
        self._app = None
        for task in list(self._under_way):
            task.cancel()
        self._killed.set()


async def _answer(app: FastAPI, request: httpx.Request) -> httpx.Response:
    """As a server would: httpx's own way looks for another event loop's package at every call."""
    body, sent = await request.aread(), list[MutableMapping[str, Any]]()
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if not waiting:
            await asyncio.Event().wait()  # for ever: nobody hangs up
        return waiting.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(_scope(request), receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content, request=request)


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": (request.url.host, 80),
        "root_path": "",
    }
