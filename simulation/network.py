"""The way between agents and server: calls arrive late, twice, or not at all, and so do replies."""

import asyncio
from typing import TYPE_CHECKING

import httpx

from simulation.chaos import Chaos

if TYPE_CHECKING:
    from simulation.server import SimulatedServer


class LossyTransport(httpx.AsyncBaseTransport):
    """For one client. Raises what httpx raises when a real network fails."""

    def __init__(self, server: "SimulatedServer", chaos: Chaos, lease_s: float) -> None:
        self._server = server
        self._chaos = chaos
        self._lease_s = lease_s

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop, odds = asyncio.get_running_loop(), self._chaos.odds
        await asyncio.sleep(self._chaos.delay_s(loop.time(), self._lease_s))
        if self._chaos.strikes("call lost", odds.lose_call, loop.time()):
            raise httpx.ConnectError("lost on its way", request=request)
        response = await self._server.serve(request)
        if self._chaos.strikes("call repeated", odds.repeat_call, loop.time()):
            response = await self._server.serve(request)
        if self._chaos.strikes("reply lost", odds.lose_reply, loop.time()):
            raise httpx.ReadError("the reply was lost", request=request)
        await asyncio.sleep(self._chaos.delay_s(loop.time(), self._lease_s))
        return response
