"""An agent: the real state machine, a disk that survives kills, and measuring in virtual time."""

import asyncio
import random
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import httpx

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire import agents as wire
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.events import Call, Trouble
from edgemeter_agents.daemon.machine import Machine, Terms
from simulation.chaos import Chaos
from simulation.measuring import measured
from simulation.record import Record

DOWN_S = 20.0
_PATHS = {
    Call.OPEN: "/v1/agent/sessions",
    Call.CLAIM: "/v1/agent/claims",
    Call.RENEW: "/v1/agent/renewals",
    Call.REPORT: "/v1/agent/reports",
    Call.CLOSE: "/v1/agent/sessions/close",
}
_REPLIES: dict[Call, type[wire.Reply]] = {
    Call.OPEN: wire.SessionOpened,
    Call.CLAIM: wire.Claimed,
    Call.RENEW: wire.Renewed,
    Call.REPORT: wire.Reported,
}


class SimulatedAgent:
    """`outbox` is its disk. `run` lives, is killed and lives again until it is cancelled."""

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
        self._opening = opening
        self._client = client
        self._chaos = chaos
        self._record = record
        self._draw = draw
        self.outbox: deque[wire.ReportBatch] = deque()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            rate = self._chaos.odds.agent_kills_an_hour / 3600
            life_s = self._draw.expovariate(rate) if loop.time() < self._chaos.odds.until_s else 1e9
            life = _Life(self)
            with suppress(TimeoutError):
                async with asyncio.timeout(life_s):
                    await life.live()
            self._chaos.happened["agent killed"] += 1
            self._record.kills += 1
            await asyncio.sleep(self._draw.expovariate(1 / DOWN_S))

    # What a life shares with the next one

    def machine(self) -> Machine:
        return Machine(Terms(up_to=8, wait_s=20.0), self._draw, len(self.outbox))


class _Life:
    """One process of an agent, from start to kill."""

    def __init__(self, agent: SimulatedAgent) -> None:
        self._agent = agent
        self._machine = agent.machine()
        self._events: asyncio.Queue[events.Event] = asyncio.Queue()
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._claim: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None

    async def live(self) -> None:
        try:
            await self._turn()
        finally:
            for task in list(self._tasks):
                task.cancel()

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        event: events.Event = events.Tick()
        while not self._machine.ended:
            for instruction in self._machine.handle(loop.time(), event):
                self._carry_out(instruction)
            wake_s = self._machine.wake_s(loop.time())
            timeout_s = None if wake_s is None else max(0.0, wake_s - loop.time())
            event = events.Tick()
            with suppress(TimeoutError):
                event = await asyncio.wait_for(self._events.get(), timeout_s)

    def _carry_out(self, instruction: instructions.Instruction) -> None:
        match instruction:
            case instructions.OpenSession():
                self._call(Call.OPEN, self._agent._opening)
            case instructions.Claim():
                message = wire.Claim(
                    session_id=instruction.session_id,
                    claim_id=instruction.claim_id,
                    up_to=instruction.up_to,
                    wait_s=instruction.wait_s,
                )
                self._claim = self._call(Call.CLAIM, message)
            case instructions.AbortClaim():
                if self._claim is not None:
                    self._claim.cancel()
            case instructions.Renew():
                self._call(
                    Call.RENEW, wire.Renew(session_id=instruction.session_id, leases=instruction.leases)
                )
            case instructions.Prepare():
                self._work = self._start(self._prepare())
            case instructions.Measure():
                self._work = self._start(self._measure(instruction.leases))
            case instructions.StopWork():
                self._stop_work()
            case instructions.Keep():
                self._keep(instruction)
            case instructions.Deliver():
                self._start(self._deliver())
            case instructions.SetAside():
                self._agent._record.refused(self._agent.outbox.popleft())
                self._tell(events.Delivered(len(self._agent.outbox), ()))
            case instructions.CloseSession():
                self._call(Call.CLOSE, wire.CloseSession(session_id=instruction.session_id))

    # Calls

    def _call(self, call: Call, message: wire.Message) -> asyncio.Task[None]:
        async def run() -> None:
            sent_s = asyncio.get_running_loop().time()
            outcome = await self._ask(call, message)
            if isinstance(outcome, events.CallFailed):
                self._tell(outcome)
            else:
                self._tell(events.Answered(outcome, call, sent_s))  # type: ignore[arg-type]

        return self._start(run())

    async def _deliver(self) -> None:
        batch = self._agent.outbox[0]
        outcome = await self._ask(Call.REPORT, batch)
        if isinstance(outcome, wire.Reported):
            self._agent._record.delivered(batch, outcome)
            self._agent.outbox.popleft()
            self._tell(events.Delivered(len(self._agent.outbox), outcome.receipts))
        elif isinstance(outcome, events.CallFailed):
            self._tell(outcome)

    async def _ask(self, call: Call, message: wire.Message) -> wire.Reply | events.CallFailed | None:
        content = message.model_dump_json().encode()
        try:
            response = await self._agent._client.post(
                _PATHS[call], content=content, headers={"Content-Type": "application/json"}
            )
        except (httpx.HTTPError, asyncio.CancelledError) as error:
            current = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and call is not Call.CLAIM:
                raise
            if current is not None and current.cancelling() and call is not Call.CLAIM:
                raise
            return events.CallFailed(call, Trouble.AGAIN, "lost")
        if response.is_success:
            return _REPLIES[call].model_validate_json(response.content) if call in _REPLIES else None
        return events.CallFailed(call, _trouble(response), response.text)

    # Work

    async def _prepare(self) -> None:
        await asyncio.sleep(self._agent._draw.uniform(0.0, 2.0))
        self._tell(events.Prepared())

    async def _measure(self, leases: tuple[wire.Lease, ...]) -> None:
        loop, agent = asyncio.get_running_loop(), self._agent
        for lease in leases:
            with agent._record.measuring(agent.device, lease, loop.time):
                await asyncio.sleep(agent._draw.uniform(1.0, 9.0))
            faulty = loop.time() < agent._chaos.odds.until_s
            outcome = _outcome(lease, agent._draw, share=0.1 if faulty else 0.0)
            self._tell(events.Results(0, {}, (events.Outcome(lease.attempt_id, outcome),)))
        self._tell(events.WorkEnded())

    def _stop_work(self) -> None:
        if self._work is not None:
            self._work.cancel()
        self._tell(events.WorkEnded())

    def _keep(self, keep: instructions.Keep) -> None:
        batch = wire.ReportBatch(
            agent_version="simulated", seed=keep.seed, provenance=keep.provenance, reports=keep.reports
        )
        self._agent.outbox.append(batch)
        self._tell(events.Kept(len(self._agent.outbox), durable=True))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def _tell(self, event: events.Event) -> None:
        self._events.put_nowait(event)


def _trouble(response: httpx.Response) -> Trouble:
    """As the real transport judges it."""
    if response.status_code == 409:
        return Trouble.LOST if "lease-lost" in response.text else Trouble.SESSION
    if response.status_code in (401, 403, 426):
        return Trouble.FATAL
    if response.status_code >= 500 or response.status_code == 429:
        return Trouble.AGAIN
    return Trouble.REFUSED


def _outcome(lease: wire.Lease, draw: random.Random, share: float) -> wire.Measured | wire.NotMeasured:
    """A measurement, or in `share` of cases a failure of some kind."""
    if draw.random() >= share:
        return wire.Measured(measurement=measured(lease, draw))
    kind = draw.choice((FailureKind.CONTENDED, FailureKind.RUNTIME_ERROR, FailureKind.DEVICE_UNREADY))
    document = FailureDocument(kind=kind, message="as the seed wants it")
    return wire.NotMeasured(failure=document, started=draw.random() < 0.8)
