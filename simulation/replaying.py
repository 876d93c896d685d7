"""Messages of the past that arrive once more: nothing may come of them."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass

import httpx

from edgemeter.wire.agents import Renewed
from simulation.record import Record

REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class _Old:
    client: httpx.AsyncClient
    path: str
    content: bytes
    sent_s: float


class Replayer:
    """Listens to what agents send, and sends some of it again much later, straight to the server."""

    def __init__(self, record: Record, draw: random.Random, lease_s: float) -> None:
        self._record = record
        self._draw = draw
        self._lease_s = lease_s
        self._old: deque[_Old] = deque(maxlen=REMEMBERED)

    def heard(self, client: httpx.AsyncClient, path: str, content: bytes) -> None:
        now_s = asyncio.get_running_loop().time()
        self._old.append(_Old(client, path, content, now_s))

    async def run(self, until_s: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until_s:
            await asyncio.sleep(self._draw.expovariate(1 / 20))
            overdue = [old for old in self._old if loop.time() - old.sent_s > 2 * self._lease_s]
            if overdue:
                await self._replay(self._draw.choice(overdue))

    async def _replay(self, old: _Old) -> None:
        try:
            response = await old.client.post(
                old.path, content=old.content, headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError:
            return
        if old.path.endswith("renewals") and response.is_success:
            renewed = Renewed.model_validate_json(response.content)
            held = [renewal.attempt_id for renewal in renewed.leases if renewal.state == "renewed"]
            if held:
                # No batch of the simulation lasts for two lease times.
                self._record.broken.append(f"an old renewal was granted for attempts {held}")
