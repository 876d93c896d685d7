"""An agent: the real state machine, a disk that survives kills, and measuring in virtual time."""

import asyncio
import random
from collections import deque
from contextlib import suppress

import httpx

from edgemeter.wire import agents as wire
from edgemeter_agents.daemon import events
from edgemeter_agents.daemon.machine import Machine, Terms
from simulation.chaos import Chaos
from simulation.life import Life
from simulation.record import Record

DOWN_S = 20.0
APART_S = 3600.0
TERMS = Terms(up_to=4, wait_s=60.0)


class SimulatedAgent:
    """`outbox` is its disk. `run` lives, is killed and lives again until it is cancelled.

    Its clock is up to an hour from everybody else's.
    """

    def __init__(
        self,
        device: str,
        opening: wire.OpenSession,
        client: httpx.AsyncClient,
        chaos: Chaos,
        record: Record,
        draw: random.Random,
    ) -> None:
        self.device = device
        self.opening = opening
        self.client = client
        self.chaos = chaos
        self.record = record
        self.draw = draw
        self.outbox: deque[wire.ReportBatch] = deque()
        self._ahead_s = random.Random(device).uniform(-APART_S, APART_S)

    def now_s(self) -> float:
        return asyncio.get_running_loop().time() + self._ahead_s

    async def run(self) -> None:
        loop, odds = asyncio.get_running_loop(), self.chaos.odds
        while True:
            life = Life(self, Machine(TERMS, self.draw, len(self.outbox)))
            ends_s = loop.time() + self.draw.expovariate(odds.agent_kills_an_hour / 3600)
            if ends_s >= odds.until_s:
                await life.live()
            elif self.chaos.strikes("agent left", odds.agent_leaves, loop.time()):
                loop.call_at(ends_s, life.tell, events.Leave())
                await life.live()
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(ends_s):
                        await life.live()
                self.record.agent_kills += 1
            await asyncio.sleep(self.draw.expovariate(1 / DOWN_S))
