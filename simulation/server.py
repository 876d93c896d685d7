"""The real application, in process, killed and started again on the same database."""

import asyncio
from collections.abc import Callable
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
        self._living: AsyncExitStack | None = None
        # In order, unlike a set: the same seed must kill the same calls first.
        self._under_way: dict[asyncio.Task[Any], None] = {}
        self._restart: asyncio.Task[None] | None = None

    async def start(self) -> None:
        app, living = self._make(), AsyncExitStack()
        await living.enter_async_context(app.router.lifespan_context(app))
        self._app, self._living = app, living
        faults.install(self._at_point)

    async def serve(self, request: httpx.Request) -> httpx.Response:
        """Raises ConnectError where the server is down, ReadError where it dies over this call."""
        if self._app is None:
            raise httpx.ConnectError("the server is down", request=request)
        answering = asyncio.create_task(httpx.ASGITransport(self._app).handle_async_request(request))
        self._under_way[answering] = None
        try:
            response = await answering
            return httpx.Response(
                response.status_code, headers=response.headers, content=await response.aread()
            )
        except (KilledError, asyncio.CancelledError):
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                answering.cancel()
                raise
            raise httpx.ReadError("the server died", request=request) from None
        finally:
            self._under_way.pop(answering, None)

    def kill(self) -> None:
        """Everything in memory is gone at once. What was committed stays."""
        if self._app is None:
            return
        self._chaos.happened["server killed"] += 1
        self._app = None
        for task in list(self._under_way):
            task.cancel()
        self._restart = asyncio.create_task(self._start_again())

    async def stop(self) -> None:
        faults.install(None)
        if self._restart is not None:
            await self._restart
        if self._living is not None:
            await self._living.aclose()

    async def _start_again(self) -> None:
        if self._living is not None:
            # Ends background tasks; a real kill would end them sooner still.
            await self._living.aclose()
        await asyncio.sleep(RESTART_S)
        await self.start()

    def _at_point(self, name: str) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._app is not None and self._chaos.strikes(
            f"killed at {name}", self._chaos.odds.server_kill_at_point, now_s
        ):
            self.kill()
            raise KilledError(name)
