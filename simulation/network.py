"""The way between agents and server: calls arrive late, twice, or not at all, and so do replies."""

import asyncio

import httpx

from simulation.chaos import Chaos
from simulation.server import SimulatedServer
from simulation.witness import Witness


class Network(httpx.AsyncBaseTransport):
    """Raises what httpx raises when a real network fails.

    What was sent is on its way: that its sender died, or does not wait any longer, does not call it back.
    """

    def __init__(self, server: SimulatedServer, chaos: Chaos, witness: Witness, lease_s: float) -> None:
        self._server = server
        self._chaos = chaos
        self._witness = witness
        self._lease_s = lease_s
        self._under_way: dict[asyncio.Task[httpx.Response | httpx.TransportError], None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        task = asyncio.create_task(self._carry(request))
        self._under_way[task] = None
        task.add_done_callback(lambda done: self._under_way.pop(done, None))
        outcome = await asyncio.shield(task)
        if isinstance(outcome, httpx.TransportError):
            raise outcome
        return outcome

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Straight to the server and back, in no time."""
        response = await self._server.serve(request)
        self._witness.saw(request, response)
        return response

    async def _carry(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        try:
            return await self._there_and_back(request)
        except httpx.TransportError as error:
            return error

    async def _there_and_back(self, request: httpx.Request) -> httpx.Response:
        odds = self._chaos.odds
        await self._delay()
        if self._strikes("call lost", odds.lose_call):
            raise httpx.ConnectError("lost on its way", request=request)
        self._witness.heard(request)
        response = await self.ask(request)
        if self._strikes("call repeated", odds.repeat_call):
            response = await self.ask(request)
        if self._strikes("reply lost", odds.lose_reply):
            raise httpx.ReadError("the reply was lost", request=request)
        await self._delay()
        return response

    async def _delay(self) -> None:
        await asyncio.sleep(self._chaos.delay_s(asyncio.get_running_loop().time(), self._lease_s))

    def _strikes(self, what: str, share: float) -> bool:
        return self._chaos.strikes(what, share, asyncio.get_running_loop().time())
